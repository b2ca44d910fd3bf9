//! The host's values as the interface has them.

use std::ops::Range;

use super::bindings::flistry::plugin::types;
use super::view::{EntryKind, EntryView};

/// How many entries are handed over at once.
pub const MAX_ENTRIES_AT_ONCE: u32 = 4096;

impl EntryView {
    /// The entry under its id.
    pub(super) fn to_wit(&self, id: u32) -> types::Entry {
        let attributes = self.unpackable.iter().map(|why| ("unpackable".to_owned(), why.clone())).collect();
        types::Entry {
            id,
            path: self.path.clone(),
            kind: match self.kind {
                EntryKind::Directory => types::Kind::Directory,
                EntryKind::File => types::Kind::File,
                EntryKind::Symlink => types::Kind::Symlink,
                EntryKind::CharDevice => types::Kind::CharDevice,
                EntryKind::BlockDevice => types::Kind::BlockDevice,
                EntryKind::Fifo => types::Kind::Fifo,
                EntryKind::Unknown => types::Kind::Unknown,
            },
            size: self.size,
            mode: self.mode,
            target: self.target.clone(),
            attributes,
        }
    }
}

/// An error as a plugin gets it.
pub fn error(code: &str, message: impl Into<String>, entry: Option<u32>) -> types::Error {
    types::Error { code: code.to_owned(), message: message.into(), entry }
}

/// Up to `count` ids from `start` on that are less than `len`, and no more than are handed over at once.
pub fn ids(start: u32, count: u32, len: usize) -> Range<u32> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    start.min(len)..start.saturating_add(count.min(MAX_ENTRIES_AT_ONCE)).min(len)
}
