//! What a plugin may see of a tree: its entries as they are shown to it, and its files' bytes.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use flistry_common::modules::module_name;
use flistry_common::symlinks::Resolved;

use crate::tree::scan::{Scan, Scanned};
use crate::tree::source::{FileIdentity, Source};
use crate::tree::symlinks::NameIndex;
use crate::tree::{Kind, Tree};

/// What an entry is, as a plugin is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum EntryKind {
    Directory,
    File,
    Symlink,
    CharDevice,
    BlockDevice,
    Fifo,
    /// None of these: a socket, for instance.
    Unknown,
}

/// An entry as a plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// The path from the tree's root, without a slash in front; what is not UTF-8 is shown as U+FFFD.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// A file's length in bytes, the length of a symlink's target, else 0.
    pub size: u64,
    /// The permission bits, 0 to 0o7777.
    pub mode: u32,
    /// A symlink's target.
    pub target: Option<String>,
    /// Why an flist can't hold it.
    pub unpackable: Option<String>,
}

impl EntryView {
    /// An entry of a scan.
    pub fn of_scan(scan: &Scan, index: usize) -> EntryView {
        let entry = &scan.entries()[index];
        let path = scan.path(index).to_string_lossy().into_owned();
        let mode = entry.mode & 0o7777;
        match &entry.kind {
            Ok(kind) => EntryView::of_kind(path, kind, mode),
            Err(why) => {
                let kind = kind_of_mode(entry.mode);
                EntryView { path, kind, size: 0, mode, target: None, unpackable: Some(why.to_string()) }
            }
        }
    }

    /// All entries of a tree in normal form, by their ids.
    pub fn of_tree(tree: &Tree) -> Vec<EntryView> {
        let view = |(id, entry): (_, &crate::tree::Entry)| {
            EntryView::of_kind(tree.path(id), &entry.kind, entry.attributes.permissions.bits())
        };
        tree.iter().map(view).collect()
    }

    fn of_kind(path: String, kind: &Kind, mode: u32) -> EntryView {
        let (view, size, target) = match kind {
            Kind::Directory => (EntryKind::Directory, 0, None),
            Kind::File { size } => (EntryKind::File, *size, None),
            Kind::Symlink { target } => {
                (EntryKind::Symlink, target.len() as u64, Some(String::from_utf8_lossy(target).into_owned()))
            }
            Kind::CharDevice { .. } => (EntryKind::CharDevice, 0, None),
            Kind::BlockDevice { .. } => (EntryKind::BlockDevice, 0, None),
            Kind::Fifo => (EntryKind::Fifo, 0, None),
        };
        EntryView { path, kind: view, size, mode, target, unpackable: None }
    }

    /// The bytes that it takes to tell a plugin of it, about.
    pub(super) fn bytes(&self) -> u64 {
        let texts = [Some(&self.path), self.target.as_ref(), self.unpackable.as_ref()];
        32 + texts.into_iter().flatten().map(|text| text.len() as u64).sum::<u64>()
    }
}

/// The kind of what can't be packed for another reason than its kind.
fn kind_of_mode(mode: u32) -> EntryKind {
    match Kind::from_columns(mode, 0, 0, None) {
        Some(Kind::Directory) => EntryKind::Directory,
        Some(Kind::File { .. }) => EntryKind::File,
        Some(Kind::Symlink { .. }) => EntryKind::Symlink,
        Some(Kind::CharDevice { .. }) => EntryKind::CharDevice,
        Some(Kind::BlockDevice { .. }) => EntryKind::BlockDevice,
        Some(Kind::Fifo) => EntryKind::Fifo,
        None => EntryKind::Unknown,
    }
}

/// A tree that plugins may read. Entries are numbered from 0, the root.
#[allow(clippy::len_without_is_empty, reason = "a tree has at least its root")]
pub trait TreeView: Send + Sync {
    /// How many entries there are, with the root.
    fn len(&self) -> usize;

    /// An entry; `id` is less than [`TreeView::len`].
    fn entry(&self, id: u32) -> EntryView;

    /// The entry at a path; symlinks are not followed.
    fn find(&self, path: &str) -> Option<u32>;

    /// A file's bytes, at most `len`; fewer at its end.
    ///
    /// # Errors
    /// What the file system says; also where the entry is not a file, or was written to since the scan.
    fn read(&self, id: u32, offset: u64, len: usize) -> io::Result<Vec<u8>>;

    /// What a file is remembered by; `None` for anything but a file.
    fn identity(&self, id: u32) -> Option<FileIdentity>;

    /// The file of a module: that which a symlink with a module's name leads to, or the entry itself.
    fn module_file(&self, id: u32) -> u32;
}

/// The trees of a build by their flists' names. Which of them a plugin may open is in its settings.
#[derive(Clone, Default)]
pub struct Trees {
    /// Each flist's tree after its filters.
    pub by_name: BTreeMap<String, Arc<dyn TreeView>>,
}

/// A source directory, scanned, without what was filtered out.
pub struct SourceTree {
    source: Source,
    entries: Vec<EntryView>,
    identities: Vec<Option<FileIdentity>>,
    scanned: Vec<usize>,
    by_path: HashMap<String, u32>,
    /// What symlinks with a module's name lead to.
    module_files: HashMap<u32, u32>,
}

impl SourceTree {
    /// What `keeps` of the scan, which a node sees at `places`; the root is always kept.
    ///
    /// # Errors
    /// Where the source's directory can't be opened again.
    pub fn new(
        source: &Source,
        scan: &Scan,
        places: &[String],
        keeps: impl Fn(usize) -> bool,
    ) -> io::Result<SourceTree> {
        let scanned: Vec<usize> = (0..scan.entries().len()).filter(|index| *index == 0 || keeps(*index)).collect();
        let entries: Vec<EntryView> = scanned.iter().map(|index| EntryView::of_scan(scan, *index)).collect();
        let identity = |entry: &Scanned| matches!(entry.kind, Ok(Kind::File { .. })).then_some(entry.identity);
        let identities = scanned.iter().map(|index| identity(&scan.entries()[*index])).collect();
        let by_path = entries.iter().enumerate().map(|(id, entry)| (entry.path.clone(), id as u32)).collect();
        let index = NameIndex::from_scan(scan).seen_at(places);
        let ids: HashMap<usize, u32> = (0..).zip(&scanned).map(|(id, scanned)| (*scanned, id)).collect();
        let module_file = |(id, entry): (u32, &EntryView)| {
            let is_one = entry.kind == EntryKind::Symlink && module_name(&entry.path).is_some();
            match is_one.then(|| index.resolve(scanned[id as usize]))? {
                Resolved::Found(end) => Some((id, *ids.get(&end)?)),
                _ => None,
            }
        };
        let module_files = (0..).zip(&entries).filter_map(module_file).collect();
        Ok(SourceTree { source: source.try_clone()?, entries, identities, scanned, by_path, module_files })
    }

    /// All entries, by their ids.
    pub fn entries(&self) -> &[EntryView] {
        &self.entries
    }

    /// The place in the scan of an entry of this tree.
    pub fn scan_index(&self, id: u32) -> usize {
        self.scanned[id as usize]
    }
}

impl TreeView for SourceTree {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn entry(&self, id: u32) -> EntryView {
        self.entries[id as usize].clone()
    }

    fn find(&self, path: &str) -> Option<u32> {
        self.by_path.get(path).copied()
    }

    fn read(&self, id: u32, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let was = self.identity(id).ok_or_else(|| io::Error::other("it is not a regular file"))?;
        let range = offset..offset.saturating_add(len as u64);
        Ok(self.source.read_range_unchanged(&self.entries[id as usize].path, &was, range)?)
    }

    fn identity(&self, id: u32) -> Option<FileIdentity> {
        self.identities[id as usize]
    }

    fn module_file(&self, id: u32) -> u32 {
        self.module_files.get(&id).copied().unwrap_or(id)
    }
}
