//! Text with placeholders: `{kernel}` in the configuration, `@EXEC@` in the templates of scripts and units.

use std::fmt;

/// A part of such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stands for itself; never empty.
    Text(&'a str),
    /// Stands for a value.
    Placeholder {
        /// What is between the marks.
        name: &'a str,
        /// The byte at which the placeholder begins, with its mark.
        offset: usize,
    },
}

/// Splits text with placeholders such as `{kernel}`. Braces have no other meaning, so one that is part of no placeholder is a
/// mistake.
///
/// # Errors
/// [`UnmatchedBrace`] for the first such brace.
pub fn split_braces(text: &str) -> Result<Vec<Piece<'_>>, UnmatchedBrace> {
    let pieces = split(text, ('{', '}'), 0, |c| !matches!(c, '{' | '}'));
    let unmatched = |piece: &Piece<'_>| matches!(piece, Piece::Text(text) if text.contains(['{', '}']));
    if pieces.iter().any(unmatched) { Err(UnmatchedBrace { text: text.to_owned() }) } else { Ok(pieces) }
}

/// Splits text with placeholders such as `@EXEC@`, of capital letters and underscores. Any other `@` is text, as in `"$@"`.
pub fn split_at_signs(text: &str) -> Vec<Piece<'_>> {
    split(text, ('@', '@'), 1, |c| c.is_ascii_uppercase() || c == '_')
}

/// Splits at an opening mark, at least `shortest` bytes that may be in a name, and a closing mark.
fn split(text: &str, (open, close): (char, char), shortest: usize, in_name: fn(char) -> bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    // Where the text begins that is in no piece yet, and where to look on.
    let (mut start, mut from) = (0, 0);
    while let Some(offset) = text[from..].find(open).map(|found| from + found) {
        from = offset + open.len_utf8();
        let rest = &text[from..];
        let length = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        if length < shortest || !rest[length..].starts_with(close) {
            continue;
        }
        if start < offset {
            pieces.push(Piece::Text(&text[start..offset]));
        }
        pieces.push(Piece::Placeholder { name: &rest[..length], offset });
        from += length + close.len_utf8();
        start = from;
    }
    if start < text.len() {
        pieces.push(Piece::Text(&text[start..]));
    }
    pieces
}

/// A text with a brace that is part of no placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedBrace {
    text: String,
}

impl fmt::Display for UnmatchedBrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has an unmatched brace", self.text)
    }
}

impl std::error::Error for UnmatchedBrace {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces in one line: `a|{kernel}|b`.
    fn shown(pieces: &[Piece<'_>], marks: [&str; 2]) -> String {
        let piece = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Placeholder { name, .. } => format!("{}{name}{}", marks[0], marks[1]),
        };
        pieces.iter().map(piece).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn braces_are_split() {
        let of = |text| shown(&split_braces(text).unwrap(), ["{", "}"]);
        assert_eq!(of("/lib/{kernel}/x"), "/lib/|{kernel}|/x");
        assert_eq!(of("{a}{b c}{}"), "{a}|{b c}|{}");
        assert_eq!((of("plain"), of("")), ("plain".into(), "".into()));
    }

    #[test]
    fn an_unmatched_brace_is_an_error() {
        for text in ["m-{kernel", "m-}", "{kernel}}", "}{kernel}", "{a{b}", "{a}b}"] {
            assert_eq!(split_braces(text).unwrap_err().to_string(), format!("`{text}` has an unmatched brace"));
        }
    }

    #[test]
    fn at_signs_are_split_and_a_lone_one_is_text() {
        let of = |text| shown(&split_at_signs(text), ["@", "@"]);
        assert_eq!(of("exec @EXEC@ \"$@\"\n"), "exec |@EXEC@| \"$@\"\n");
        assert_eq!(of("a@b@A_B@@C@@D"), "a@b|@A_B@|@C@|@D");
        assert_eq!(of("@@ @a@ @É@"), "@@ @a@ @É@");
        let Piece::Placeholder { offset, .. } = split_at_signs("ü@A@")[1] else { panic!("it is a placeholder") };
        assert_eq!(offset, 2);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole_text(text in ".{0,60}", marks in "[{}@A-C_é\n]{0,30}") {
            for text in [text, marks] {
                prop_assert_eq!(shown(&split_at_signs(&text), ["@", "@"]).replace('|', ""), text.replace('|', ""));
                if let Ok(pieces) = split_braces(&text) {
                    prop_assert_eq!(shown(&pieces, ["{", "}"]).replace('|', ""), text.replace('|', ""));
                }
            }
        }
    }
}
