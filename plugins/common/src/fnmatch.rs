//! Patterns as fnmatch(3) has them, which `modules.alias` and firmware names are written in: `*` for any text, `?` for any
//! byte, `[a-f]` and `[!a-f]`, `\` before a character that stands for itself. A slash is a byte like any other.
//!
//! Any text is a pattern; a `[` without its `]` is that character. Named classes (`[:digit:]`) are not supported: no kernel uses
//! them.

/// What a pattern's next part matches.
enum Atom {
    /// Any number of bytes.
    Star,
    /// One of these bytes, a bit for each.
    One([u64; 4]),
}

const ANY: [u64; 4] = [u64::MAX; 4];

/// Whether the pattern matches the whole name.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where to go on when what follows the last `*` fits nowhere: behind it, with one byte more taken by it.
    let mut again: Option<(usize, usize)> = None;
    loop {
        match (next(pattern, at), name.get(read)) {
            (None, None) => return true,
            (Some((Atom::Star, len)), _) => {
                at += len;
                again = Some((at, read));
                continue;
            }
            (Some((Atom::One(set), len)), Some(byte)) if has(&set, *byte) => {
                at += len;
                read += 1;
                continue;
            }
            _ => {}
        }
        match &mut again {
            Some((after, from)) if *from < name.len() => {
                *from += 1;
                (at, read) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// What a pattern begins with, up to its first wildcard: every name that it matches begins so.
pub fn literal_prefix(pattern: &str) -> &str {
    let end = pattern.find(['*', '?', '[', '\\']);
    &pattern[..end.unwrap_or(pattern.len())]
}

/// The part at an offset, and its length.
fn next(pattern: &[u8], at: usize) -> Option<(Atom, usize)> {
    let rest = &pattern[at..];
    Some(match rest.first()? {
        b'*' => (Atom::Star, 1),
        b'?' => (Atom::One(ANY), 1),
        b'[' => set(rest).unwrap_or((Atom::One(only(b'[')), 1)),
        b'\\' if rest.len() > 1 => (Atom::One(only(rest[1])), 2),
        byte => (Atom::One(only(*byte)), 1),
    })
}

/// A set, from its `[`; `None` where it does not end.
fn set(text: &[u8]) -> Option<(Atom, usize)> {
    let mut at = 1;
    let negated = matches!(text.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut bits = [0; 4];
    loop {
        match *text.get(at)? {
            // At the beginning it is one of the characters.
            b']' if at > first => break,
            from => {
                let (to, len) = match text.get(at + 1..at + 3) {
                    Some(&[b'-', to]) if to != b']' => (to, 3),
                    _ => (from, 1),
                };
                at += len;
                (from..=to).for_each(|byte| insert(&mut bits, byte));
            }
        }
    }
    let bits = if negated { bits.map(|word| !word) } else { bits };
    Some((Atom::One(bits), at + 1))
}

fn only(byte: u8) -> [u64; 4] {
    let mut bits = [0; 4];
    insert(&mut bits, byte);
    bits
}

fn insert(bits: &mut [u64; 4], byte: u8) {
    bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
}

fn has(bits: &[u64; 4], byte: u8) -> bool {
    bits[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_match() {
        assert!(matches("pci:v00008086d*sv*", "pci:v00008086d00002723sv00001028"));
        assert!(!matches("pci:v00008086d*sv*", "pci:v000010ECd00002723sv00001028"));
        assert!(matches("a*b*c", "a/xb/bc") && !matches("a*b*c", "a/xb/b"));
        assert!(matches("i?[0-9a]", "ix7") && matches("i?[0-9a]", "iea") && !matches("i?[0-9a]", "ix"));
        assert!(matches("[!a-c]", "d") && !matches("[^a-c]", "b") && matches("[]x]", "]") && matches("[a-]", "-"));
        assert!(!matches("[a-a]", "-") && !matches("[z-a]", "m"));
        assert!(matches("a[b", "a[b") && matches(r"\*", "*") && !matches(r"\*", "x") && matches("a\\", "a\\"));
        assert!(matches("", "") && matches("**", "") && !matches("", "a") && !matches("?", ""));
    }

    #[test]
    fn a_prefix_ends_at_the_first_wildcard() {
        assert_eq!(["fs-ext4", "i*c", "[a]", r"a\b"].map(literal_prefix), ["fs-ext4", "i", "", "a"]);
    }

    #[test]
    fn long_ones_end() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_text_panics(a in ".{0,20}", b in ".{0,20}", set in "[\\[\\]!^a\\\\-]{0,9}") {
            matches(&a, &b);
            matches(&a, &set);
            matches(&set, &b);
        }

        #[test]
        fn they_agree_with_globs(pattern in "([ab?*]|\\[a-b\\]|\\[!a\\]){1,6}", name in "[abc]{1,7}") {
            // On names without a slash the two mean the same.
            let glob = crate::globs::Glob::new(&pattern).unwrap();
            prop_assert_eq!(matches(&pattern, &name), pattern == "**" || glob.matches(&name), "{} {}", pattern, name);
            prop_assert!(!matches(&pattern, &name) || name.starts_with(literal_prefix(&pattern)));
        }
    }
}
