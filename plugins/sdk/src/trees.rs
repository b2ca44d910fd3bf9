//! Reading trees that the configuration grants: the flist's own by its name, or another flist's.

pub use crate::host::{Tree, open};
use flistry_common::text::{self, NotText};

use crate::{Draft, Entry, Error};

/// Entries asked for at once. The host may give fewer.
const BATCH: u32 = 1000;

/// Bytes that the host gives in one call at most.
const CHUNK: u32 = 1024 * 1024;

impl Tree {
    /// All entries in order, in batches.
    pub fn all(&self) -> impl Iterator<Item = Entry> {
        batches(|start| self.entries(start, BATCH))
    }

    /// The contents of a file, whole.
    pub fn contents(&self, file: &Entry) -> Result<Vec<u8>, Error> {
        let mut contents = Vec::new();
        loop {
            let more = self.read(file.id, contents.len() as u64, CHUNK)?;
            if more.is_empty() {
                return Ok(contents);
            }
            contents.extend(more);
        }
    }

    /// The contents of a text file, by its path, without the byte order mark that some editors put before it; `None` where
    /// there is no such entry.
    pub fn text(&self, path: &str) -> Result<Option<String>, Error> {
        self.read_as(path, text::text)
    }

    /// The same of a file in which a line may be of another encoding: what is not UTF-8 is replaced.
    pub fn lossy_text(&self, path: &str) -> Result<Option<String>, Error> {
        self.read_as(path, |contents| text::lossy_text(&contents))
    }

    fn read_as(&self, path: &str, text: fn(Vec<u8>) -> Result<String, NotText>) -> Result<Option<String>, Error> {
        let Some(file) = self.find(path) else { return Ok(None) };
        let text = text(self.contents(&file)?);
        text.map(Some).map_err(|why| Error::new("not-text", format!("{path} {why}")).at(&file))
    }
}

impl Draft {
    /// All entries in order, in batches.
    pub fn all(&self) -> impl Iterator<Item = Entry> {
        batches(|start| self.entries(start, BATCH))
    }

    /// A tag that is set already.
    pub fn tag(&self, key: &str) -> Option<String> {
        self.tags().into_iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }
}

fn batches(entries: impl Fn(u32) -> Vec<Entry>) -> impl Iterator<Item = Entry> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let batch = entries(next);
        next += u32::try_from(batch.len()).unwrap_or(u32::MAX);
        (!batch.is_empty()).then_some(batch)
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Build, TestTree, entry};
    use crate::{Facts, Filter, Kind, NoConfig, Plugin, Verdict};

    /// Drops each file and says what text it holds, or what is wrong with it.
    struct Reads(Tree);

    impl Plugin for Reads {
        type Config = NoConfig;
    }

    impl Filter for Reads {
        fn new(facts: &Facts, _: NoConfig) -> Result<Reads, Error> {
            Ok(Reads(open(&facts.flist)?))
        }

        fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
            let said = |read: Result<Option<String>, Error>| match read {
                Ok(text) => text.unwrap_or_default(),
                Err(error) => error.message,
            };
            let (text, lossy) = (said(self.0.text(&entry.path)), said(self.0.lossy_text(&entry.path)));
            Ok(Verdict::Drop(format!("{text}|{lossy}")))
        }
    }

    #[test]
    fn a_text_is_read_without_the_mark_of_an_editor() {
        let tree = TestTree::new([])
            .file("marked", "\u{feff}a\n")
            .file("other", b"\xef\xbb\xbfcaf\xe9")
            .file("plain", "a\n")
            .file("wide", b"\xff\xfea\0");
        let read = Build::plain("tools").filter::<Reads>("{}", tree).unwrap();
        let said = ["marked", "plain", "other", "wide"].map(|path| read.reason(path).unwrap());
        let wide = "wide is UTF-16, not UTF-8 text";
        assert_eq!(said[..3], ["a\n|a\n", "a\n|a\n", "other is not UTF-8 text|caf\u{fffd}"]);
        assert_eq!(said[3], format!("{wide}|{wide}"));
    }

    #[test]
    fn batches_are_read_to_their_end() {
        let entry = |id: u32| Entry { id, ..entry(&id.to_string(), Kind::File) };
        // A host that gives two at a time, and one at the end.
        let all = batches(|start| (start..(start + 2).min(5)).map(entry).collect());
        assert_eq!(all.map(|entry| entry.id).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}
