//! What a driver asks for: a name, or a pattern that stands for several. Looked up from a directory that the kernel searches, plain and
//! with the endings of compressed firmware.

use std::collections::BTreeSet;

use flistry_plugin::globs::Glob;
use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{EntryId, EntryTree, Followed, Kind};

/// What the kernel tries behind a name, in its order.
pub const ENDINGS: [&str; 3] = ["", ".zst", ".xz"];

/// A path of parts.
#[derive(Debug)]
pub struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// `**`: any directories; at the end all that is in a directory.
    Directories,
    Literal(String),
    Glob(Glob),
}

/// A file that a pattern found.
#[derive(Debug)]
pub struct Found {
    /// The entry that has the name: a file or a symlink to one.
    pub entry: EntryId,
    /// The symlinks and directories on the way to it and from it to the file; all must stay.
    pub way: Vec<EntryId>,
    /// Which of [`ENDINGS`] the name had in addition.
    pub ending: usize,
}

impl Found {
    /// Whether it is a symlink out of the tree.
    pub fn is_outside(&self, tree: &EntryTree) -> bool {
        tree.follow(self.entry) == Resolved::Escaping
    }
}

impl Pattern {
    /// A name as the kernel builds a path of it, so that `/a//b` is `a/b`; `None` where no file can have it.
    pub fn literal(name: &str) -> Option<Pattern> {
        parts(&as_looked_up(name)?, |part| Ok(Part::Literal(part.to_owned()))).ok()
    }

    /// A name of a module with `*`, `?` and `[…]`, none of which crosses a slash; `None` where it has none of these or can
    /// match nothing.
    pub fn glob(name: &str) -> Option<Pattern> {
        let pattern =
            parts(
                &as_looked_up(name)?,
                |part| if is_glob(part) { compile(&part.replace("**", "*")) } else { literal(part) },
            );
        pattern.ok().filter(|pattern| pattern.0.iter().any(|part| matches!(part, Part::Glob(_))))
    }

    /// A pattern of the extras, with `**`. The error says what is wrong with it.
    pub fn of_extra(text: &str) -> Result<Pattern, String> {
        parts(text, |part| match part {
            "**" => Ok(Part::Directories),
            part if is_glob(part) => compile(part),
            part => literal(part),
        })
    }

    /// All files that it finds from a directory on, in the tree's order of each part.
    pub fn find(&self, tree: &EntryTree, from: EntryId) -> Vec<Found> {
        let mut search = Search { tree, way: Vec::new(), seen: BTreeSet::new(), found: Vec::new() };
        search.walk(from, &self.0);
        search.found
    }
}

/// A name without what changes nothing in a path. The kernel refuses `..`, and a slash at the end asks for a directory.
fn as_looked_up(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_file = !name.ends_with('/') && !name.ends_with("/.");
    (is_file && !parts.contains(&"..")).then(|| parts.join("/"))
}

fn literal(part: &str) -> Result<Part, String> {
    Ok(Part::Literal(part.to_owned()))
}

fn is_glob(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// The SDK's globs know braces and backslashes besides, which are themselves in a firmware's name; so is a `[` that
/// begins no set.
fn compile(part: &str) -> Result<Part, String> {
    let mut escaped = String::new();
    for c in part.chars() {
        if matches!(c, '{' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Glob::new(&escaped).or_else(|_| Glob::new(&escaped.replace('[', "\\["))).map(Part::Glob)
}

fn parts(text: &str, part: impl Fn(&str) -> Result<Part, String>) -> Result<Pattern, String> {
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("`{text}` is not a path: it has an empty part, `.` or `..`"));
    }
    text.split('/').map(part).collect::<Result<_, _>>().map(Pattern)
}

struct Search<'a> {
    tree: &'a EntryTree,
    way: Vec<EntryId>,
    /// Directories that a `**` came to through a symlink: symlinks can lead in a circle.
    seen: BTreeSet<EntryId>,
    found: Vec<Found>,
}

impl Search<'_> {
    fn walk(&mut self, directory: EntryId, parts: &[Part]) {
        let tree = self.tree;
        match parts {
            [] => {}
            [Part::Directories] => {
                for id in tree.beneath(directory) {
                    self.take(id, 0);
                    self.take_directory(id);
                }
            }
            [Part::Directories, rest @ ..] => {
                self.walk(directory, rest);
                // Directories themselves, not symlinks to them: what is behind a symlink has a path of its own.
                for child in tree.children(directory).iter().filter(|child| tree.is_directory(**child)) {
                    self.walk(*child, parts);
                }
            }
            [Part::Literal(name)] => {
                for (ending, text) in ENDINGS.iter().enumerate() {
                    if let Some(id) = tree.child(directory, &format!("{name}{text}")) {
                        self.take(id, ending);
                    }
                }
            }
            [Part::Glob(glob)] => {
                for id in tree.children(directory) {
                    let name = tree.entry(*id).name();
                    let matches = |ending: &str| name.strip_suffix(ending).is_some_and(|name| glob.matches(name));
                    if let Some(ending) = ENDINGS.iter().position(|ending| matches(ending)) {
                        self.take(*id, ending);
                    }
                }
            }
            [Part::Literal(name), rest @ ..] => {
                if let Some(id) = tree.child(directory, name) {
                    self.enter(id, rest);
                }
            }
            [Part::Glob(glob), rest @ ..] => {
                for id in tree.children(directory).iter().filter(|id| glob.matches(tree.entry(**id).name())) {
                    self.enter(*id, rest);
                }
            }
        }
    }

    /// Goes on in a directory, or behind a symlink to one. A symlink out of the tree is taken: the file may be on the node.
    fn enter(&mut self, id: EntryId, rest: &[Part]) {
        match self.tree.follow(id) {
            Resolved::Found(Followed { end, passed }) if self.tree.is_directory(end) => {
                let before = self.way.len();
                self.way.extend(passed);
                self.walk(end, rest);
                self.way.truncate(before);
            }
            Resolved::Escaping => self.take(id, 0),
            _ => {}
        }
    }

    /// Takes a symlink to a directory, with all that is behind it.
    fn take_directory(&mut self, entry: EntryId) {
        if let Resolved::Found(Followed { end, passed }) = self.tree.follow(entry)
            && end != entry
            && self.tree.is_directory(end)
        {
            let way: Vec<EntryId> = self.way.iter().copied().chain(passed).filter(|id| *id != entry).collect();
            self.found.push(Found { entry, way: way.into_iter().chain([end]).collect(), ending: 0 });
            if self.seen.insert(end) {
                self.enter(entry, &[Part::Directories]);
            }
        }
    }

    /// Takes what is, or leads to, a file. A symlink out of the tree is taken as it is: what it leads to is on the node.
    fn take(&mut self, entry: EntryId, ending: usize) {
        let mut way = self.way.clone();
        match self.tree.follow(entry) {
            Resolved::Found(Followed { end, passed }) if self.tree.entry(end).kind == Kind::File => {
                way.extend(passed);
                way.push(end);
            }
            Resolved::Escaping => way.extend(self.tree.way(entry)),
            _ => return,
        }
        way.retain(|id| *id != entry);
        self.found.push(Found { entry, way, ending });
    }
}

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::TestTree;
    use proptest::prelude::*;

    use super::*;

    fn tree(lines: &[&str]) -> EntryTree {
        TestTree::from(lines).to_entry_tree()
    }

    fn found(tree: &EntryTree, pattern: Option<Pattern>) -> Vec<String> {
        let pattern = pattern.expect("a pattern");
        let path = |id: EntryId| tree.entry(id).path.clone();
        let show = |found: Found| match found.way.is_empty() {
            true => path(found.entry),
            false => {
                let way: Vec<String> = found.way.into_iter().map(path).collect();
                format!("{} by {}", path(found.entry), way.join(", "))
            }
        };
        pattern.find(tree, EntryTree::ROOT).into_iter().map(show).collect()
    }

    #[test]
    fn a_name_is_tried_plain_and_compressed() {
        let tree = tree(&["a/x.bin", "a/x.bin.xz", "a/x.bin.zst", "a/x.bin.gz", "a/y.bin.xz", "x.bin", "a/d/"]);
        assert_eq!(found(&tree, Pattern::literal("a/x.bin")), ["a/x.bin", "a/x.bin.zst", "a/x.bin.xz"]);
        assert_eq!(found(&tree, Pattern::literal("a/y.bin")), ["a/y.bin.xz"]);
        assert_eq!(found(&tree, Pattern::literal("a/d")), [""; 0]);
        assert_eq!(found(&tree, Pattern::glob("a/?.bin")), ["a/x.bin", "a/x.bin.xz", "a/x.bin.zst", "a/y.bin.xz"]);
    }

    #[test]
    fn a_star_crosses_no_slash() {
        let tree = tree(&["brcm/f-sdio.a.txt", "brcm/sub/f-sdio.a.txt", "f-sdio.a.txt", "brcm/f-sdio.txt"]);
        assert_eq!(found(&tree, Pattern::glob("brcm/*-sdio.*.txt")), ["brcm/f-sdio.a.txt"]);
        assert_eq!(found(&tree, Pattern::glob("*/f-sdio.txt")), ["brcm/f-sdio.txt"]);
        // Two stars are one: `**` has no meaning in a module's name.
        assert_eq!(found(&tree, Pattern::glob("**/f-sdio.a.txt")), ["brcm/f-sdio.a.txt"]);
        assert_eq!(found(&tree, Pattern::glob("brcm/f-sdio.[!a]*")), ["brcm/f-sdio.txt"]);
    }

    #[test]
    fn what_the_sdk_s_globs_know_besides_is_itself() {
        let tree = tree(&["{a,b}x", "a", "c[d", "e\\f"]);
        assert_eq!(found(&tree, Pattern::glob("{a,b}?")), ["{a,b}x"]);
        assert_eq!(found(&tree, Pattern::glob("c[?")), ["c[d"]);
        assert_eq!(found(&tree, Pattern::glob("e\\?")), ["e\\f"]);
    }

    #[test]
    fn symlinks_in_a_path_and_at_its_end_are_followed() {
        let tree = tree(&["amd -> other", "other/fw.bin", "fw.bin -> amd/fw.bin", "dead -> gone", "out -> /etc/fw"]);
        assert_eq!(found(&tree, Pattern::literal("amd/fw.bin")), ["other/fw.bin by amd"]);
        assert_eq!(found(&tree, Pattern::literal("fw.bin")), ["fw.bin by amd, other/fw.bin"]);
        assert_eq!(found(&tree, Pattern::glob("am?/fw.*")), ["other/fw.bin by amd"]);
        assert_eq!(found(&tree, Pattern::literal("dead")), [""; 0]);
        assert_eq!(found(&tree, Pattern::literal("out")), ["out"]);
    }

    #[test]
    fn the_way_out_of_the_tree_is_found_with_every_symlink_on_it() {
        let tree = tree(&["a.bin -> b/c.bin", "b -> d", "d/c.bin -> e", "d/e -> /opt/e", "amd -> /opt/amd"]);
        assert_eq!(found(&tree, Pattern::literal("a.bin")), ["a.bin by b, d/c.bin, d/e"]);
        assert_eq!(found(&tree, Pattern::literal("amd/x.bin")), ["amd"], "the file may be on the node");
        assert_eq!(found(&tree, Pattern::glob("am*/x.bin")), ["amd"]);
    }

    #[test]
    fn extras_have_directories() {
        let tree = tree(&["LICENCE.a", "x/LICENCE.b", "x/y/LICENSE", "x/y/f"]);
        let extra = |text| Pattern::of_extra(text).ok();
        assert_eq!(found(&tree, extra("**/LICEN[CS]E*")), ["LICENCE.a", "x/LICENCE.b", "x/y/LICENSE"]);
        assert_eq!(found(&tree, extra("x/**")), ["x/LICENCE.b", "x/y/LICENSE", "x/y/f"]);
    }

    #[test]
    fn a_directory_s_symlinks_to_directories_are_a_part_of_it() {
        let tree = tree(&["x/1.1 -> 1.0", "x/1.0/f", "x/2.0 -> ../y", "y/g", "y/round -> ../x"]);
        let mut found: Vec<&str> = Pattern::of_extra("x/**")
            .unwrap()
            .find(&tree, 0)
            .into_iter()
            .flat_map(|found| [found.way, vec![found.entry]].concat())
            .map(|id| &*tree.entry(id).path)
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, ["x", "x/1.0", "x/1.0/f", "x/1.1", "x/2.0", "y", "y/g", "y/round"]);
    }

    #[test]
    fn a_name_is_a_path_as_the_kernel_builds_it() {
        let tree = tree(&["a/b", "a/bc"]);
        for name in ["/a/b", "a//b", "./a/b", "a/./b", "//a/.//b"] {
            assert_eq!(found(&tree, Pattern::literal(name)), ["a/b"], "{name}");
        }
        assert_eq!(found(&tree, Pattern::glob("/a//?")), ["a/b"]);
    }

    #[test]
    fn what_is_no_name_matches_nothing() {
        for name in ["", "/", ".", "a/", "a/.", "../a", "a/../b", "/*(DEBLOBBED)*/"] {
            assert!(Pattern::literal(name).is_none() && Pattern::glob(name).is_none(), "{name}");
        }
        assert!(Pattern::glob("plain.bin").is_none());
        assert_eq!(Pattern::of_extra("a//b").unwrap_err(), "`a//b` is not a path: it has an empty part, `.` or `..`");
    }

    proptest! {
        #[test]
        fn no_name_panics(name in ".{0,20}") {
            let tree = tree(&["a/b", "c -> a"]);
            for pattern in [Pattern::literal(&name), Pattern::glob(&name), Pattern::of_extra(&name).ok()] {
                pattern.map(|pattern| pattern.find(&tree, 0));
            }
        }
    }
}
