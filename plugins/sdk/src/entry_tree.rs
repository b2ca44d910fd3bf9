//! Entries as a tree: by path, by directory, and along symlinks.

use std::ops::Range;

use flistry_common::symlinks::{ListedTree, Node, Resolved, SymlinkTree, resolve_through};

use crate::{Entry, EntryId, Kind};

/// All entries of a tree. Their ids are their places in the host's order: the root first, a directory's contents right behind
/// it, sorted by name.
pub struct EntryTree {
    entries: Vec<Entry>,
    /// Where the name begins in each one's path.
    names: Vec<usize>,
    parents: Vec<EntryId>,
    children: Vec<Vec<EntryId>>,
    /// The place after the last entry beneath each.
    ends: Vec<EntryId>,
    /// Where a node sees the tree.
    places: Vec<String>,
}

/// Where a symlink leads, and what must stay for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// An entry that is not a symlink.
    pub end: EntryId,
    /// The symlinks that were followed, the first one first, and the directories that were left by `..`.
    pub passed: Vec<EntryId>,
}

#[allow(clippy::len_without_is_empty, reason = "a tree has at least its root")]
impl EntryTree {
    /// The root.
    pub const ROOT: EntryId = 0;

    /// Takes all entries in the host's order, as [`Tree::all`](crate::trees::Tree::all) and
    /// [`Draft::all`](crate::Draft::all) give them.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> EntryTree {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let names = entries.iter().map(|entry| entry.path.rfind('/').map_or(0, |slash| slash + 1)).collect();
        let mut parents = vec![EntryTree::ROOT; entries.len()];
        let mut children = vec![Vec::new(); entries.len()];
        let mut ends = vec![entries.len() as EntryId; entries.len()];
        let mut open: Vec<usize> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            while let Some(&directory) = open.last() {
                if is_in(&entry.path, &entries[directory].path) {
                    parents[at] = directory as EntryId;
                    children[directory].push(at as EntryId);
                    break;
                }
                ends[directory] = at as EntryId;
                open.pop();
            }
            if entry.kind == Kind::Directory {
                open.push(at);
            } else {
                ends[at] = at as EntryId + 1;
            }
        }
        EntryTree { entries, names, parents, children, ends, places: Vec::new() }
    }

    /// The same tree, which a node sees at these absolute paths: a symlink to `/lib/firmware/a` leads to `a` then.
    pub fn seen_at(mut self, places: impl IntoIterator<Item = impl Into<String>>) -> EntryTree {
        self.places.extend(places.into_iter().map(Into::into));
        self
    }

    /// How many entries there are, with the root.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// An entry by its id.
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id as usize]
    }

    /// All of them in order, the root first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The ids of all entries but the root, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = EntryId> + use<> {
        1..self.entries.len() as EntryId
    }

    /// The directory that an entry is in; the root's is the root.
    pub fn parent(&self, id: EntryId) -> EntryId {
        self.parents[id as usize]
    }

    /// What is directly in a directory, by name.
    pub fn children(&self, directory: EntryId) -> &[EntryId] {
        &self.children[directory as usize]
    }

    /// Everything beneath a directory, in order.
    pub fn beneath(&self, directory: EntryId) -> Range<EntryId> {
        directory + 1..self.ends[directory as usize]
    }

    /// Whether it is a directory itself, not a symlink to one.
    pub fn is_directory(&self, id: EntryId) -> bool {
        self.entry(id).kind == Kind::Directory
    }

    /// The entry of a name in a directory.
    pub fn child(&self, directory: EntryId, name: &str) -> Option<EntryId> {
        let children = self.children(directory);
        let name_of = |id: &EntryId| &self.entry(*id).path[self.names[*id as usize]..];
        let place = children.binary_search_by(|child| name_of(child).as_bytes().cmp(name.as_bytes()));
        place.ok().map(|place| children[place])
    }

    /// The entry at a path from the root; symlinks are not followed.
    pub fn find(&self, path: &str) -> Option<EntryId> {
        if path.is_empty() {
            return Some(EntryTree::ROOT);
        }
        path.split('/').try_fold(EntryTree::ROOT, |directory, name| self.child(directory, name))
    }

    /// The entry that a symlink leads to in the end; any other entry leads to itself.
    pub fn follow(&self, id: EntryId) -> Resolved<Followed> {
        let mut passed = Vec::new();
        match resolve_through(self, id, |id| passed.push(id)) {
            Resolved::Found(end) => Resolved::Found(Followed { end, passed }),
            Resolved::Dangling => Resolved::Dangling,
            Resolved::Escaping => Resolved::Escaping,
            Resolved::Loop => Resolved::Loop,
        }
    }

    /// The symlinks and directories that are passed from an entry on, as far as the tree has them: all of
    /// [`Followed::passed`], or those before the way leads out of the tree or to nothing.
    pub fn way(&self, id: EntryId) -> Vec<EntryId> {
        let mut passed = Vec::new();
        resolve_through(self, id, |id| passed.push(id));
        passed
    }
}

impl SymlinkTree for EntryTree {
    type Id = EntryId;

    fn parent(&self, entry: EntryId) -> Option<EntryId> {
        (entry != EntryTree::ROOT).then(|| self.parent(entry))
    }

    fn child(&self, directory: EntryId, name: &[u8]) -> Option<EntryId> {
        self.child(directory, std::str::from_utf8(name).ok()?)
    }

    fn node(&self, entry: EntryId) -> Node<'_> {
        let entry = self.entry(entry);
        match entry.kind {
            Kind::Directory => Node::Directory,
            Kind::Symlink => Node::Symlink(entry.target.as_deref().unwrap_or_default().as_bytes()),
            _ => Node::Other,
        }
    }

    fn places(&self) -> &[String] {
        &self.places
    }
}

impl ListedTree for EntryTree {
    fn children(&self, directory: EntryId) -> Vec<(String, EntryId)> {
        self.children(directory).iter().map(|id| (self.entry(*id).name().to_owned(), *id)).collect()
    }

    fn is_file(&self, entry: EntryId) -> bool {
        self.entry(entry).kind == Kind::File
    }
}

/// Whether a path lies in a directory; everything lies in the root.
fn is_in(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestTree;

    fn tree(lines: &[&str]) -> EntryTree {
        TestTree::from(lines).to_entry_tree()
    }

    #[test]
    fn entries_are_found_in_their_directories() {
        let tree = tree(&["a/b/c", "a-b", "a/z", "empty/"]);
        let id = |path| tree.find(path).unwrap();
        assert_eq!(tree.child(EntryTree::ROOT, "a-b"), Some(id("a-b")));
        assert_eq!(tree.child(id("a/b"), "c"), Some(id("a/b/c")));
        assert_eq!((tree.child(EntryTree::ROOT, "b"), tree.find("a/b/d"), tree.find("")), (None, None, Some(0)));
        assert_eq!(tree.parent(id("a/z")), id("a"));
        assert_eq!(tree.beneath(id("a")).count(), 3);
        assert_eq!(tree.beneath(id("empty")).count(), 0);
        assert_eq!(tree.beneath(EntryTree::ROOT).count(), tree.len() - 1);
    }

    #[test]
    fn symlinks_are_followed_with_what_must_stay_for_them() {
        let tree = tree(&["real/x/f", "a -> b", "b -> real/x/../x", "c -> a/f", "gone -> real/y", "out -> ../x"]);
        let Resolved::Found(Followed { end, passed }) = tree.follow(tree.find("c").unwrap()) else { panic!("found") };
        let path = |id| &*tree.entry(id).path;
        assert_eq!((path(end), passed.into_iter().map(path).collect()), ("real/x/f", vec!["c", "a", "b", "real/x"]));
        assert_eq!(tree.follow(tree.find("gone").unwrap()), Resolved::Dangling);
        assert_eq!(tree.follow(tree.find("out").unwrap()), Resolved::Escaping);
    }

    #[test]
    fn the_way_out_of_a_tree_is_known_as_far_as_the_tree_has_it() {
        let tree = tree(&["a -> b", "b -> d/out", "d/out -> /opt/x", "in -> /lib/firmware/d"]);
        let way = |path| tree.way(tree.find(path).unwrap()).into_iter().map(|id| tree.entry(id).path.clone());
        assert_eq!(way("a").collect::<Vec<_>>(), ["a", "b", "d/out"]);
        assert_eq!(tree.follow(tree.find("in").unwrap()), Resolved::Escaping);
    }

    #[test]
    fn absolute_symlinks_lead_to_where_a_node_sees_the_tree() {
        let tree = tree(&["d/f", "in -> /lib/firmware/d/f"]).seen_at(["/lib/firmware"]);
        let Resolved::Found(followed) = tree.follow(tree.find("in").unwrap()) else { panic!("found") };
        assert_eq!(tree.entry(followed.end).path, "d/f");
    }
}
