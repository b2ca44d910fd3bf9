//! The firmware tree, looked up as the kernel does: links are followed, in the middle of a path too.

use flistry_plugin::symlinks::{Node, Resolved, SymlinkTree, resolve_through};
use flistry_plugin::{Entry, Kind};

/// An entry by its place; the root is 0.
pub type Id = u32;

/// All entries, in the host's order: a folder's contents stand right behind it, sorted by name.
pub struct Tree {
    entries: Vec<Entry>,
    parents: Vec<Id>,
    children: Vec<Vec<Id>>,
    /// The place after the last entry beneath each.
    ends: Vec<Id>,
}

/// Where an entry leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Led {
    /// To the entry `end`, through the links and folders `passed`, which must stay for that.
    To { end: Id, passed: Vec<Id> },
    /// To what is not there, or round in a circle.
    Nowhere,
    /// Out of the tree: what is there, only the node knows.
    Outside,
}

impl Tree {
    /// Takes the entries in the host's order, the root first.
    pub fn new(entries: Vec<Entry>) -> Tree {
        let mut parents = vec![0; entries.len()];
        let mut children = vec![Vec::new(); entries.len()];
        let mut ends = vec![entries.len() as Id; entries.len()];
        let mut open: Vec<usize> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            while let Some(&folder) = open.last() {
                if is_in(&entry.path, &entries[folder].path) {
                    parents[at] = folder as Id;
                    children[folder].push(at as Id);
                    break;
                }
                ends[folder] = at as Id;
                open.pop();
            }
            if entry.kind == Kind::Directory {
                open.push(at);
            } else {
                ends[at] = at as Id + 1;
            }
        }
        Tree { entries, parents, children, ends }
    }

    /// How many entries there are, with the root.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// One of them.
    pub fn entry(&self, id: Id) -> &Entry {
        &self.entries[id as usize]
    }

    /// All of them but the root, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + use<> {
        1..self.entries.len() as Id
    }

    /// The folder that it is in.
    pub fn parent(&self, id: Id) -> Id {
        self.parents[id as usize]
    }

    /// What is directly in a folder, by name.
    pub fn children(&self, folder: Id) -> &[Id] {
        &self.children[folder as usize]
    }

    /// Everything beneath a folder, in order.
    pub fn beneath(&self, folder: Id) -> std::ops::Range<Id> {
        folder + 1..self.ends[folder as usize]
    }

    /// Whether it is a folder itself, not a link to one.
    pub fn is_folder(&self, id: Id) -> bool {
        self.entry(id).kind == Kind::Directory
    }

    /// An entry of a folder, by its name.
    pub fn child(&self, folder: Id, name: &str) -> Option<Id> {
        let children = self.children(folder);
        let place = children.binary_search_by(|child| self.entry(*child).name().as_bytes().cmp(name.as_bytes()));
        place.ok().map(|place| children[place])
    }

    /// The entry that a symlink leads to in the end; anything else leads to itself.
    pub fn follow(&self, id: Id) -> Led {
        let mut passed = Vec::new();
        match resolve_through(self, id, |id| passed.push(id)) {
            Resolved::Found(end) => Led::To { end, passed },
            Resolved::Dangling | Resolved::Loop => Led::Nowhere,
            Resolved::Escaping => Led::Outside,
        }
    }
}

impl SymlinkTree for Tree {
    type Id = Id;

    fn parent(&self, entry: Id) -> Option<Id> {
        (entry != 0).then(|| self.parent(entry))
    }

    fn child(&self, directory: Id, name: &[u8]) -> Option<Id> {
        self.child(directory, std::str::from_utf8(name).ok()?)
    }

    fn node(&self, entry: Id) -> Node<'_> {
        let entry = self.entry(entry);
        match entry.kind {
            Kind::Directory => Node::Directory,
            Kind::Symlink => Node::Symlink(entry.target.as_deref().unwrap_or_default().as_bytes()),
            _ => Node::Other,
        }
    }
}

/// Whether a path lies in a folder; everything lies in the root.
fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tree from lines: `a/b` is a file, `a/` a folder, `a -> b` a link. Folders are made where they are needed.
    pub fn tree(lines: &[&str]) -> Tree {
        let mut all: Vec<(Vec<String>, Kind, Option<String>)> = Vec::new();
        let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        for line in lines {
            let (path, kind, target) = match line.split_once(" -> ") {
                Some((path, target)) => (path, Kind::Symlink, Some(target.to_owned())),
                None if line.ends_with('/') => (line.trim_end_matches('/'), Kind::Directory, None),
                None => (*line, Kind::File, None),
            };
            let path = parts(path);
            for depth in 1..path.len() {
                all.push((path[..depth].to_vec(), Kind::Directory, None));
            }
            all.push((path, kind, target));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        let root = (Vec::new(), Kind::Directory, None);
        let entry = |(id, (path, kind, target)): (usize, (Vec<String>, Kind, Option<String>))| Entry {
            id: id as Id,
            path: path.join("/"),
            kind,
            size: if kind == Kind::File { 100 } else { 0 },
            mode: 0,
            target,
            attributes: Vec::new(),
        };
        Tree::new(std::iter::once(root).chain(all).enumerate().map(entry).collect())
    }

    pub fn id(tree: &Tree, path: &str) -> Id {
        (0..tree.len() as Id).find(|id| tree.entry(*id).path == path).unwrap_or_else(|| panic!("no {path}"))
    }

    fn led(tree: &Tree, path: &str) -> String {
        let path_of = |id: Id| tree.entry(id).path.clone();
        match tree.follow(id(tree, path)) {
            Led::To { end, passed } => {
                let passed: Vec<String> = passed.into_iter().map(path_of).collect();
                format!("{} by {}", path_of(end), passed.join(", "))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn entries_are_found_in_their_folders() {
        let tree = tree(&["a/b/c", "a-b", "a/z", "empty/"]);
        assert_eq!(tree.child(0, "a-b"), Some(id(&tree, "a-b")));
        assert_eq!(tree.child(id(&tree, "a/b"), "c"), Some(id(&tree, "a/b/c")));
        assert_eq!(tree.child(0, "b"), None);
        assert_eq!(tree.parent(id(&tree, "a/z")), id(&tree, "a"));
        assert_eq!(tree.beneath(id(&tree, "a")).count(), 3);
        assert_eq!(tree.beneath(id(&tree, "empty")).count(), 0);
        assert_eq!(tree.beneath(0).count(), tree.len() - 1);
    }

    #[test]
    fn links_are_followed_to_their_end() {
        let tree = tree(&["real/x/f", "a -> b", "b -> real/x/../x", "c -> a/f", "self -> self", "gone -> real/y"]);
        assert_eq!(led(&tree, "c"), "real/x/f by c, a, b, real/x");
        assert_eq!(led(&tree, "real/x/f"), "real/x/f by ");
        assert_eq!(led(&tree, "self"), "Nowhere");
        assert_eq!(led(&tree, "gone"), "Nowhere");
    }

    #[test]
    fn what_leads_out_is_told_from_what_dangles() {
        let tree = tree(&["a/up -> ../../etc", "abs -> /etc/x", "chain -> a/up", "root -> a/.."]);
        for path in ["a/up", "abs", "chain"] {
            assert_eq!(led(&tree, path), "Outside");
        }
        assert_eq!(led(&tree, "root"), " by root, a");
    }

    proptest! {
        #[test]
        fn every_link_ends(targets in proptest::collection::vec("[abc./]{1,6}", 1..8)) {
            let lines: Vec<String> =
                targets.iter().enumerate().map(|(at, target)| format!("{}/{at} -> {target}", ["a", "b/c"][at % 2])).collect();
            let tree = tree(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            for id in tree.ids() {
                if let Led::To { end, passed } = tree.follow(id) {
                    prop_assert!((end as usize) < tree.len() && tree.entry(end).kind != Kind::Symlink);
                    prop_assert!(passed.iter().all(|id| (*id as usize) < tree.len()));
                }
            }
        }
    }
}
