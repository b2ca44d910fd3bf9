//! What a build packs: a tree in normal form, and where each file's contents come from.

use super::entries::{EntryId, Tree};
use super::source::{Contents, Source, SourceReadError};

/// A tree with its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The entries.
    pub tree: Tree,
    /// One for each entry; `None` for what is not a regular file.
    pub(super) contents: Vec<Option<Contents>>,
}

impl Input {
    /// A tree with the contents of each of its entries, in the tree's order; regular files have some, nothing else has.
    pub fn new(tree: Tree, contents: Vec<Option<Contents>>) -> Input {
        assert_eq!(tree.len(), contents.len(), "each entry has its place in the contents");
        Input { tree, contents }
    }

    /// Where a regular file's contents come from; `None` for every other entry.
    pub fn contents(&self, entry: EntryId) -> Option<&Contents> {
        self.contents[entry.index()].as_ref()
    }

    /// A file's contents, whole. Of the source, no file is read that has more than `most` bytes.
    ///
    /// # Errors
    /// Those of [`Source::read_unchanged`].
    pub fn read(&self, source: &Source, file: EntryId, most: u64) -> Result<Vec<u8>, SourceReadError> {
        match self.contents(file).expect("only regular files are read") {
            Contents::Generated(bytes) => Ok(bytes.clone()),
            Contents::Source(was) => source.read_unchanged(&self.tree.path(file), was, most),
        }
    }
}
