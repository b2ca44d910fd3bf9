//! Entries by their names, and where symlinks lead among them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::os::unix::ffi::OsStrExt;

use flistry_common::symlinks::{ListedTree, Node, Resolved, SymlinkTree, look_up, resolve, resolve_through};

use super::entries::{EntryId, Kind, Tree};
use super::scan::Scan;

/// What a scan or a tree has in each directory.
pub struct NameIndex<'a, Id> {
    /// Each entry's directory and kind, by its place.
    entries: Vec<(Id, Node<'a>)>,
    place: fn(Id) -> usize,
    by_name: HashMap<(Id, &'a [u8]), Id>,
    /// What is in each directory, by the directory's place.
    children: Vec<Vec<(&'a [u8], Id)>>,
    /// Which entries are regular files.
    is_file: Vec<bool>,
    /// Where a node sees the tree.
    places: Vec<String>,
}

impl<'a> NameIndex<'a, usize> {
    /// Of all that was scanned.
    pub fn from_scan(scan: &'a Scan) -> Self {
        let entries = scan.entries().iter().enumerate();
        let named = entries.map(|(id, entry)| (id, entry.parent, entry.name.as_bytes(), entry.kind.as_ref().ok()));
        Self::new(named, |id| id)
    }
}

impl<'a> NameIndex<'a, EntryId> {
    /// Of a tree in normal form.
    pub fn from_tree(tree: &'a Tree) -> Self {
        let named = tree.iter().map(|(id, entry)| (id, entry.parent, entry.name.as_bytes(), Some(&entry.kind)));
        Self::new(named, EntryId::index)
    }
}

impl<'a, Id: Copy + Eq + Hash> NameIndex<'a, Id> {
    fn new(named: impl Iterator<Item = (Id, Id, &'a [u8], Option<&'a Kind>)>, place: fn(Id) -> usize) -> Self {
        let (mut entries, mut by_name) = (Vec::new(), HashMap::new());
        let (mut children, mut is_file) = (Vec::<Vec<_>>::new(), Vec::new());
        for (id, parent, name, kind) in named {
            let node = match kind {
                Some(Kind::Directory) => Node::Directory,
                Some(Kind::Symlink { target }) => Node::Symlink(target),
                _ => Node::Other,
            };
            entries.push((parent, node));
            children.push(Vec::new());
            is_file.push(matches!(kind, Some(Kind::File { .. })));
            // The root has no name.
            if place(id) > 0 {
                by_name.insert((parent, name), id);
                children[place(parent)].push((name, id));
            }
        }
        NameIndex { entries, place, by_name, children, is_file, places: Vec::new() }
    }

    /// The same, of what a node sees at these absolute paths: symlinks to them stay within.
    pub fn seen_at(mut self, places: &[String]) -> Self {
        self.places = places.to_vec();
        self
    }

    /// The entry of a name in a directory.
    pub fn child(&self, directory: Id, name: &[u8]) -> Option<Id> {
        self.by_name.get(&(directory, name)).copied()
    }

    /// Where a symlink leads; any other entry leads to itself.
    pub fn resolve(&self, entry: Id) -> Resolved<Id> {
        resolve(self, entry)
    }

    /// Where a path from the root leads, through whatever symlinks there are on the way, and what is passed on it.
    pub fn look_up(&self, root: Id, path: &str) -> (Resolved<Id>, Vec<Id>) {
        let mut passed = Vec::new();
        let found = look_up(self, root, path, |id| passed.push(id));
        (found, passed)
    }

    /// What has to stay for a symlink to lead where it leads: the symlinks that are followed, the directories that are left by
    /// `..`, and its end, as far as they are in the tree. One that leads to nothing needs nothing.
    pub fn needs(&self, symlink: Id) -> Vec<Id> {
        let mut needs = Vec::new();
        match resolve_through(self, symlink, |passed| needs.push(passed)) {
            Resolved::Found(end) => needs.push(end),
            Resolved::Escaping => {}
            Resolved::Dangling | Resolved::Loop => needs.clear(),
        }
        needs
    }

    /// Whether a symlink that leads through too many others would never come to an end, however many were followed.
    pub fn is_circle(&self, entry: Id) -> bool {
        let (mut from, mut seen) = (entry, HashSet::new());
        loop {
            let mut passed = Vec::new();
            let resolved = resolve_through(self, from, |id| passed.push(id));
            passed.retain(|id| matches!(self.node(*id), Node::Symlink(_)));
            match (resolved, passed.last()) {
                (Resolved::Loop, Some(last)) => from = *last,
                _ => return false,
            }
            let before = seen.len();
            seen.extend(passed);
            // Where the last of so many leads to none that is new, they are all that there are.
            if seen.len() == before {
                return true;
            }
        }
    }
}

impl<Id: Copy + Eq + Hash> SymlinkTree for NameIndex<'_, Id> {
    type Id = Id;

    fn parent(&self, entry: Id) -> Option<Id> {
        let place = (self.place)(entry);
        (place > 0).then(|| self.entries[place].0)
    }

    fn child(&self, directory: Id, name: &[u8]) -> Option<Id> {
        self.child(directory, name)
    }

    fn node(&self, entry: Id) -> Node<'_> {
        self.entries[(self.place)(entry)].1
    }

    fn places(&self) -> &[String] {
        &self.places
    }
}

impl<Id: Copy + Eq + Hash> ListedTree for NameIndex<'_, Id> {
    fn children(&self, directory: Id) -> Vec<(String, Id)> {
        let name = |(name, id): &(&[u8], Id)| (String::from_utf8_lossy(name).into_owned(), *id);
        self.children[(self.place)(directory)].iter().map(name).collect()
    }

    fn is_file(&self, entry: Id) -> bool {
        self.is_file[(self.place)(entry)]
    }
}
