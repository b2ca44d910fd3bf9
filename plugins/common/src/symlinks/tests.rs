//! Where symlinks lead, in trees of a few entries.

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
fn what_leaves_the_tree_may_come_back_by_a_place() {
    let lines = [
        "d/",
        "d/f",
        "a -> ../firmware/d/f",
        "b -> ../../lib/firmware/d/f",
        "c -> ../../../usr/lib/firmware/d/f",
        "d/e -> ../../firmware/d/f",
        "g -> /lib/firmware/../firmware/d/f",
        "h -> /lib64/../lib/firmware/d/f",
        "i -> ../../opt/x/d/f",
        "k -> /lib/firmware/d/../../firmware/d/f",
        "l -> ../firmware2/d/f",
        "m -> ../../../../../etc/f",
        "n -> ../firmware/gone",
        "o -> ..",
        "p -> /opt/x/../firmware/d/f",
    ];
    let tree = Paths::new(&lines).seen_at(&["/lib/firmware", "/usr/lib/firmware", "/opt/x"]);
    for path in ["a", "b", "c", "g", "h", "i"] {
        assert_eq!(tree.resolve(path), format!("/d/f by {path}"));
    }
    assert_eq!(tree.resolve("d/e"), "/d/f by d/e d");
    assert_eq!(tree.resolve("k"), "/d/f by k d");
    for path in ["l", "m", "o"] {
        assert_eq!(tree.resolve(path), "Escaping", "{path}");
    }
    assert_eq!(tree.resolve("n"), "Dangling");
    assert_eq!(tree.resolve("p"), "Escaping", "it came in by /opt/x, and there is no firmware in /opt");
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
