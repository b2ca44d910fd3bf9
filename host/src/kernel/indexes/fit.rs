//! Whether the indexes of a tree fit its modules.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use flistry_common::modules::module_name;
use flistry_common::text::without_mark;

use super::mismatch::Mismatch;
use super::modules::Modules;
use super::trie;
use crate::tree::{EntryId, Kind, Tree};

/// Names what each module needs, as text.
pub(super) const DEP: &str = "modules.dep";
const DEP_BIN: &str = "modules.dep.bin";
const ALIAS_BIN: &str = "modules.alias.bin";
const SYMBOLS_BIN: &str = "modules.symbols.bin";
const SOFTDEP: &str = "modules.softdep";
pub(super) const BUILTIN: &str = "modules.builtin";
const BUILTIN_BIN: &str = "modules.builtin.bin";

/// No index is larger: Debian's largest, of 4,200 modules, has 1.3 MB.
pub const MAX_INDEX_BYTES: u64 = 64 << 20;

/// Compares a tree's indexes with its modules; nothing is said where they fit, or there is nothing to index. `read` gives the contents of one of the
/// tree's files.
///
/// # Errors
/// Those of `read`.
pub fn check<E>(
    tree: &Tree,
    places: &[String],
    mut read: impl FnMut(EntryId) -> Result<Vec<u8>, E>,
) -> Result<Vec<Mismatch>, E> {
    let mut files = BTreeMap::new();
    for (id, entry) in tree.iter().skip(1) {
        if let (EntryId::ROOT, Kind::File { size }) = (entry.parent, &entry.kind)
            && [DEP, DEP_BIN, ALIAS_BIN, SYMBOLS_BIN, SOFTDEP, BUILTIN, BUILTIN_BIN].contains(&&*entry.name)
            && *size <= MAX_INDEX_BYTES
        {
            files.insert(&*entry.name, read(id)?);
        }
    }
    let modules = Modules::of(tree, places);
    if modules.iter().next().is_none() && files.is_empty() {
        return Ok(Vec::new());
    }
    Ok(compare(&modules, |name| files.get(name).map(Vec::as_slice)))
}

/// A module's name; a path that is not a module's stands for itself.
fn name_of(path: &str) -> String {
    module_name(path).unwrap_or_else(|| path.to_owned())
}

/// What is wrong with an index's bytes; an error where they are not an index.
type Look<'a> = &'a mut dyn FnMut(&[u8]) -> Result<Vec<Mismatch>, String>;

pub(super) fn compare<'a>(modules: &Modules<'_>, file: impl Fn(&str) -> Option<&'a [u8]>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut each = |index: &'static str, look: Look<'_>| match file(index).map(look) {
        None => found.push(Mismatch::Missing { index }),
        Some(Ok(mismatches)) => found.extend(mismatches),
        Some(Err(why)) => found.push(Mismatch::Broken { index, why }),
    };
    each(DEP, &mut |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        Ok(lines(modules, DEP, text.lines()))
    });
    each(DEP_BIN, &mut |bytes| {
        let entries = trie::entries(bytes)?;
        Ok(lines(modules, DEP_BIN, entries.iter().map(|(_, line)| line.as_str())))
    });
    for index in [ALIAS_BIN, SYMBOLS_BIN] {
        each(index, &mut |bytes| {
            let named = trie::entries(bytes)?.into_iter().map(|(_, module)| module);
            let gone: BTreeSet<String> = named.filter(|module| !modules.has_name(module)).collect();
            Ok(gone.into_iter().map(|module| Mismatch::Gone { index, module }).collect())
        });
    }
    // kmod reads it as text, and takes it for empty where it is not there.
    each(SOFTDEP, &mut |_| Ok(Vec::new()));
    // Only a kernel with something built in has it.
    if let Some(text) = file(BUILTIN) {
        each(BUILTIN_BIN, &mut |bytes| {
            let known: BTreeSet<String> = trie::entries(bytes)?.into_iter().map(|(name, _)| name).collect();
            let text = String::from_utf8_lossy(without_mark(text));
            let names = text.lines().filter(|line| !line.trim().is_empty()).map(name_of).collect::<BTreeSet<_>>();
            let unknown = names.into_iter().filter(|name| !known.contains(name));
            Ok(unknown.map(|module| Mismatch::Unknown { index: BUILTIN_BIN, module }).collect())
        });
    }
    found
}

/// What is wrong with the lines of a dependency index.
fn lines<'a>(modules: &Modules<'_>, index: &'static str, lines: impl Iterator<Item = &'a str>) -> Vec<Mismatch> {
    let (mut gone, mut known) = (BTreeSet::new(), HashSet::new());
    for (module, needs) in lines.filter_map(|line| line.split_once(':')) {
        known.insert(name_of(module));
        gone.extend(std::iter::once(module).chain(needs.split_whitespace()).filter(|m| modules.at(m).is_none()));
    }
    // Of several modules of one name depmod takes the one that its search order prefers.
    let unknown = modules.iter().filter(|module| !known.contains(&module.name)).map(|module| &module.path);
    let gone = gone.into_iter().map(|module| Mismatch::Gone { index, module: module.to_owned() });
    gone.chain(unknown.map(|module| Mismatch::Unknown { index, module: module.clone() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Attributes, Entry, Permissions};

    /// A tree of empty files at these paths, which are in order.
    fn tree(paths: &[&str]) -> Tree {
        let attributes = Attributes { permissions: Permissions::of_mode(0o644), uid: 0, gid: 0, mtime: 0 };
        let mut tree = Tree::new(attributes);
        let mut directories = BTreeMap::from([(String::new(), EntryId::ROOT)]);
        for path in paths {
            let (mut parent, mut at) = (EntryId::ROOT, String::new());
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            for directory in above.split('/').filter(|directory| !directory.is_empty()) {
                at = format!("{at}/{directory}");
                parent = *directories.entry(at.clone()).or_insert_with(|| {
                    tree.push(Entry { parent, name: directory.into(), kind: Kind::Directory, attributes }).unwrap()
                });
            }
            tree.push(Entry { parent, name: name.into(), kind: Kind::File { size: 0 }, attributes }).unwrap();
        }
        tree
    }

    fn mismatches(paths: &[&str], files: &[(&str, Vec<u8>)]) -> Vec<String> {
        let tree = tree(paths);
        let read = |id: EntryId| {
            let file = files.iter().find(|(name, _)| **name == *tree.get(id).name);
            Ok::<_, ()>(file.expect("only the files given are in the tree").1.clone())
        };
        check(&tree, &[], read).unwrap().iter().map(Mismatch::to_string).collect()
    }

    const PATHS: [&str; 7] = [
        "kernel/a-b.ko.xz",
        "kernel/c.ko",
        "modules.alias.bin",
        "modules.dep",
        "modules.dep.bin",
        "modules.softdep",
        "modules.symbols.bin",
    ];

    fn files(dep: &str) -> [(&'static str, Vec<u8>); 5] {
        let dep_bin: Vec<(String, String)> =
            dep.lines().map(|line| (name_of(line.split(':').next().unwrap()), line.into())).collect();
        let pairs: Vec<(&str, &str)> = dep_bin.iter().map(|(key, line)| (&**key, &**line)).collect();
        [
            (DEP, dep.into()),
            (DEP_BIN, trie::tests::index(&pairs)),
            (ALIAS_BIN, trie::tests::index(&[("pci:*", "a_b")])),
            (SYMBOLS_BIN, trie::tests::index(&[("symbol:f", "c")])),
            (SOFTDEP, Vec::new()),
        ]
    }

    #[test]
    fn indexes_that_fit_are_nothing_to_speak_of() {
        assert!(mismatches(&PATHS, &files("kernel/a-b.ko.xz: kernel/c.ko\nkernel/c.ko:\n")).is_empty());
    }

    #[test]
    fn each_mismatch_is_named() {
        let files = files("kernel/a-b.ko.xz: kernel/d.ko\n");
        let expected = [
            "modules.dep names kernel/d.ko, which is not there",
            "modules.dep does not know kernel/c.ko",
            "modules.dep.bin names kernel/d.ko, which is not there",
            "modules.dep.bin does not know kernel/c.ko",
        ];
        assert_eq!(mismatches(&PATHS, &files), expected);
        let without: Vec<&str> = PATHS.into_iter().filter(|path| !path.contains("a-b")).collect();
        assert!(mismatches(&without, &files).contains(&"modules.alias.bin names a_b, which is not there".to_owned()));
        assert_eq!(mismatches(&["kernel/c.ko"], &[]).len(), 5);
        let without: Vec<&str> = PATHS.into_iter().filter(|path| *path != SOFTDEP).collect();
        assert!(mismatches(&without, &files).contains(&"modules.softdep is missing".to_owned()));
        assert_eq!(
            mismatches(&["modules.dep", "x.ko"], &[(DEP, vec![0xff])])[0],
            "modules.dep is not an index: it is not text"
        );
    }

    #[test]
    fn what_is_built_in_is_in_its_index() {
        let mut paths = PATHS.to_vec();
        paths.insert(3, "modules.builtin");
        paths.insert(4, "modules.builtin.bin");
        let mut files = files("kernel/a-b.ko.xz: kernel/c.ko\nkernel/c.ko:\n").to_vec();
        files.push((BUILTIN, b"kernel/fs/ext4.ko\nkernel/x-y.ko\n".to_vec()));
        files.push((BUILTIN_BIN, trie::tests::index(&[("ext4", "")])));
        assert_eq!(mismatches(&paths, &files), ["modules.builtin.bin does not know x_y"]);
        files.last_mut().unwrap().1 = trie::tests::index(&[("ext4", ""), ("x_y", "")]);
        assert!(mismatches(&paths, &files).is_empty());
    }

    #[test]
    fn of_two_modules_of_a_name_one_is_enough_and_build_trees_do_not_count() {
        let files = files("kernel/c.ko:\n");
        let mut files = files.to_vec();
        files[2].1 = trie::tests::index(&[]);
        let paths = [
            "build/x.ko",
            "kernel/c.ko",
            "modules.alias.bin",
            "modules.dep",
            "modules.dep.bin",
            "modules.softdep",
            "modules.symbols.bin",
            "updates/c.ko",
        ];
        assert!(mismatches(&paths, &files).is_empty());
    }
}
