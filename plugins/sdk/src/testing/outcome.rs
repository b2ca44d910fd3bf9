//! What a hook decided, by paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::log::Level;
use crate::host::{Operation, World};
use crate::{Attributes, Entry, EntryId, Kind, Verdict};

/// What a plugin said beside its answer.
pub struct Said {
    /// Why entries are what they are, by their paths.
    pub explained: BTreeMap<String, String>,
    /// Keys and values, in order.
    pub findings: Vec<(String, String)>,
    /// Lines, in order.
    pub log: Vec<(Level, String)>,
}

impl Said {
    pub(super) fn new(world: World, entries: &[Entry]) -> Said {
        let path = |id: EntryId| match entries.get(id as usize) {
            Some(entry) => entry.path.clone(),
            None => panic!("the plugin explains the entry {id}, which the tree does not have"),
        };
        let explained = world.explained.into_iter().map(|(id, reason)| (path(id), reason)).collect();
        Said { explained, findings: world.findings, log: world.log }
    }

    /// The findings of a key.
    pub fn findings(&self, key: &str) -> Vec<&str> {
        self.findings.iter().filter(|(known, _)| known == key).map(|(_, value)| value.as_str()).collect()
    }
}

/// What a filter decided.
pub struct Filtered {
    pub(super) entries: Vec<Entry>,
    pub(super) verdicts: Vec<Verdict>,
    /// What it said.
    pub said: Said,
}

impl Filtered {
    /// The paths of all that the flist would have, without its root: what is kept, and the directories that it is in.
    pub fn kept(&self) -> Vec<&str> {
        let decided = self.entries.iter().zip(&self.verdicts);
        let kept = decided.filter(|(_, verdict)| matches!(verdict, Verdict::Keep)).map(|(entry, _)| entry);
        with_directories(&self.entries, kept)
    }

    /// Why an entry is dropped; `None` for one that is kept.
    pub fn reason(&self, path: &str) -> Option<&str> {
        match &self.verdicts[find(&self.entries, path)] {
            Verdict::Drop(reason) => Some(reason),
            Verdict::Keep => None,
        }
    }
}

/// What a post-pack hook wants changed.
pub struct Edited {
    entries: Vec<Entry>,
    removed: BTreeSet<EntryId>,
    /// The tags that the manifest would have, without the host's own.
    pub tags: BTreeMap<String, String>,
    /// Paths and targets of the symlinks that it adds, in order.
    pub symlinks: Vec<(String, String)>,
    /// What it said.
    pub said: Said,
}

impl Edited {
    pub(super) fn new(entries: Vec<Entry>, tags: Attributes, operations: Vec<Operation>, said: Said) -> Edited {
        let tags = tags.into_iter().collect();
        let mut edited = Edited { entries, removed: BTreeSet::new(), tags, symlinks: Vec::new(), said };
        for operation in operations {
            match operation {
                Operation::Remove(id) => {
                    let is_there = (1..edited.entries.len()).contains(&(id as usize));
                    assert!(is_there, "the plugin removes the entry {id}, which is the root or nothing");
                    edited.removed.insert(id);
                }
                Operation::SetTag(key, value) => drop(edited.tags.insert(key, value)),
                Operation::RemoveTag(key) => drop(edited.tags.remove(&key)),
                Operation::AddSymlink(path, target) => edited.symlinks.push((path, target)),
            }
        }
        edited
    }

    /// The paths of what it removes, a directory without what is in it.
    pub fn removed(&self) -> Vec<&str> {
        self.removed.iter().map(|id| &*self.entries[*id as usize].path).collect()
    }

    /// The paths of what stays, without the root and without added symlinks.
    pub fn kept(&self) -> Vec<&str> {
        let removed = self.removed();
        let stays = |entry: &&Entry| !removed.iter().any(|removed| is_within(&entry.path, removed));
        self.entries.iter().skip(1).filter(stays).map(|entry| &*entry.path).collect()
    }
}

fn with_directories<'a>(entries: &'a [Entry], kept: impl Iterator<Item = &'a Entry>) -> Vec<&'a str> {
    let kept: BTreeSet<EntryId> = kept.map(|entry| entry.id).collect();
    let stays = |directory: &Entry| kept.iter().any(|id| is_within(&entries[*id as usize].path, &directory.path));
    let stay = entries.iter().skip(1);
    stay.filter(|entry| kept.contains(&entry.id) || entry.kind == Kind::Directory && stays(entry))
        .map(|entry| &*entry.path)
        .collect()
}

fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn find(entries: &[Entry], path: &str) -> usize {
    match entries.iter().position(|entry| entry.path == path) {
        Some(place) => place,
        None => panic!("the tree has no {path}"),
    }
}
