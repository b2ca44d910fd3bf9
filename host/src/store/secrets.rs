//! Finding credentials in what others wrote: by value, in whatever text or file they stand.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use memchr::memmem::Finder;
use percent_encoding::percent_decode;

use super::secret::Secret;

/// Shorter ids are words that stand in many a text by chance; they are only known as a whole text.
const MIN_ID: usize = 8;

/// How much of a file is looked through at once.
const PIECE: usize = 1 << 20;

/// How much longer than a credential its quoted or percent-encoded form is at most: JSON has six letters for one.
const LONGER: usize = 8;

/// Credentials that must not get out, each with the name of its key. Prints nothing of them. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Arc<Vec<Needle>>);

#[derive(Clone)]
struct Needle {
    whose: &'static str,
    text: Secret,
    as_it_is: Finder<'static>,
    bare: Finder<'static>,
    /// Whether it counts within a text; else only if it is all of it.
    within: bool,
}

impl PartialEq for Needle {
    fn eq(&self, other: &Needle) -> bool {
        (self.whose, &self.text) == (other.whose, &other.text)
    }
}

impl Eq for Needle {}

impl Secrets {
    /// Adds a key's secret; `whose` is what messages call the key.
    pub fn add_secret(&mut self, whose: &'static str, secret: &str) {
        self.add(whose, secret, true);
    }

    /// Adds a key's id.
    pub fn add_id(&mut self, whose: &'static str, id: &str) {
        self.add(whose, id, id.len() >= MIN_ID);
    }

    fn add(&mut self, whose: &'static str, text: &str, within: bool) {
        let bare = bare(text.as_bytes());
        if bare.is_empty() || self.0.iter().any(|known| known.text.expose() == text) {
            return;
        }
        let finder = |needle: &[u8]| Finder::new(needle).into_owned();
        let needle =
            Needle { whose, as_it_is: finder(text.as_bytes()), bare: finder(&bare), text: Secret::new(text), within };
        Arc::make_mut(&mut self.0).push(needle);
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose credential stands in `text`: as it is, percent-encoded as in a URL, or with the quotes and backslashes of a
    /// shell, of JSON or of TOML in it.
    pub fn find(&self, text: &[u8]) -> Option<&'static str> {
        if self.is_empty() {
            return None;
        }
        let stripped = bare(text);
        let stands_in = |needle: &&Needle| match needle.within {
            true => {
                needle.as_it_is.find(text).is_some()
                    || matches!(&stripped, Cow::Owned(stripped) if needle.bare.find(stripped).is_some())
            }
            false => needle.text.expose().as_bytes() == text,
        };
        self.0.iter().find(stands_in).map(|needle| needle.whose)
    }

    /// [`Secrets::find`] in a file of any length: `read` gives the bytes at an offset, at most so many, and none at the end.
    ///
    /// # Errors
    /// That of `read`.
    pub fn find_in_file(
        &self,
        mut read: impl FnMut(u64, usize) -> io::Result<Vec<u8>>,
    ) -> io::Result<Option<&'static str>> {
        let overlap = LONGER * self.0.iter().map(|needle| needle.text.expose().len()).max().unwrap_or(0);
        let mut piece = Vec::new();
        let mut offset = 0;
        loop {
            let more = read(offset, PIECE)?;
            if more.is_empty() {
                return Ok(None);
            }
            offset += more.len() as u64;
            // A credential may begin in one piece and end in the next.
            piece.drain(..piece.len().saturating_sub(overlap));
            piece.extend_from_slice(&more);
            if let Some(whose) = self.find(&piece) {
                return Ok(Some(whose));
            }
        }
    }
}

/// Text without what quoting and percent-encoding add to it.
fn bare(text: &[u8]) -> Cow<'_, [u8]> {
    let is_quoting = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\');
    let decoded: Cow<'_, [u8]> = percent_decode(text).into();
    if !decoded.iter().any(is_quoting) {
        return decoded;
    }
    let (mut bare, mut rest) = (Vec::with_capacity(decoded.len()), &decoded[..]);
    while let Some((byte, after)) = rest.split_first() {
        let (meant, after) = match (*byte, after) {
            // A line that goes on in the next one.
            (b'\\', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => (None, after),
            (b'\\', [b'u', a, b, c, d, after @ ..]) => match code_point([*a, *b, *c, *d]) {
                Some(meant) => (Some(meant), after),
                None => (None, &rest[1..]),
            },
            (byte, after) => (Some(byte).filter(|byte| !is_quoting(byte)), after),
        };
        bare.extend(meant);
        rest = after;
    }
    bare.into()
}

/// The letter of `\u0041`, as far as it can be one of a credential.
fn code_point(digits: [u8; 4]) -> Option<u8> {
    let digits =
        std::str::from_utf8(&digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} credentials", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add_secret("the write key", "s3/cr\"et+$1");
        secrets.add_id("the write key", "GKwrite0000");
        secrets.add_id("the write key", "minio");
        secrets
    }

    #[test]
    fn a_credential_is_found_as_it_is_encoded_and_quoted() {
        let secrets = secrets();
        for text in [
            "s3/cr\"et+$1",
            "see s3/cr\"et+$1.",
            "s3://x:s3%2Fcr%22et%2b%241@h",
            r#"S3_SECRET_KEY="s3/cr\"et+\$1""#,
            r#"S3_SECRET_KEY='s3/cr"'et+'$1'"#,
            r#"{"key":"s3\u002fcr\"et\u002B\u00241"}"#,
            "S3_SECRET_KEY=\"s3/\\\ncr\\\"et+\\\r\n\\$1\"",
            "key GKwrite0000",
            "GK%77rite0000",
            // A `%` in front must not hide it.
            "%GKwrite0000 %s3/cr\"et+$1",
            "minio",
        ] {
            assert_eq!(secrets.find(text.as_bytes()), Some("the write key"), "{text}");
        }
        for text in
            ["", "\\u", "\\u00", "\\uwxyz\\u4e00", "s3/cr", "gkwrite0000", "GKwrite000", "a server of minio", "\"'\\%"]
        {
            assert_eq!(secrets.find(text.as_bytes()), None, "{text}");
        }
        assert_eq!(format!("{secrets:?}"), "3 credentials");
    }

    #[test]
    fn an_empty_credential_is_none() {
        let mut secrets = Secrets::default();
        secrets.add_secret("the read key", "");
        secrets.add_secret("the read key", "\"\"");
        assert!(secrets.is_empty());
        assert_eq!(secrets.find(b""), None);
    }

    #[test]
    fn a_credential_across_two_pieces_of_a_file_is_found() {
        let secrets = secrets();
        for before in [0, PIECE - 20, PIECE - 11, PIECE - 5, PIECE - 1, PIECE, 3 * PIECE - 4] {
            for form in ["GKwrite0000", "%47%4B%77%72%69%74%65%30%30%30%30"] {
                let file = [&vec![b'x'; before], form.as_bytes(), b"and more"].concat();
                let read = |offset: u64, len: usize| {
                    let offset = (offset as usize).min(file.len());
                    Ok(file[offset..file.len().min(offset + len)].to_vec())
                };
                assert_eq!(secrets.find_in_file(read).unwrap(), Some("the write key"), "{before} {form}");
            }
        }
        let none = secrets.find_in_file(|offset, _| Ok(if offset == 0 { b"nothing".to_vec() } else { Vec::new() }));
        assert_eq!(none.unwrap(), None);
    }
}
