//! The normal form: a rule for every field that the source's file system would decide, so that the same contents give
//! the same manifest on every machine.
//!
//! | field | in a manifest |
//! |---|---|
//! | name, file type, permission bits, symlink target, device number | as in the source |
//! | uid, gid | 0 and 0, or the source's with `owner = "preserve"` |
//! | mtime | whole seconds; not later than `SOURCE_DATE_EPOCH` |
//! | ctime | the mtime |
//! | size | a file's length, a symlink's target's length, 4096 for a directory, else 0 |

use std::path::PathBuf;

use super::entries::{Attributes, Entry, EntryId, Kind, Permissions, Tree};
use super::filtered::Filtered;
use super::flist_kind::Owner;
use super::input::Input;
use super::scan::{Scan, Scanned};
use super::source::Contents;
use crate::progress::{Progress, Warning};

/// The choices that the normal form leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormalRules {
    /// Whose the entries are.
    pub owner: Owner,
    /// `SOURCE_DATE_EPOCH`: no later modification time is written; seconds since 1970.
    pub not_after: Option<i64>,
}

/// Applies the rules to what the filters kept.
///
/// # Errors
/// [`UnpackableError`] lists what was kept and can't be packed.
pub fn normalize(
    scan: &Scan,
    filtered: &Filtered,
    rules: NormalRules,
    progress: &dyn Progress,
) -> Result<Input, UnpackableError> {
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
    if !unpackable.is_empty() {
        return Err(UnpackableError { entries: unpackable });
    }
    odd_owner.warn(progress);
    Ok(input)
}

fn attributes(entry: &Scanned, rules: NormalRules) -> Attributes {
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
    fn see(&mut self, scan: &Scan, index: usize, rules: NormalRules) {
        let entry = &scan.entries()[index];
        if rules.owner == Owner::Preserve && entry.uid != entry.gid {
            self.count += 1;
            self.first.get_or_insert_with(|| scan.path(index));
        }
    }

    fn warn(self, progress: &dyn Progress) {
        let Some(first) = self.first else { return };
        let what = format!(
            "{} entries have a group other than their user (the first: /{}); a mounted flist shows the user's number for both",
            self.count,
            first.display()
        );
        progress.warn(Warning::new(what, "`owner = \"root\"` writes 0:0 for all"));
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
