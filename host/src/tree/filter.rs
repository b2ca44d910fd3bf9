//! What of a scan goes into the flist.
//!
//! Filter plugins decide, one after the other; what one has dropped the next is not asked for. What the host itself sees
//! to, whoever decides: the folders of what is kept are kept, and a link that led somewhere must not be left dangling by
//! what was dropped.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use flistry_common::symlinks::Resolved;

use super::entries::Kind;
use super::left_out::{LeftOut, LeftOutStage};
use super::scan::Scan;
use super::symlinks::NameIndex;

/// What the filters have decided so far.
pub struct Filtered {
    dropped: Vec<Option<Verdict>>,
}

/// Who dropped an entry, and why.
struct Verdict {
    by: String,
    reason: String,
}

impl Filtered {
    /// Everything goes in.
    pub fn nothing(scan: &Scan) -> Self {
        Filtered { dropped: scan.entries().iter().map(|_| None).collect() }
    }

    /// Leaves out the entries whose paths are meant: what an earlier build dropped.
    pub fn without(scan: &Scan, is_out: impl Fn(&str) -> bool) -> Self {
        let mut filtered = Filtered::nothing(scan);
        for index in 1..scan.entries().len() {
            if is_out(&scan.path(index).to_string_lossy()) {
                filtered.dropped[index] = Some(Verdict { by: String::new(), reason: String::new() });
            }
        }
        filtered
    }

    /// Adds what one filter drops: places in the scan with the reasons. Folders of what is kept stay.
    pub fn drop(&mut self, scan: &Scan, by: &str, entries: impl IntoIterator<Item = (usize, String)>) {
        for (entry, reason) in entries {
            self.dropped[entry] = Some(Verdict { by: by.to_owned(), reason });
        }
        // Children come after their parents, so that one pass from the end reaches every folder above.
        for entry in (1..self.dropped.len()).rev() {
            if self.dropped[entry].is_none() {
                self.dropped[scan.entries()[entry].parent] = None;
            }
        }
    }

    /// Whether an entry of the scan goes in.
    pub fn keeps(&self, entry: usize) -> bool {
        self.dropped[entry].is_none()
    }

    /// What does not go in, in the scan's order.
    pub fn left_out(&self, scan: &Scan) -> Vec<LeftOut> {
        let dropped = self.dropped.iter().enumerate().filter_map(|(index, verdict)| Some((index, verdict.as_ref()?)));
        let left_out = |(index, Verdict { by, reason }): (usize, &Verdict)| LeftOut {
            path: scan.path(index).to_string_lossy().into_owned(),
            stage: LeftOutStage::Filter,
            by: by.clone(),
            reason: Some(reason.clone()),
            bytes: match scan.entries()[index].kind {
                Ok(Kind::File { size }) => Some(size),
                _ => None,
            },
        };
        dropped.map(left_out).collect()
    }

    /// Whether what is at `path`, or the lowest folder on the way that the scan has, goes in; `None` where the scan has
    /// nothing of it.
    pub fn keeps_path(&self, scan: &Scan, path: &Path) -> Option<bool> {
        let index = NameIndex::from_scan(scan);
        let mut at = 0;
        for name in path.iter() {
            match index.child(at, name.as_bytes()) {
                Some(found) => at = found,
                None => break,
            }
        }
        (at != 0 || path.as_os_str().is_empty()).then(|| self.keeps(at))
    }

    /// Looks for links that lead to what was dropped.
    ///
    /// # Errors
    /// [`FilterError::BrokenLink`] for a kept link whose target was dropped.
    pub fn check_links(&self, scan: &Scan) -> Result<(), FilterError> {
        if self.dropped.iter().all(Option::is_none) {
            return Ok(());
        }
        let index = NameIndex::from_scan(scan);
        for (symlink, entry) in scan.entries().iter().enumerate() {
            if let (true, Ok(Kind::Symlink { .. })) = (self.keeps(symlink), &entry.kind)
                && let Resolved::Found(found) = index.resolve(symlink)
                && let Some(verdict) = &self.dropped[found]
            {
                let (link, target) = (scan.path(symlink), scan.path(found));
                return Err(FilterError::BrokenLink {
                    link,
                    target,
                    by: verdict.by.clone(),
                    reason: verdict.reason.clone(),
                });
            }
        }
        Ok(())
    }
}

/// A selection that can't be packed.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// A link would lead nowhere.
    #[error(
        "the link {} would dangle: its target {} was dropped by plugin `{by}` ({reason})",
        link.display(),
        target.display()
    )]
    BrokenLink {
        /// The link's path in the source.
        link: PathBuf,
        /// Its target's.
        target: PathBuf,
        /// The plugin that dropped the target.
        by: String,
        /// Why.
        reason: String,
    },
}

impl FilterError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let FilterError::BrokenLink { link, by, .. } = self;
        Some(format!("let a filter drop {} as well, or correct what `{by}` drops", link.display()))
    }
}
