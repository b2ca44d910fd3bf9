//! Why an entry is kept: the first few reasons in words, the rest as a number.

/// How many reasons are told.
const MAX_TOLD: usize = 3;

/// Bytes of a reason at most: the host's limit is 1,024.
const MAX_BYTES: usize = 1000;

/// The reasons for one entry.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    told: Vec<String>,
    more: usize,
}

impl Reasons {
    /// Adds a reason, unless it is there already.
    pub fn add(&mut self, reason: String) {
        if self.told.contains(&reason) {
            return;
        }
        match self.told.len() < MAX_TOLD {
            true => self.told.push(reason),
            false => self.more += 1,
        }
    }

    /// Whether nothing keeps the entry so far.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// All of them in a line.
    pub fn text(&self) -> String {
        let told = self.told.join("; ");
        match self.more {
            0 => cut(told),
            more => cut(format!("{told}; and {more} more")),
        }
    }
}

/// A text that the host takes as a reason or a finding.
pub fn cut(text: String) -> String {
    if text.len() > MAX_BYTES { shorten(&text, MAX_BYTES) } else { text }
}

/// At most `max` bytes of a text, and an ellipsis where there was more.
pub fn shorten(text: &str, max: usize) -> String {
    let end = text.floor_char_boundary(max);
    format!("{}{}", &text[..end], if end < text.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_are_told() {
        let mut reasons = Reasons::default();
        for reason in ["a", "b", "a", "c", "d", "e"] {
            reasons.add(reason.to_owned());
        }
        assert_eq!(reasons.text(), "a; b; c; and 2 more");
        reasons.add("ä".repeat(3000));
        assert_eq!(reasons.text(), "a; b; c; and 3 more");
        assert!(cut("ä".repeat(3000)).len() < 1024);
    }
}
