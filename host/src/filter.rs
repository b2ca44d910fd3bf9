//! What of a scan goes into the flist.
//!
//! The stage is fixed, its rules are not: today the configuration's `exclude` patterns decide, and a filter plugin
//! takes that place. What the host itself sees to, whoever decides: a folder that is dropped takes its contents with
//! it, and a link that led somewhere must not be left dangling by what was dropped.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::config::ExcludePattern;
use crate::scan::Scan;
use crate::tree::Kind;

/// How many links Linux follows in one look-up (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// What the filters decided.
pub struct Filtered {
    kept: Vec<bool>,
    dropped: Vec<Dropped>,
}

/// An entry that does not go into the flist.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dropped {
    /// Its path from the source's root.
    pub path: String,
    /// Who dropped it.
    pub by: String,
}

impl Filtered {
    /// Whether an entry of the scan goes in.
    pub fn keeps(&self, entry: usize) -> bool {
        self.kept[entry]
    }

    /// Leaves out the entries whose paths are meant: what an earlier build dropped.
    pub fn without(scan: &Scan, is_out: impl Fn(&str) -> bool) -> Self {
        let kept = (0..scan.entries().len()).map(|index| !is_out(&scan.path(index).to_string_lossy()));
        Filtered { kept: kept.collect(), dropped: Vec::new() }
    }

    /// What does not go in, in the scan's order.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }
}

/// Applies the exclude patterns.
///
/// # Errors
/// [`FilterError::BrokenLink`] for a kept link whose target was dropped.
pub fn filter(scan: &Scan, exclude: &[ExcludePattern]) -> Result<Filtered, FilterError> {
    let mut dropped_by: Vec<Option<usize>> = vec![None; scan.entries().len()];
    let mut dropped = Vec::new();
    for (index, entry) in scan.entries().iter().enumerate().skip(1) {
        let path = scan.path(index).to_string_lossy().into_owned();
        dropped_by[index] =
            dropped_by[entry.parent].or_else(|| exclude.iter().position(|pattern| pattern.excludes(&path)));
        if let Some(pattern) = dropped_by[index] {
            dropped.push(Dropped { path, by: by(&exclude[pattern]) });
        }
    }
    let names = if dropped.is_empty() { HashMap::new() } else { names(scan) };
    for (index, entry) in scan.entries().iter().enumerate() {
        if let (None, Ok(Kind::Symlink { target })) = (dropped_by[index], &entry.kind)
            && let Some(found) = resolve(scan, &names, entry.parent, target)
            && let Some(pattern) = dropped_by[found]
        {
            return Err(FilterError::BrokenLink {
                link: scan.path(index),
                target: scan.path(found),
                by: by(&exclude[pattern]),
            });
        }
    }
    Ok(Filtered { kept: dropped_by.iter().map(Option::is_none).collect(), dropped })
}

fn by(pattern: &ExcludePattern) -> String {
    format!("exclude pattern `{}`", pattern.as_str())
}

/// Every entry by its folder and its name.
fn names(scan: &Scan) -> HashMap<(usize, &OsStr), usize> {
    scan.entries().iter().enumerate().skip(1).map(|(index, e)| ((e.parent, e.name.as_os_str()), index)).collect()
}

/// The entry that a link in `folder` leads to; `None` where it dangles or leaves the tree.
fn resolve(scan: &Scan, names: &HashMap<(usize, &OsStr), usize>, folder: usize, target: &[u8]) -> Option<usize> {
    let mut at = folder;
    let mut links = 0;
    let mut rest: Vec<Vec<u8>> = components(target)?;
    while let Some(name) = rest.pop() {
        match &name[..] {
            b"." => {}
            b".." if at == 0 => return None,
            b".." => at = scan.entries()[at].parent,
            name => {
                let index = *names.get(&(at, OsStr::from_bytes(name)))?;
                if let Ok(Kind::Symlink { target }) = &scan.entries()[index].kind {
                    links += 1;
                    if links > MAX_LINKS {
                        return None;
                    }
                    rest.extend(components(target)?);
                } else {
                    at = index;
                }
            }
        }
    }
    Some(at)
}

/// A target's components, the last one first; `None` for an absolute target, which leaves the tree.
fn components(target: &[u8]) -> Option<Vec<Vec<u8>>> {
    if target.first() == Some(&b'/') {
        return None;
    }
    Some(target.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).rev().map(<[u8]>::to_vec).collect())
}

/// A selection that can't be packed.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// A link would lead nowhere.
    #[error("the link {} would dangle: its target {} was dropped by {by}", link.display(), target.display())]
    BrokenLink {
        /// The link's path in the source.
        link: PathBuf,
        /// Its target's.
        target: PathBuf,
        /// Who dropped the target.
        by: String,
    },
}

impl FilterError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let FilterError::BrokenLink { link, .. } = self;
        Some(format!("exclude {} as well, or keep its target", link.display()))
    }
}
