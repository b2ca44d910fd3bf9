//! Why an entry is kept: the first few reasons in words, the rest as a number.

/// How many are told.
const TOLD: usize = 3;

/// Bytes of a reason at most: the host's limit is 1,024.
const MOST: usize = 1000;

/// The reasons for one entry.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    told: Vec<String>,
    more: usize,
}

impl Reasons {
    /// One more, unless it is known.
    pub fn add(&mut self, reason: String) {
        if self.told.contains(&reason) {
            return;
        }
        match self.told.len() < TOLD {
            true => self.told.push(reason),
            false => self.more += 1,
        }
    }

    /// Whether there are none.
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
    if text.len() > MOST { shorten(&text, MOST) } else { text }
}

/// At most `most` bytes of a text, and a sign where there was more.
pub fn shorten(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
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
