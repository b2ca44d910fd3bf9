//! The text in a file: UTF-8, without the byte order mark that some editors put before it.

use std::error::Error;
use std::fmt;

/// What some editors put before a text.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// Bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// They begin with UTF-16's byte order mark, as files do that an editor of Windows saved as "Unicode".
    Utf16,
    /// They are something else.
    Other,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotText::Utf16 => "is UTF-16, not UTF-8 text",
            NotText::Other => "is not UTF-8 text",
        })
    }
}

impl Error for NotText {}

/// The text in a file's bytes.
///
/// # Errors
/// They are not UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    not_utf16(&bytes)?;
    let mut text = String::from_utf8(bytes).map_err(|_| NotText::Other)?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(text)
}

/// The text in the bytes of a file in which some lines may be of another encoding: what is not UTF-8 is replaced.
///
/// # Errors
/// All of it is of another encoding.
pub fn lossy_text(bytes: &[u8]) -> Result<String, NotText> {
    not_utf16(bytes)?;
    Ok(String::from_utf8_lossy(without_mark(bytes)).into_owned())
}

/// A file's bytes, for those who look at them whether they are a text or not.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]).as_bytes()).unwrap_or(bytes)
}

fn not_utf16(bytes: &[u8]) -> Result<(), NotText> {
    match bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        true => Err(NotText::Utf16),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_order_mark_is_no_part_of_a_text() {
        for (bytes, right) in [
            ("a=1\n", "a=1\n"),
            ("\u{feff}a=1\n", "a=1\n"),
            ("\u{feff}", ""),
            ("", ""),
            // A second one, or one further on, is a character like others.
            ("\u{feff}\u{feff}a", "\u{feff}a"),
            ("a\u{feff}", "a\u{feff}"),
        ] {
            assert_eq!(text(bytes.into()).as_deref(), Ok(right));
            assert_eq!(lossy_text(bytes.as_bytes()).as_deref(), Ok(right));
            assert_eq!(without_mark(bytes.as_bytes()), right.as_bytes());
        }
        assert_eq!(without_mark(b"\xef\xbb"), b"\xef\xbb");
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        for utf16 in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a"] {
            assert_eq!((text(utf16.to_vec()), lossy_text(utf16)), (Err(NotText::Utf16), Err(NotText::Utf16)));
        }
        assert_eq!(text(b"caf\xe9".to_vec()), Err(NotText::Other));
        assert_eq!(lossy_text(b"\xef\xbb\xbfcaf\xe9").as_deref(), Ok("caf\u{fffd}"));
        assert_eq!(NotText::Utf16.to_string(), "is UTF-16, not UTF-8 text");
        assert_eq!(NotText::Other.to_string(), "is not UTF-8 text");
    }
}
