//! Where kmod finds modules in a tree: depmod lists every directory, follows symlinks to files and to directories, and goes by
//! the name at the end of the path alone. It passes by whatever is called `build` or `source`.

use std::collections::BTreeMap;

use super::names::module_name;
use crate::symlinks::{ListedTree, Node, Resolved, resolve};

/// At how many paths that lead through symlinks one directory is listed: symlinks that lead across make thousands of a few
/// directories. What lies in them has been found under other paths by then.
const MAX_PATHS: usize = 16;

/// A path at which kmod finds a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFile<Id> {
    /// The path from the tree's root; the directories on the way may be symlinks.
    pub path: String,
    /// What the kernel calls it, with underscores.
    pub name: String,
    /// The entry that has the path's last name: the file, or a symlink to it.
    pub entry: Id,
    /// The regular file.
    pub file: Id,
    /// Whether one of the directories on the way is a symlink.
    pub through_symlink: bool,
}

/// All paths at which kmod finds modules, in the order of the directories' names.
pub fn module_files<T: ListedTree>(tree: &T, root: T::Id) -> Vec<ModuleFile<T::Id>>
where
    T::Id: Ord,
{
    let mut walk = Walk { tree, listed: BTreeMap::new(), found: Vec::new() };
    walk.list(root, "", &mut vec![root], false);
    walk.found
}

/// The one of several modules of a name that depmod prefers where no configuration says otherwise, and where nothing is known
/// of the order in which it saw them: `updates` comes before the rest, and then what is not there by way of a symlink.
pub fn preference<Id>(module: &ModuleFile<Id>) -> impl Ord + use<'_, Id> {
    (!module.path.starts_with("updates/"), module.through_symlink, &*module.path)
}

struct Walk<'a, T: ListedTree> {
    tree: &'a T,
    /// How often each directory was listed.
    listed: BTreeMap<T::Id, usize>,
    found: Vec<ModuleFile<T::Id>>,
}

impl<T: ListedTree> Walk<'_, T>
where
    T::Id: Ord,
{
    /// Looks through a directory. `chain` are the directories from the root to it, so that no symlink leads round in a circle.
    fn list(&mut self, directory: T::Id, path: &str, chain: &mut Vec<T::Id>, through_symlink: bool) {
        let count = self.listed.entry(directory).or_default();
        *count += 1;
        if through_symlink && *count > MAX_PATHS {
            return;
        }
        for (name, entry) in self.tree.children(directory) {
            if name == "build" || name == "source" {
                continue;
            }
            let Resolved::Found(end) = resolve(self.tree, entry) else { continue };
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            match self.tree.node(end) {
                Node::Directory if !chain.contains(&end) => {
                    chain.push(end);
                    let is_symlink = matches!(self.tree.node(entry), Node::Symlink(_));
                    self.list(end, &path, chain, through_symlink || is_symlink);
                    chain.pop();
                }
                Node::Other if self.tree.is_file(end) => {
                    if let Some(name) = module_name(&path) {
                        self.found.push(ModuleFile { path, name, entry, file: end, through_symlink });
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symlinks::SymlinkTree;

    /// Sorted paths, each with its target if it is a symlink (`a -> b`); directories end in a slash. The root comes first.
    struct Paths(Vec<(String, Option<String>)>);

    impl Paths {
        fn new(lines: &[&str]) -> Paths {
            let line = |line: &&str| match line.split_once(" -> ") {
                Some((path, target)) => (path.to_owned(), Some(target.to_owned())),
                None => ((*line).to_owned(), None),
            };
            Paths(std::iter::once(("/".to_owned(), None)).chain(lines.iter().map(line)).collect())
        }

        fn path(&self, id: usize) -> &str {
            self.0[id].0.trim_end_matches('/')
        }

        fn directory(&self, id: usize) -> &str {
            self.path(id).rsplit_once('/').map_or("", |(directory, _)| directory)
        }
    }

    impl SymlinkTree for Paths {
        type Id = usize;

        fn parent(&self, entry: usize) -> Option<usize> {
            (entry > 0).then(|| (0..self.0.len()).find(|id| self.path(*id) == self.directory(entry)).unwrap())
        }

        fn child(&self, directory: usize, name: &[u8]) -> Option<usize> {
            self.children(directory).into_iter().find(|(child, _)| child.as_bytes() == name).map(|(_, id)| id)
        }

        fn node(&self, entry: usize) -> Node<'_> {
            match &self.0[entry] {
                (_, Some(target)) => Node::Symlink(target.as_bytes()),
                (path, None) if path.ends_with('/') => Node::Directory,
                _ => Node::Other,
            }
        }
    }

    impl ListedTree for Paths {
        fn children(&self, directory: usize) -> Vec<(String, usize)> {
            let ids = (1..self.0.len()).filter(|id| self.directory(*id) == self.path(directory));
            ids.map(|id| (self.path(id).rsplit('/').next().unwrap().to_owned(), id)).collect()
        }

        fn is_file(&self, entry: usize) -> bool {
            !self.path(entry).ends_with("pipe.ko")
        }
    }

    fn found(lines: &[&str]) -> Vec<String> {
        let tree = Paths::new(lines);
        module_files(&tree, 0)
            .into_iter()
            .map(|module| format!("{} = {}", module.path, tree.path(module.file)))
            .collect()
    }

    #[test]
    fn symlinks_to_files_and_directories_are_followed() {
        let lines = [
            "again -> updates",
            "gone.ko -> x.ko",
            "kernel/",
            "kernel/a-b.ko.xz",
            "kernel/notes",
            "oot-1.2/",
            "oot-1.2/bar.ko.v2",
            "oot-1.2/c.ko",
            "out -> /opt",
            "pipe.ko",
            "updates -> oot-1.2",
            "x.ko -> y.ko",
            "y.ko -> updates/bar.ko.v2",
        ];
        let right = [
            "again/c.ko = oot-1.2/c.ko",
            "gone.ko = oot-1.2/bar.ko.v2",
            "kernel/a-b.ko.xz = kernel/a-b.ko.xz",
            "oot-1.2/c.ko = oot-1.2/c.ko",
            "updates/c.ko = oot-1.2/c.ko",
            "x.ko = oot-1.2/bar.ko.v2",
            "y.ko = oot-1.2/bar.ko.v2",
        ];
        assert_eq!(found(&lines), right);
    }

    #[test]
    fn the_build_and_the_source_are_passed_by() {
        let lines = [
            "build -> kernel",
            "kernel/",
            "kernel/a.ko",
            "kernel/build/",
            "kernel/build/b.ko",
            "source/",
            "source/c.ko",
        ];
        assert_eq!(found(&lines), ["kernel/a.ko = kernel/a.ko"]);
    }

    #[test]
    fn no_symlink_leads_round_in_a_circle_or_multiplies_for_ever() {
        let lines = ["a.ko", "d/", "d/b.ko", "d/self -> .", "d/up -> ..", "loop -> loop"];
        assert_eq!(found(&lines), ["a.ko = a.ko", "d/b.ko = d/b.ko"]);
        let mut lines = vec!["0/".to_owned(), "0/m.ko".to_owned()];
        for level in 1..30 {
            lines.extend([
                format!("{level}/"),
                format!("{level}/x -> ../{}", level - 1),
                format!("{level}/y -> ../{}", level - 1),
            ]);
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!((1..100).contains(&found(&lines).len()));
    }

    #[test]
    fn updates_come_first_and_what_is_there_by_a_symlink_last() {
        let tree = Paths::new(&["a -> kernel", "kernel/", "kernel/m.ko", "updates/", "updates/m.ko"]);
        let mut modules = module_files(&tree, 0);
        modules.sort_by(|one, other| preference(one).cmp(&preference(other)));
        let paths: Vec<&str> = modules.iter().map(|module| &*module.path).collect();
        assert_eq!(paths, ["updates/m.ko", "kernel/m.ko", "a/m.ko"]);
    }
}
