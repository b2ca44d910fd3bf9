//! Where symlinks lead within a tree, resolved as Linux does: one name after the other, each symlink on the way in turn.
//!
//! A tree only says what its entries are ([`SymlinkTree`]); it may be a scan of a file system, the entries of a manifest or
//! what a plugin was given.

/// How many symlinks Linux follows in one look-up (`MAXSYMLINKS`); one more is `ELOOP`.
pub const MAX_SYMLINKS: usize = 40;

/// A tree with symlinks in it.
pub trait SymlinkTree {
    /// Stands for an entry.
    type Id: Copy;

    /// The directory that an entry is in; `None` for the root.
    fn parent(&self, entry: Self::Id) -> Option<Self::Id>;

    /// The entry of a name in a directory. A name is never empty, `.` or `..`.
    fn child(&self, directory: Self::Id, name: &[u8]) -> Option<Self::Id>;

    /// What an entry is.
    fn node(&self, entry: Self::Id) -> Node<'_>;

    /// Where on a node the tree is seen, such as `/lib/firmware`: an absolute target beneath one of these places leads into
    /// the tree.
    fn places(&self) -> &[String] {
        &[]
    }
}

/// A tree whose directories can be listed.
pub trait ListedTree: SymlinkTree {
    /// What is directly in a directory, in the order of the names.
    fn children(&self, directory: Self::Id) -> Vec<(String, Self::Id)>;

    /// Whether an entry is a regular file.
    fn is_file(&self, entry: Self::Id) -> bool;
}

/// Where a node looks for firmware, whatever it is mounted at: one of the two is a symlink, or leads through one.
pub const FIRMWARE_PLACES: [&str; 2] = ["/lib/firmware", "/usr/lib/firmware"];

/// Where a node looks for the modules of a kernel: one of the two is a symlink, or leads through one.
pub fn modules_places(kernel: &str) -> [String; 2] {
    ["/lib/modules", "/usr/lib/modules"].map(|place| format!("{place}/{kernel}"))
}

/// What an entry is, as far as a look-up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// Has entries in it.
    Directory,
    /// Leads to this target.
    Symlink(&'a [u8]),
    /// The end of every path.
    Other,
}

/// Where a symlink leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved<Id> {
    /// To an entry that is not a symlink.
    Found(Id),
    /// To nothing.
    Dangling,
    /// Out of the tree: by an absolute target that is in none of its places, or above the root.
    Escaping,
    /// Through more symlinks than Linux follows, such as to itself.
    Loop,
}

/// Resolves a symlink; any other entry leads to itself.
pub fn resolve<T: SymlinkTree + ?Sized>(tree: &T, entry: T::Id) -> Resolved<T::Id> {
    resolve_through(tree, entry, |_| {})
}

/// [`resolve`] that tells on the way what has to stay for the symlink to lead where it leads: each symlink that is followed,
/// beginning with the entry itself if it is one, and each directory that is left by `..`.
pub fn resolve_through<T: SymlinkTree + ?Sized>(tree: &T, entry: T::Id, passed: impl FnMut(T::Id)) -> Resolved<T::Id> {
    follow(tree, entry, Vec::new(), passed)
}

/// Looks a path up from the tree's root, through whatever symlinks there are on the way; tells of those as
/// [`resolve_through`] does.
pub fn look_up<T: SymlinkTree + ?Sized>(
    tree: &T,
    root: T::Id,
    path: &str,
    passed: impl FnMut(T::Id),
) -> Resolved<T::Id> {
    let mut names = Vec::new();
    push_names(path.as_bytes(), &mut names);
    follow(tree, root, names, passed)
}

/// Follows from an entry on; `rest` are the names still to look up, the next one last.
fn follow<'a, T: SymlinkTree + ?Sized>(
    tree: &'a T,
    entry: T::Id,
    mut rest: Vec<&'a [u8]>,
    mut passed: impl FnMut(T::Id),
) -> Resolved<T::Id> {
    let mut at = entry;
    let mut followed = 0;
    loop {
        if let Node::Symlink(target) = tree.node(at) {
            followed += 1;
            if followed > MAX_SYMLINKS {
                return Resolved::Loop;
            }
            passed(at);
            match target.first() {
                None => return Resolved::Dangling,
                Some(b'/') => {
                    let Some(within) = within(target, tree.places()) else { return Resolved::Escaping };
                    while let Some(parent) = tree.parent(at) {
                        at = parent;
                    }
                    push_names(within, &mut rest);
                }
                Some(_) => {
                    let Some(directory) = tree.parent(at) else { return Resolved::Dangling };
                    at = directory;
                    push_names(target, &mut rest);
                }
            }
        }
        let Some(name) = rest.pop() else { return Resolved::Found(at) };
        if tree.node(at) != Node::Directory {
            return Resolved::Dangling;
        }
        at = match name {
            b"." => at,
            b".." => {
                let Some(parent) = tree.parent(at) else { return Resolved::Escaping };
                passed(at);
                parent
            }
            name => {
                let Some(child) = tree.child(at, name) else { return Resolved::Dangling };
                child
            }
        };
    }
}

/// What an absolute target names below one of the places; the longest place counts.
fn within<'a>(target: &'a [u8], places: &[String]) -> Option<&'a [u8]> {
    let below = |place: &String| {
        let mut rest = target;
        for name in place.split('/').filter(|name| !name.is_empty()) {
            let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
            rest = rest[slashes..].strip_prefix(name.as_bytes())?;
            if !matches!(rest.first(), None | Some(b'/')) {
                return None;
            }
        }
        Some(rest)
    };
    places.iter().filter_map(below).min_by_key(|rest| rest.len())
}

/// A slash at the end asks for a directory, as `.` does.
fn push_names<'a>(target: &'a [u8], rest: &mut Vec<&'a [u8]>) {
    if target.ends_with(b"/") {
        rest.push(b".");
    }
    rest.extend(target.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).rev());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sorted paths, each with its target if it is a symlink; directories end in a slash. The root is the empty path.
    struct Paths(Vec<(String, Option<String>)>, Vec<String>);

    impl Paths {
        /// `a -> b` is a symlink, `a/` a directory, anything else a file.
        fn new(lines: &[&str]) -> Paths {
            let line = |line: &&str| match line.split_once(" -> ") {
                Some((path, target)) => (path.to_owned(), Some(target.to_owned())),
                None => ((*line).to_owned(), None),
            };
            Paths(std::iter::once((String::new(), None)).chain(lines.iter().map(line)).collect(), Vec::new())
        }

        fn seen_at(mut self, places: &[&str]) -> Paths {
            self.1.extend(places.iter().map(|place| (*place).to_owned()));
            self
        }

        fn path(&self, id: usize) -> &str {
            self.0[id].0.trim_end_matches('/')
        }

        fn find(&self, path: &str) -> Option<usize> {
            (0..self.0.len()).find(|id| self.path(*id) == path)
        }

        /// The path that it leads to with what is passed, or what becomes of it.
        fn resolve(&self, path: &str) -> String {
            let mut passed = Vec::new();
            match resolve_through(self, self.find(path).unwrap(), |id| passed.push(self.path(id))) {
                Resolved::Found(id) => format!("/{} by {}", self.path(id), passed.join(" ")),
                other => format!("{other:?}"),
            }
        }
    }

    impl SymlinkTree for Paths {
        type Id = usize;

        fn parent(&self, entry: usize) -> Option<usize> {
            let path = self.path(entry);
            if path.is_empty() { None } else { self.find(path.rsplit_once('/').map_or("", |(parent, _)| parent)) }
        }

        fn child(&self, directory: usize, name: &[u8]) -> Option<usize> {
            let name = std::str::from_utf8(name).ok()?;
            self.find(format!("{}/{name}", self.path(directory)).trim_start_matches('/'))
        }

        fn node(&self, entry: usize) -> Node<'_> {
            match &self.0[entry] {
                (_, Some(target)) => Node::Symlink(target.as_bytes()),
                (path, None) if path.is_empty() || path.ends_with('/') => Node::Directory,
                _ => Node::Other,
            }
        }

        fn places(&self) -> &[String] {
            &self.1
        }
    }

    #[test]
    fn an_absolute_target_leads_to_where_a_node_has_the_tree() {
        let lines = [
            "d/",
            "d/f",
            "a -> /lib/firmware/d/f",
            "b -> //lib//firmware/./d/",
            "d/c -> /lib/firmware",
            "e -> /lib/firmware/../x",
            "g -> /lib/firmware2/d/f",
            "h -> /lib/firmware/gone",
            "i -> /lib/firmware/updates/f",
            "k -> /lib/modules/d",
        ];
        let tree = Paths::new(&lines).seen_at(&["/lib/firmware", "/lib/firmware/updates/"]);
        let ends = ["a", "b", "d/c", "e", "g", "h", "i", "k"].map(|path| tree.resolve(path));
        let right = ["/d/f by a", "/d by b", "/ by d/c", "Escaping", "Escaping", "Dangling", "Dangling", "Escaping"];
        assert_eq!(ends, right);
        assert_eq!(Paths::new(&lines).resolve("a"), "Escaping", "nothing says where the tree is seen");
    }

    #[test]
    fn symlinks_are_followed_to_their_end() {
        let tree = Paths::new(&[
            "real/",
            "real/x/",
            "real/x/f",
            "a -> b",
            "b -> real/x/../x",
            "c -> a/f",
            "d -> ././real//x/",
            "up -> real/..",
        ]);
        assert_eq!(tree.resolve("c"), "/real/x/f by c a b real/x");
        assert_eq!(tree.resolve("d"), "/real/x by d");
        assert_eq!(tree.resolve("up"), "/ by up real");
        assert_eq!(tree.resolve("real/x/f"), "/real/x/f by ");
    }

    #[test]
    fn a_path_is_looked_up_through_symlinks() {
        let tree = Paths::new(&["real/", "real/f", "a -> real", "b -> ../x", "c -> a/f"]);
        let found = |path: &str| {
            let mut passed = Vec::new();
            (look_up(&tree, 0, path, |id| passed.push(tree.path(id).to_owned())), passed.join(" "))
        };
        let file = || Resolved::Found(tree.find("real/f").unwrap());
        assert_eq!((found("a/f"), found("c")), ((file(), "a".to_owned()), (file(), "c a".to_owned())));
        assert_eq!(
            (found("a/g").0, found("b/f").0, found("x").0),
            (Resolved::Dangling, Resolved::Escaping, Resolved::Dangling)
        );
        assert_eq!(found("").0, Resolved::Found(0));
    }

    #[test]
    fn dangling_and_escaping_are_told_apart() {
        let tree = Paths::new(&[
            "d/",
            "f",
            "gone -> d/x",
            "up -> ../etc",
            "abs -> /etc",
            "chain -> d/up",
            "d/up -> ../../etc",
            "empty -> ",
        ]);
        for path in ["up", "abs", "chain", "d/up"] {
            assert_eq!(tree.resolve(path), "Escaping", "{path}");
        }
        assert_eq!((tree.resolve("gone"), tree.resolve("empty")), ("Dangling".into(), "Dangling".into()));
    }

    #[test]
    fn a_file_is_no_directory_on_the_way() {
        let tree = Paths::new(&["d/", "f", "a -> f/", "b -> f/.", "c -> f/../d", "e -> f/x", "g -> d/", "h -> g/../f"]);
        for path in ["a", "b", "c", "e"] {
            assert_eq!(tree.resolve(path), "Dangling", "{path}");
        }
        assert_eq!((tree.resolve("g"), tree.resolve("h")), ("/d by g".into(), "/f by h g d".into()));
    }

    #[test]
    fn forty_symlinks_are_followed_and_no_more() {
        let mut lines: Vec<String> = (0..41).map(|at| format!("{at} -> {}", at + 1)).collect();
        lines.extend(["41".to_owned(), "self -> self".to_owned(), "x -> y/z".to_owned(), "y -> x".to_owned()]);
        let tree = Paths::new(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(tree.resolve("1").starts_with("/41 by 1 2 3 "));
        for path in ["0", "self", "x", "y"] {
            assert_eq!(tree.resolve(path), "Loop", "{path}");
        }
    }

    #[test]
    fn a_symlink_may_be_passed_twice() {
        let tree = Paths::new(&["d/", "f", "s -> d", "x -> s/../y/..", "y -> s/../d/../s"]);
        assert_eq!(tree.resolve("x"), "/ by x s d y s d d s d");
    }

    proptest! {
        #[test]
        fn every_symlink_ends(targets in proptest::collection::vec("[abc./]{1,6}", 1..8)) {
            let mut lines = vec!["a/".to_owned(), "b/".to_owned(), "b/c/".to_owned()];
            lines.extend(targets.iter().enumerate().map(|(at, target)| format!("{}/{at} -> {target}", ["a", "b/c"][at % 2])));
            let tree = Paths::new(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            for id in 0..lines.len() {
                if let Resolved::Found(end) = resolve(&tree, id) {
                    prop_assert!(!matches!(tree.node(end), Node::Symlink(_)));
                }
            }
        }
    }
}
