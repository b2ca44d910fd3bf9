//! The normal form: a rule for every field that the source's file system would decide, so that the same contents give
//! the same manifest on every machine.
//!
//! | field | in a manifest |
//! |---|---|
//! | name, file type, permission bits, link target, device number | as in the source |
//! | uid, gid | 0 and 0, or the source's with `owner = "preserve"` |
//! | mtime | whole seconds; not later than `SOURCE_DATE_EPOCH` |
//! | ctime | the mtime |
//! | size | a file's length, a link's target's length, 4096 for a folder, else 0 |

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

use super::flist_kind::Owner;
use crate::progress::Warning;
use crate::tree::filter::Filtered;
use crate::tree::scan::{Scan, Scanned};
use crate::tree::source::{Contents, Source};
use crate::tree::{Attributes, Entry, EntryId, Kind, Permissions, Tree, TreeError};

/// The choices that the normal form leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose the entries are.
    pub owner: Owner,
    /// `SOURCE_DATE_EPOCH`: no later modification time is written; seconds since 1970.
    pub not_after: Option<i64>,
}

/// What is packed: a tree in normal form, and what each file's contents come from.
pub struct Input {
    /// The entries.
    pub tree: Tree,
    /// One for each entry; `None` for what is no regular file.
    pub contents: Vec<Option<Contents>>,
}

impl Input {
    /// Puts files that the build made into the root, in place of what has their names there. They are as old as the youngest
    /// file, so that the same input gives the same manifest, and belong to whom the root belongs.
    pub fn with_generated(self, files: BTreeMap<String, Vec<u8>>) -> Result<Input, TreeError> {
        let Input { tree: old, contents } = self;
        let root = old.get(EntryId::ROOT).attributes;
        let youngest = old.files().map(|(id, _)| old.get(id).attributes.mtime).max().unwrap_or(root.mtime);
        let attributes = Attributes { permissions: Permissions::of_mode(0o644), mtime: youngest, ..root };
        let mut new = Input { tree: Tree::new(root), contents: vec![None] };
        let mut places = vec![None; old.len()];
        places[0] = Some(EntryId::ROOT);
        let replaced: HashSet<String> = files.keys().cloned().collect();
        let mut files = files.into_iter().peekable();
        let put = |new: &mut Input, (name, bytes): (String, Vec<u8>)| {
            let kind = Kind::File { size: bytes.len() as u64 };
            new.contents.push(Some(Contents::Generated(bytes)));
            new.tree.push(Entry { parent: EntryId::ROOT, name: name.into(), kind, attributes }).map(|_| ())
        };
        for ((id, entry), content) in old.iter().zip(contents).skip(1) {
            if entry.parent == EntryId::ROOT {
                while let Some(file) = files.next_if(|(name, _)| name.as_bytes() < entry.name.as_bytes()) {
                    put(&mut new, file)?;
                }
                if replaced.contains(&*entry.name) {
                    continue;
                }
            }
            // What was in a folder that was replaced goes with it.
            if let Some(parent) = places[entry.parent.index()] {
                places[id.index()] = Some(new.tree.push(Entry { parent, ..entry.clone() })?);
                new.contents.push(content);
            }
        }
        files.try_for_each(|file| put(&mut new, file))?;
        Ok(new)
    }

    /// A file's contents, whole.
    ///
    /// # Errors
    /// What the file system says; also where it was written to since the scan.
    pub fn read(&self, source: &Source, file: EntryId) -> std::io::Result<Vec<u8>> {
        match self.contents[file.index()].as_ref().expect("a file has contents") {
            Contents::Generated(bytes) => Ok(bytes.clone()),
            Contents::Source(was) => {
                let mut bytes = Vec::new();
                source.open_unchanged(&self.tree.path(file), was)?.take(was.size).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

/// Applies the rules to what the filters kept.
///
/// # Errors
/// [`UnpackableError`] lists what was kept and can't be packed.
pub fn normalize(scan: &Scan, filtered: &Filtered, rules: Rules) -> Result<(Input, Vec<Warning>), UnpackableError> {
    let mut entries = scan.entries().iter().enumerate();
    let (_, root) = entries.next().expect("a scan has its root");
    let mut input = Input { tree: Tree::new(attributes(root, rules)), contents: vec![None] };
    let mut ids = vec![EntryId::ROOT; scan.entries().len()];
    let mut unpackable = Vec::new();
    let mut odd_owner = OddOwners::default();
    odd_owner.see(scan, 0, rules);
    for (index, entry) in entries.filter(|(index, _)| filtered.keeps(*index)) {
        let kind = match &entry.kind {
            Ok(kind) => kind.clone(),
            Err(why) => {
                unpackable.push((scan.path(index), why.to_string()));
                continue;
            }
        };
        odd_owner.see(scan, index, rules);
        let contents = matches!(kind, Kind::File { .. }).then_some(Contents::Source(entry.identity));
        let name = entry.name.to_string_lossy().into();
        let entry = Entry { parent: ids[entry.parent], name, kind, attributes: attributes(entry, rules) };
        match input.tree.push(entry) {
            Ok(id) => ids[index] = id,
            Err(error) => {
                unpackable.push((scan.path(index), error.to_string()));
                continue;
            }
        }
        input.contents.push(contents);
    }
    if unpackable.is_empty() { Ok((input, odd_owner.warning())) } else { Err(UnpackableError { entries: unpackable }) }
}

fn attributes(entry: &Scanned, rules: Rules) -> Attributes {
    let (uid, gid) = match rules.owner {
        Owner::Root => (0, 0),
        Owner::Preserve => (entry.uid, entry.gid),
    };
    let mtime = rules.not_after.map_or(entry.mtime, |epoch| entry.mtime.min(epoch));
    Attributes { permissions: Permissions::of_mode(entry.mode), uid, gid, mtime }
}

/// Entries whose group stock rfs will show wrongly.
#[derive(Default)]
struct OddOwners {
    first: Option<PathBuf>,
    count: usize,
}

impl OddOwners {
    fn see(&mut self, scan: &Scan, index: usize, rules: Rules) {
        let entry = &scan.entries()[index];
        if rules.owner == Owner::Preserve && entry.uid != entry.gid {
            self.count += 1;
            self.first.get_or_insert_with(|| scan.path(index));
        }
    }

    fn warning(self) -> Vec<Warning> {
        let Some(first) = self.first else { return Vec::new() };
        let what = format!(
            "{} entries have a group other than their user (the first: /{}); a mounted flist shows the user's number for both",
            self.count,
            first.display()
        );
        vec![Warning::new(what, "`owner = \"root\"` writes 0:0 for all")]
    }
}

/// What was kept and can't be packed.
#[derive(Debug)]
pub struct UnpackableError {
    entries: Vec<(PathBuf, String)>,
}

impl std::error::Error for UnpackableError {}

impl std::fmt::Display for UnpackableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 10;
        match self.entries.len() {
            1 => f.write_str("1 entry can't be packed:")?,
            n => write!(f, "{n} entries can't be packed:")?,
        }
        for (path, why) in self.entries.iter().take(SHOWN) {
            write!(f, "\n  {path:?}: {why}")?;
        }
        match self.entries.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl UnpackableError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some("remove them from the source, or let a filter drop them".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_take_the_places_of_what_was_there() {
        let attributes = |mtime| Attributes { permissions: Permissions::of_mode(0o600), uid: 1, gid: 1, mtime };
        let mut tree = Tree::new(attributes(3));
        let mut push = |parent, name: &str, kind, mtime| {
            tree.push(Entry { parent, name: name.into(), kind, attributes: attributes(mtime) }).unwrap()
        };
        push(EntryId::ROOT, "b", Kind::File { size: 9 }, 7);
        let folder = push(EntryId::ROOT, "c", Kind::Directory, 8);
        push(folder, "gone", Kind::File { size: 1 }, 5);
        let folder = push(EntryId::ROOT, "d", Kind::Directory, 9);
        push(folder, "a", Kind::Fifo, 10);
        let contents = tree.iter().map(|(_, entry)| match entry.kind {
            Kind::File { size } => Some(Contents::Generated(vec![b'x'; size as usize])),
            _ => None,
        });
        let input = Input { contents: contents.collect(), tree };
        let files = ["a", "b", "c", "e"].map(|name| (name.to_owned(), name.as_bytes().to_vec()));
        let input = input.with_generated(files.into()).unwrap();
        let paths: Vec<String> = input.tree.iter().map(|(id, _)| input.tree.path(id)).collect();
        assert_eq!(paths, ["", "a", "b", "c", "d", "d/a", "e"]);
        for (id, size) in input.tree.files() {
            let entry = input.tree.get(id);
            assert_eq!((size, entry.mode(), entry.attributes.mtime), (1, 0o100_644, 7));
            assert_eq!(input.contents[id.index()], Some(Contents::Generated(entry.name.as_bytes().to_vec())));
        }
    }
}
