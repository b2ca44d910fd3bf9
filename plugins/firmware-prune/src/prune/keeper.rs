//! Collects what is kept and why, and makes the decision of it.

use std::collections::BTreeMap;

use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{EntryId, EntryTree, Followed, Kind};

use super::decision::Decision;
use crate::pattern::Found;
use crate::reasons::{Reasons, cut};

/// What is known so far.
pub struct Keeper<'a> {
    pub tree: &'a EntryTree,
    kept: Vec<bool>,
    reasons: Vec<Reasons>,
    /// What the configuration removes, with why.
    dropped: BTreeMap<EntryId, String>,
    /// What there is to say of entries that go.
    notes: BTreeMap<EntryId, String>,
}

impl<'a> Keeper<'a> {
    /// Nothing is kept; a symlink to what is `dropped` goes with it.
    pub fn new(tree: &'a EntryTree, mut dropped: BTreeMap<EntryId, String>) -> Self {
        for id in tree.ids().filter(|id| tree.entry(*id).kind == Kind::Symlink) {
            if let Resolved::Found(Followed { end, passed }) = tree.follow(id)
                && let Some(gone) = passed.iter().chain([&end]).find(|way| dropped.contains_key(way) && **way != id)
            {
                let why = format!("it leads to {}: {}", tree.entry(*gone).path, dropped[gone]);
                dropped.entry(id).or_insert(why);
            }
        }
        Keeper {
            tree,
            kept: vec![false; tree.len()],
            reasons: vec![Reasons::default(); tree.len()],
            dropped,
            notes: BTreeMap::new(),
        }
    }

    /// Keeps what was found and what leads to it, unless the configuration drops something of that.
    pub fn keep(&mut self, found: &Found, reason: impl Fn() -> String) -> bool {
        let entry = found.entry;
        if found.way.iter().chain([&entry]).any(|id| self.dropped.contains_key(id)) {
            return false;
        }
        self.mark(entry, &reason);
        for id in &found.way {
            self.mark(*id, || format!("for {}, {}", self.tree.entry(entry).path, reason()));
        }
        true
    }

    /// Keeps an entry, with all that a symlink leads to.
    pub fn keep_whole(&mut self, id: EntryId, reason: impl Fn() -> String) {
        if self.dropped.contains_key(&id) {
            return;
        }
        self.mark(id, &reason);
        let from = || format!("for {}, {}", self.tree.entry(id).path, reason());
        let Resolved::Found(Followed { end, passed }) = self.tree.follow(id) else { return };
        for way in passed.into_iter().filter(|way| *way != id) {
            self.mark(way, from);
        }
        if end != id {
            let beneath = if self.tree.is_directory(end) { self.tree.beneath(end) } else { 0..0 };
            for id in beneath.chain([end]).filter(|id| !self.dropped.contains_key(id)).collect::<Vec<_>>() {
                self.mark(id, from);
            }
        }
    }

    /// Keeps an entry as it is, whatever a symlink leads to: nothing else goes either.
    pub fn keep_alone(&mut self, id: EntryId, reason: impl Fn() -> String) {
        if !self.dropped.contains_key(&id) && self.reasons[id as usize].is_empty() {
            self.mark(id, reason);
        }
    }

    /// Whether something keeps an entry so far.
    pub fn keeps(&self, id: EntryId) -> bool {
        self.kept[id as usize]
    }

    /// Something to say of an entry, should it go.
    pub fn note(&mut self, id: EntryId, what: impl FnOnce() -> String) {
        self.notes.entry(id).or_insert_with(what);
    }

    /// For each place, how many entries before it are kept.
    pub fn kept_before(&self) -> Vec<u32> {
        let mut count = 0;
        let mut before = vec![0];
        before.extend(self.kept.iter().map(|kept| {
            count += u32::from(*kept);
            count
        }));
        before
    }

    fn mark(&mut self, id: EntryId, reason: impl Fn() -> String) {
        self.kept[id as usize] = true;
        if !self.tree.is_directory(id) {
            self.reasons[id as usize].add(reason());
        }
    }

    /// Removes the rest.
    pub fn decide(mut self, decision: &mut Decision) {
        let tree = self.tree;
        self.kept[EntryTree::ROOT as usize] = true;
        for id in tree.ids().rev() {
            // Nobody asked to remove a directory that was empty before.
            if tree.is_directory(id) && tree.children(id).is_empty() && !self.dropped.contains_key(&id) {
                self.kept[id as usize] = true;
            }
            if self.kept[id as usize] {
                self.kept[tree.parent(id) as usize] = true;
            }
        }
        let mut directories = 0;
        for id in tree.ids() {
            let entry = tree.entry(id);
            let directory = tree.is_directory(id);
            if self.kept[id as usize] {
                if !directory {
                    decision.kept += 1;
                    decision.reasons.insert(id, self.reasons[id as usize].text());
                }
                continue;
            }
            if self.kept[tree.parent(id) as usize] {
                decision.remove.push(id);
            }
            let noted = self.dropped.remove(&id).or_else(|| self.notes.remove(&id));
            let why = noted
                .unwrap_or_else(|| (if directory { "nothing in it is kept" } else { "no module names it" }).to_owned());
            decision.reasons.insert(id, cut(why));
            match directory {
                true => directories += 1,
                false => {
                    decision.removed += 1;
                    decision.removed_bytes += if entry.kind == Kind::File { entry.size } else { 0 };
                }
            }
        }
        if decision.removed > 0 {
            let (files, bytes) = (decision.removed, decision.removed_bytes);
            let [files, directories] =
                [(files, "file or symlink", "files and symlinks"), (directories, "directory", "directories")]
                    .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
            decision.finding("removed", format!("{files} with {bytes} bytes, and {directories}"));
        }
    }
}
