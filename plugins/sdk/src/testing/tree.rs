//! Trees that are written down in a test.

use std::collections::BTreeMap;

use crate::host::{Module, Node, Snapshot};
use crate::{Entry, EntryTree, Kind};

/// A tree that is made for a test. Directories are there as soon as something is in them.
///
/// ```
/// use flistry_plugin::testing::TestTree;
///
/// let tree = TestTree::new(["a/file", "a/directory/", "a/symlink -> file"])
///     .file("modules.dep", "kernel/r8169.ko:\n")
///     .module("kernel/r8169.ko", &[("firmware", "rtl_nic/rtl8168d-1.fw")]);
/// assert_eq!(tree.entries().len(), 8);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestTree(BTreeMap<Vec<String>, Node>);

/// An entry of this path and kind, with nothing else said of it.
pub fn entry(path: &str, kind: Kind) -> Entry {
    let mode = if kind == Kind::Directory { 0o755 } else { 0o644 };
    Entry { id: 1, path: path.to_owned(), kind, size: 0, mode, target: None, attributes: Vec::new() }
}

impl TestTree {
    /// Makes a tree of lines, one for each entry: `a/b` is an empty file, `a/` a directory, `a -> b` a symlink.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> TestTree {
        TestTree::default().lines(lines)
    }

    /// Adds entries by lines, as [`TestTree::new`] takes them.
    pub fn lines<'a>(self, lines: impl IntoIterator<Item = &'a str>) -> TestTree {
        lines.into_iter().fold(self, |tree, line| match line.split_once(" -> ") {
            Some((path, target)) => {
                let size = target.len() as u64;
                tree.with(Entry { target: Some(target.to_owned()), size, ..entry(path, Kind::Symlink) })
            }
            None if line.ends_with('/') => tree.with(entry(line.trim_end_matches('/'), Kind::Directory)),
            None => tree.with(entry(line, Kind::File)),
        })
    }

    /// Adds a file with contents, or gives contents to it.
    pub fn file(mut self, path: &str, contents: impl AsRef<[u8]>) -> TestTree {
        let contents = contents.as_ref().to_owned();
        let entry = Entry { size: contents.len() as u64, ..entry(path, Kind::File) };
        self.insert(Node { entry, contents, module: None });
        self
    }

    /// Adds a kernel module with what it says of itself, for [`module_info`](crate::module_info).
    pub fn module(mut self, path: &str, info: &[(&str, &str)]) -> TestTree {
        let info = info.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let module = Some(Module { info, ..Module::default() });
        self.insert(Node { entry: entry(path, Kind::File), contents: Vec::new(), module });
        self
    }

    /// Gives strings to a module, as they stand in its data.
    ///
    /// # Panics
    /// Where the tree has no such module.
    pub fn strings(mut self, path: &str, strings: &[&str]) -> TestTree {
        self.module_at(path).strings.extend(strings.iter().map(|string| (*string).to_owned()));
        self
    }

    /// Has a module import symbols of the kernel.
    ///
    /// # Panics
    /// Where the tree has no such module.
    pub fn imports(mut self, path: &str, symbols: &[&str]) -> TestTree {
        self.module_at(path).imports.extend(symbols.iter().map(|symbol| (*symbol).to_owned()));
        self
    }

    /// Adds any entry, or takes the place of the one at its path. Its id is given by the tree.
    pub fn with(mut self, entry: Entry) -> TestTree {
        self.insert(Node { entry, contents: Vec::new(), module: None });
        self
    }

    /// Takes an entry out, with what is in it.
    ///
    /// # Panics
    /// Where there is no such entry: the test would not be about what it says.
    pub fn without(mut self, path: &str) -> TestTree {
        let gone = parts(path);
        let before = self.0.len();
        self.0.retain(|path, _| !path.starts_with(&gone));
        assert!(self.0.len() < before, "the tree has no {path}");
        self
    }

    /// The entries in the host's order, the root first.
    pub fn entries(&self) -> Vec<Entry> {
        self.snapshot().entries(0, u32::MAX)
    }

    /// The same as [`EntryTree`], for a function that takes one.
    pub fn to_entry_tree(&self) -> EntryTree {
        EntryTree::new(self.entries())
    }

    fn module_at(&mut self, path: &str) -> &mut Module {
        let module = self.0.get_mut(&parts(path)).and_then(|node| node.module.as_mut());
        module.unwrap_or_else(|| panic!("the tree has no module {path}"))
    }

    fn insert(&mut self, node: Node) {
        let path = parts(&node.entry.path);
        assert!(path.iter().all(|name| !matches!(&**name, "" | "." | "..")), "`{}` is not a path", node.entry.path);
        for depth in 1..path.len() {
            self.0.entry(path[..depth].to_vec()).or_insert_with(|| directory(&path[..depth].join("/")));
        }
        self.0.insert(path, node);
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let nodes = std::iter::once(directory("")).chain(self.0.values().cloned());
        let numbered = (0..).zip(nodes);
        let nodes = numbered.map(|(id, node)| Node { entry: Entry { id, ..node.entry }, ..node });
        Snapshot::new(nodes.collect())
    }
}

impl<'a, const LINES: usize> From<[&'a str; LINES]> for TestTree {
    fn from(lines: [&'a str; LINES]) -> TestTree {
        TestTree::new(lines)
    }
}

impl<'a> From<&[&'a str]> for TestTree {
    fn from(lines: &[&'a str]) -> TestTree {
        TestTree::new(lines.iter().copied())
    }
}

impl From<&TestTree> for TestTree {
    fn from(tree: &TestTree) -> TestTree {
        tree.clone()
    }
}

fn directory(path: &str) -> Node {
    Node { entry: entry(path, Kind::Directory), contents: Vec::new(), module: None }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_the_host_s_order() {
        let tree = TestTree::new(["b", "a-b", "a/z -> ../b", "a/d/"]).file("a/f", "text");
        let shown: Vec<String> =
            tree.entries().iter().map(|entry| format!("{} {:?} {}", entry.path, entry.kind, entry.size)).collect();
        assert_eq!(
            shown,
            [
                " Kind::Directory 0",
                "a Kind::Directory 0",
                "a/d Kind::Directory 0",
                "a/f Kind::File 4",
                "a/z Kind::Symlink 4",
                "a-b Kind::File 0",
                "b Kind::File 0"
            ]
        );
        assert_eq!(tree.without("a").entries().len(), 3);
    }

    #[test]
    #[should_panic(expected = "`a//b` is not a path")]
    fn what_is_not_a_path_is_told() {
        TestTree::new(["a//b"]);
    }
}
