//! Why something that the source's indexes name is not in the flist.

use std::collections::BTreeMap;

use flistry_common::symlinks::Resolved;

use crate::tree::scan::Scan;
use crate::tree::symlinks::NameIndex;
use crate::tree::{Kind, LeftOut};

/// The source as it was scanned, and what was left out of it.
pub struct Whereabouts<'a> {
    scan: &'a Scan,
    index: NameIndex<'a, usize>,
    left_out: BTreeMap<&'a str, &'a LeftOut>,
}

/// Why it is not in the flist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone<'a> {
    /// A plugin left out what is at that path, or a symlink on the way.
    LeftOut {
        /// The plugin.
        by: &'a str,
        /// Its reason.
        reason: &'a str,
        /// What it left out, where that has another path: what a symlink to a directory leads to.
        target: Option<String>,
    },
    /// A symlink leads out of the source.
    Outside {
        /// The symlink with its target.
        symlink: String,
    },
    /// A symlink leads to nothing.
    Dangling {
        /// The symlink with its target.
        symlink: String,
    },
    /// The source has nothing at that path.
    Absent,
}

impl<'a> Whereabouts<'a> {
    /// In a source that a node would see at `places`.
    pub fn new(scan: &'a Scan, places: &[String], left_out: &'a [LeftOut]) -> Whereabouts<'a> {
        let left_out = left_out.iter().map(|entry| (&*entry.path, entry)).collect();
        Whereabouts { scan, index: NameIndex::from_scan(scan).seen_at(places), left_out }
    }

    /// Of a path that the flist does not have.
    pub fn of(&self, path: &str) -> Gone<'_> {
        if let Some(entry) = self.left_out.get(path) {
            return left_out(entry, None);
        }
        let (resolved, passed) = self.index.look_up(0, path);
        let is_symlink = |place: &usize| matches!(self.scan.entries()[*place].kind, Ok(Kind::Symlink { .. }));
        // Symlinks on the way first: without them there is no way to what is behind.
        for place in passed.iter().copied().filter(is_symlink) {
            if let Some(entry) = self.left_out.get(&*self.path(place)) {
                return left_out(entry, None);
            }
        }
        let end = if let Resolved::Found(end) = resolved { Some(end) } else { None };
        for place in passed.iter().copied().chain(end) {
            let place = self.path(place);
            if let Some(entry) = self.left_out.get(&*place) {
                return left_out(entry, Some(place));
            }
        }
        let last = passed.into_iter().rfind(is_symlink).map(|place| self.symlink(place));
        match (resolved, last) {
            (Resolved::Escaping, Some(symlink)) => Gone::Outside { symlink },
            (Resolved::Dangling | Resolved::Loop, Some(symlink)) => Gone::Dangling { symlink },
            _ => Gone::Absent,
        }
    }

    fn path(&self, place: usize) -> String {
        self.scan.path(place).to_string_lossy().into_owned()
    }

    fn symlink(&self, place: usize) -> String {
        let target = match &self.scan.entries()[place].kind {
            Ok(Kind::Symlink { target }) => String::from_utf8_lossy(target).into_owned(),
            _ => String::new(),
        };
        format!("/{} -> {target}", self.path(place))
    }
}

fn left_out(entry: &LeftOut, target: Option<String>) -> Gone<'_> {
    Gone::LeftOut { by: &entry.by, reason: entry.reason.as_deref().unwrap_or("removed"), target }
}
