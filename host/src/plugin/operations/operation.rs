//! One change to a draft, and all that one plugin wants.

use std::collections::BTreeMap;

use crate::tree::EntryId;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Removes an entry; a directory goes with what is in it.
    Remove(EntryId),
    /// Sets a tag.
    SetTag {
        /// 1 to 64 bytes, not beginning with `flistry.`.
        key: String,
        /// Its value.
        value: String,
    },
    /// Removes a tag.
    RemoveTag {
        /// Its key.
        key: String,
    },
    /// Adds a symlink.
    AddSymlink {
        /// Its path from the root; its directory exists.
        path: String,
        /// Relative, leading to an entry of the flist.
        target: String,
    },
}

impl Operation {
    /// The plugin's own words in it.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Operation::Remove(_) => Vec::new(),
            Operation::SetTag { key, value } => vec![key, value],
            Operation::RemoveTag { key } => vec![key],
            Operation::AddSymlink { path, target } => vec![path, target],
        }
    }
}

/// What one plugin wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The plugin's name.
    pub by: String,
    /// Its operations, in its order.
    pub operations: Vec<Operation>,
    /// Why entries are what they are, by their ids.
    pub reasons: BTreeMap<u32, String>,
}
