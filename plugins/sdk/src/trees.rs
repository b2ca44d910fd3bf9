//! Reading trees that the configuration grants: the flist's own by its name, or another flist's.

pub use crate::host::{Tree, open};
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
        let Some(file) = self.find(path) else { return Ok(None) };
        let mut contents = self.contents(&file)?;
        if contents.starts_with("\u{feff}".as_bytes()) {
            contents.drain(..'\u{feff}'.len_utf8());
        }
        let text = String::from_utf8(contents);
        text.map(Some).map_err(|_| Error::new("not-text", format!("{path} is not UTF-8")).at(&file))
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
    use crate::Kind;
    use crate::testing::entry;

    #[test]
    fn batches_are_read_to_their_end() {
        let entry = |id: u32| Entry { id, ..entry(&id.to_string(), Kind::File) };
        // A host that gives two at a time, and one at the end.
        let all = batches(|start| (start..(start + 2).min(5)).map(entry).collect());
        assert_eq!(all.map(|entry| entry.id).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}
