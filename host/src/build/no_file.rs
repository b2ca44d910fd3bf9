//! An flist without a file: the next boot would mount it as the newest, and find nothing in it.

use std::collections::BTreeSet;

use flistry_common::symlinks::Resolved;

use crate::config::Flist;
use crate::error::{Error, NoFile};
use crate::kernel::compatibility;
use crate::kernel::modinfo::Compression;
use crate::plugin::Applied;
use crate::progress::{Progress, Warning};
use crate::tree::source::{Source, is_placeholder};
use crate::tree::symlinks::NameIndex;
use crate::tree::{Entry, EntryId, FlistKind, Kind, LeftOut, Tree};

/// Refuses an flist without a file, unless the configuration allows it. That files were there and went is said even then.
pub(super) fn refuse(flist: &Flist, why: NoFile, progress: &dyn Progress) -> Result<(), Error> {
    let what = if flist.kind == FlistKind::Modules { "kernel module" } else { "file" };
    let name = &flist.name;
    if !flist.allow_empty {
        return Err(Error::NoFile { flist: name.clone(), what, why });
    }
    if !matches!(why, NoFile::Source(_)) {
        progress.warn(Warning::new(format!("flist `{name}` will hold no {what}: {why}"), why.remedy(what)));
    }
    Ok(())
}

/// Whether a tree has a file: a module where it is a tree of these, else one that is not there for a directory's sake.
pub(super) fn has_file(kind: FlistKind, tree: &Tree) -> bool {
    let index = NameIndex::from_tree(tree);
    let is_file = |(id, entry): &(EntryId, &Entry)| match entry.kind {
        Kind::File { .. } => true,
        // kmod goes by the name that leads to a module.
        Kind::Symlink { .. } if kind == FlistKind::Modules => {
            matches!(index.resolve(*id), Resolved::Found(end) if matches!(tree.get(end).kind, Kind::File { .. }))
        }
        _ => false,
    };
    tree.iter().filter(|(_, entry)| counts(kind, &entry.name)).any(|found| is_file(&found))
}

/// Whether a file of this name counts.
fn counts(kind: FlistKind, name: &str) -> bool {
    match kind {
        FlistKind::Modules => Compression::of_module(name).is_some(),
        _ => !is_placeholder(name),
    }
}

/// Why there is none before the post-pack plugins have run: `tree` is what the filters leave, `left_out` what they drop.
pub(super) fn before(kind: FlistKind, places: &[String], source: &Source, tree: &Tree, left_out: &[LeftOut]) -> NoFile {
    let source_path = || source.path().to_owned();
    match (gone(kind, left_out), compatibility::outside(kind, tree, places)) {
        ((0, _), 0) => NoFile::Source(source_path()),
        ((0, _), symlinks) => NoFile::Symlinks { source_path: source_path(), symlinks },
        ((files, by), _) => NoFile::Filters { files, by },
    }
}

/// Why there is none after they have run.
pub(super) fn after(kind: FlistKind, applied: &Applied) -> NoFile {
    let (files, by) = gone(kind, &applied.removed);
    NoFile::PostPack { files, by }
}

/// How many files were left out, and by whom.
fn gone(kind: FlistKind, left_out: &[LeftOut]) -> (usize, String) {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_file = |entry: &&LeftOut| entry.bytes.is_some() && counts(kind, &name(&entry.path));
    let files: Vec<&LeftOut> = left_out.iter().filter(is_file).collect();
    let names: BTreeSet<&str> = files.iter().map(|entry| &*entry.by).collect();
    (files.len(), names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and "))
}
