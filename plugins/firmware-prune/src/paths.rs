//! The names by which a driver can ask for a file of the tree, and how they stand in a driver's data.

use std::collections::BTreeSet;

use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{EntryId, EntryTree, Followed, Kind};

use crate::pattern::ENDINGS;
use crate::root::Root;

/// What a driver's text can have before a name. The kernel looks a name up below a directory, so that `/a//b` is `a/b`; some
/// open the file themselves.
const BEFORE: [&str; 5] = ["", "/", "./", "/lib/firmware/", "/usr/lib/firmware/"];

/// Names for each entry of the tree before symlinks to directories are taken for what multiplies them.
const NAMES_PER_ENTRY: usize = 8;

/// The characters of a row.
const ROW: usize = 4;

/// Bits for rows: eight times as many as a whole linux-firmware has different ones.
const ROW_BITS: usize = 1 << 18;

/// A shorter name is no string: the host finds those of three characters and more.
const MIN_NAME: usize = 3;

/// All names, in order.
#[derive(Debug, Default)]
pub struct Paths {
    names: Vec<String>,
    /// Which rows of [`ROW`] characters the names have, a bit for each by a hash. Nearly all formats are no names, and have a row
    /// that no name has.
    rows: Vec<u64>,
    /// Whether symlinks to directories lead to more names than could be listed.
    pub too_many: bool,
}

impl Paths {
    /// The names that lead to a file from one of the roots, with and without the ending of compressed firmware.
    pub fn new(tree: &EntryTree, roots: &[Root]) -> Paths {
        let left = NAMES_PER_ENTRY * tree.len() + 1000;
        let mut walk = Walk { tree, names: BTreeSet::new(), left, open: Vec::new() };
        for root in roots {
            walk.directory(root.directory, "");
        }
        let mut rows = vec![0; ROW_BITS / 64];
        for row in walk.names.iter().flat_map(|name| name.as_bytes().windows(ROW)) {
            let bit = row_bit(row);
            rows[bit / 64] |= 1 << (bit % 64);
        }
        Paths { names: walk.names.into_iter().collect(), rows, too_many: walk.left == 0 }
    }

    /// Whether a name may have this text in it; false where none has.
    pub fn may_hold(&self, text: &str) -> bool {
        text.as_bytes().windows(ROW).map(row_bit).all(|bit| self.rows[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// The names that begin so.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.names.partition_point(|name| name.as_str() < prefix);
        self.names[from..].iter().map(String::as_str).take_while(move |name| name.starts_with(prefix))
    }

    /// Every text by which a driver can mean one of them: [`Paths::meant`] tells which.
    pub fn spellings(&self) -> Vec<String> {
        let doubled = |name: &String| name.replace('/', "//");
        self.names
            .iter()
            .flat_map(|name| BEFORE.map(|before| format!("{before}{name}")).into_iter().chain([doubled(name)]))
            .collect()
    }

    /// The name that a spelling means, by its place.
    pub fn meant(&self, spelling: u32) -> &str {
        &self.names[spelling as usize / (BEFORE.len() + 1)]
    }
}

fn row_bit(row: &[u8]) -> usize {
    let hash = row.iter().fold(0_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 15) as usize % ROW_BITS
}

struct Walk<'a> {
    tree: &'a EntryTree,
    names: BTreeSet<String>,
    left: usize,
    /// The directories that the walk is in: a symlink back to one of them leads to no new file.
    open: Vec<EntryId>,
}

impl Walk<'_> {
    fn directory(&mut self, directory: EntryId, prefix: &str) {
        if self.open.contains(&directory) {
            return;
        }
        self.open.push(directory);
        for child in self.tree.children(directory) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            let name = format!("{prefix}{}", self.tree.entry(*child).name());
            match self.tree.follow(*child) {
                Resolved::Found(Followed { end, .. }) if self.tree.is_directory(end) => {
                    self.directory(end, &format!("{name}/"));
                }
                Resolved::Found(Followed { end, .. }) if self.tree.entry(end).kind == Kind::File => self.file(name),
                Resolved::Escaping => self.file(name),
                _ => {}
            }
        }
        self.open.pop();
    }

    fn file(&mut self, name: String) {
        for ending in &ENDINGS[1..] {
            if let Some(plain) = name.strip_suffix(ending) {
                self.names.insert(plain.to_owned());
            }
        }
        if name.len() >= MIN_NAME {
            self.names.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::TestTree;

    use super::*;
    use crate::root::roots;

    fn paths(lines: &[&str]) -> Paths {
        let tree = TestTree::from(lines).to_entry_tree();
        Paths::new(&tree, &roots(&tree, "6.12.44"))
    }

    #[test]
    fn files_have_a_name_from_each_place_that_the_kernel_searches() {
        let paths = paths(&["a.bin", "updates/b.bin.xz", "updates/6.12.44/d/c.bin", "e/", "x", "6.12.44/f.bin.zst"]);
        let names: Vec<&str> =
            paths.with_prefix("").filter(|name| !name.ends_with(".xz") && !name.ends_with(".zst")).collect();
        let all = [
            "6.12.44/d/c.bin",
            "6.12.44/f.bin",
            "a.bin",
            "b.bin",
            "d/c.bin",
            "f.bin",
            "updates/6.12.44/d/c.bin",
            "updates/b.bin",
        ];
        assert_eq!(names, all);
        assert_eq!(paths.with_prefix("b").collect::<Vec<_>>(), ["b.bin", "b.bin.xz"]);
    }

    #[test]
    fn symlinks_are_names_of_what_they_lead_to() {
        let paths = paths(&[
            "real/f.bin",
            "alias -> real",
            "l.bin -> alias/f.bin",
            "out.bin -> /opt/x",
            "gone -> nowhere",
            "real/up -> ..",
        ]);
        let names: Vec<&str> = paths.with_prefix("").collect();
        let all = [
            "alias/f.bin",
            "alias/up/l.bin",
            "alias/up/out.bin",
            "l.bin",
            "out.bin",
            "real/f.bin",
            "real/up/l.bin",
            "real/up/out.bin",
        ];
        assert!(names.iter().all(|name| all.contains(name) && !paths.too_many), "{names:?}");
        assert!(["alias/f.bin", "l.bin", "out.bin", "real/f.bin"].iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn symlinks_that_multiply_names_without_end_are_noticed() {
        let mut lines: Vec<String> = Vec::new();
        for level in 0..20 {
            lines.extend([
                format!("{level}/f"),
                format!("{level}/a -> ../{}", level + 1),
                format!("{level}/b -> ../{}", level + 1),
            ]);
        }
        lines.push("20/f".to_owned());
        assert!(paths(&lines.iter().map(String::as_str).collect::<Vec<_>>()).too_many);
    }

    #[test]
    fn what_no_name_holds_is_known() {
        let paths = paths(&["amd/amd_sev_fam19h_modelaxh.sbin"]);
        assert!(["_modelaxh.sbin", "amd/amd_sev_fam", "amd", ""].iter().all(|text| paths.may_hold(text)));
        assert!(!paths.may_hold("_timeout") && !paths.may_hold("amd_sev_fam19h_modelbxh"));
    }

    #[test]
    fn a_name_is_meant_by_each_of_its_spellings() {
        let paths = paths(&["a/b", "c.bin"]);
        let spellings = paths.spellings();
        for (spelling, name) in
            [("a/b", "a/b"), ("/a/b", "a/b"), ("./c.bin", "c.bin"), ("a//b", "a/b"), ("/lib/firmware/c.bin", "c.bin")]
        {
            let place = spellings.iter().position(|text| text == spelling).unwrap();
            assert_eq!(paths.meant(place as u32), name);
        }
    }
}
