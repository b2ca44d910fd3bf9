//! A tree as the host shows it.

use std::collections::BTreeSet;

use flistry_common::symlinks::Resolved;

use crate::{Attributes, Entry, EntryId, EntryTree, Error, Kind};

/// Bytes that one call reads at most, as in the host.
const MAX_READ: usize = 1 << 20;

/// An entry with what the host can read of it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) entry: Entry,
    pub(crate) contents: Vec<u8>,
    /// What the file of a kernel module tells.
    pub(crate) module: Option<Module>,
}

/// What the file of a kernel module tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    /// The pairs of `.modinfo`.
    pub(crate) info: Attributes,
    /// The strings in its data.
    pub(crate) strings: BTreeSet<String>,
    /// The symbols that it imports.
    pub(crate) imports: BTreeSet<String>,
}

/// A tree as the host shows it: numbered, and unchanging.
pub(crate) struct Snapshot {
    nodes: Vec<Node>,
}

impl Snapshot {
    /// Takes the entries in the host's order, numbered.
    pub(crate) fn new(nodes: Vec<Node>) -> Snapshot {
        Snapshot { nodes }
    }

    pub(crate) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    pub(crate) fn entries(&self, start: EntryId, count: u32) -> Vec<Entry> {
        self.nodes.iter().skip(start as usize).take(count as usize).map(|node| node.entry.clone()).collect()
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Entry> {
        self.nodes.iter().map(|node| &node.entry).find(|entry| entry.path == path)
    }

    pub(crate) fn read(&self, id: EntryId, offset: u64, len: u32) -> Result<Vec<u8>, Error> {
        let node = self.node(id)?;
        if node.entry.kind != Kind::File {
            return Err(Error::new("not-a-file", format!("/{} is not a file", node.entry.path)).at(&node.entry));
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(node.contents.len());
        Ok(node.contents[offset..].iter().take((len as usize).min(MAX_READ)).copied().collect())
    }

    pub(crate) fn module(&self, id: EntryId) -> Result<&Module, Error> {
        let tree = EntryTree::new(self.nodes.iter().map(|node| node.entry.clone()));
        let file = match tree.follow(self.node(id)?.entry.id) {
            Resolved::Found(followed) => followed.end,
            _ => id,
        };
        let node = self.node(file)?;
        let not_one = || Error::new("not-a-module", format!("/{} is not a module", node.entry.path)).at(&node.entry);
        node.module.as_ref().ok_or_else(not_one)
    }

    fn node(&self, id: EntryId) -> Result<&Node, Error> {
        self.nodes.get(id as usize).ok_or_else(|| Error::new("no-entry", format!("the tree has no entry {id}")))
    }
}
