//! What of a scan goes into the flist.
//!
//! Filter plugins decide, one after the other; the next one is not asked for what was dropped. Two rules are the host's own: the
//! directories of what is kept are kept, and a symlink that led somewhere must not be left dangling by what was dropped.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::entries::Kind;
use super::left_out::{LeftOut, LeftOutStage};
use super::scan::Scan;
use super::symlinks::NameIndex;

/// What the filters have decided so far.
pub struct Filtered {
    dropped: Vec<Option<Dropped>>,
}

/// Who dropped an entry, and why.
struct Dropped {
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
                filtered.dropped[index] = Some(Dropped { by: String::new(), reason: String::new() });
            }
        }
        filtered
    }

    /// Adds what one filter drops: places in the scan with the reasons. Directories of what is kept stay.
    pub fn drop(&mut self, scan: &Scan, by: &str, entries: impl IntoIterator<Item = (usize, String)>) {
        for (entry, reason) in entries {
            self.dropped[entry] = Some(Dropped { by: by.to_owned(), reason });
        }
        // Children come after their parents, so that one pass from the end reaches every directory above.
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
        let dropped = self.dropped.iter().enumerate().filter_map(|(index, dropped)| Some((index, dropped.as_ref()?)));
        let left_out = |(index, Dropped { by, reason }): (usize, &Dropped)| LeftOut {
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

    /// Whether what is at `path`, or the lowest directory on the way that the scan has, goes in; `None` where the scan has
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

    /// Looks for symlinks that lead to what was dropped, or through it. A node sees the flist at `places`.
    ///
    /// # Errors
    /// [`FilterError::BrokenSymlink`] for a kept symlink that would no longer lead where it leads.
    pub fn check_symlinks(&self, scan: &Scan, places: &[String]) -> Result<(), FilterError> {
        if self.dropped.iter().all(Option::is_none) {
            return Ok(());
        }
        let index = NameIndex::from_scan(scan).seen_at(places);
        for symlink in (0..scan.entries().len()).filter(|entry| self.keeps(*entry)) {
            let needs = index.needs(symlink);
            let gone = needs.into_iter().find_map(|entry| Some((entry, self.dropped[entry].as_ref()?)));
            if let Some((target, Dropped { by, reason })) = gone {
                let (symlink, target) = (scan.path(symlink), scan.path(target));
                return Err(FilterError::BrokenSymlink { symlink, target, by: by.clone(), reason: reason.clone() });
            }
        }
        Ok(())
    }
}

/// A selection that can't be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A symlink would dangle.
    #[error(
        "the symlink {} would dangle without {}, which plugin `{by}` dropped ({reason})",
        symlink.display(),
        target.display()
    )]
    BrokenSymlink {
        /// The symlink's path in the source.
        symlink: PathBuf,
        /// The path of what it leads to or through.
        target: PathBuf,
        /// The plugin that dropped that.
        by: String,
        /// The plugin's reason.
        reason: String,
    },
}

impl FilterError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let FilterError::BrokenSymlink { symlink, by, .. } = self;
        Some(format!("let a filter drop {} as well, or correct what `{by}` drops", symlink.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::super::source::Source;
    use super::*;

    /// A scan of files and of symlinks (`a -> b`) at these paths, of which some are dropped.
    fn filtered(lines: &[&str], dropped: &[&str]) -> (Scan, Filtered) {
        let directory = tempfile::tempdir().unwrap();
        for line in lines {
            let (path, target) = line.split_once(" -> ").unwrap_or((line, ""));
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match target {
                "" => std::fs::write(path, "").unwrap(),
                target => std::os::unix::fs::symlink(target, path).unwrap(),
            }
        }
        let scan = scan(&Source::open_ambient("tools", &[directory.path().to_owned()]).unwrap()).unwrap();
        let places =
            (0..scan.entries().len()).filter(|place| dropped.iter().any(|path| scan.path(*place) == Path::new(path)));
        let mut filtered = Filtered::nothing(&scan);
        filtered.drop(&scan, "a-filter", places.map(|place| (place, "unwanted".to_owned())));
        (scan, filtered)
    }

    fn left_out(lines: &[&str], dropped: &[&str]) -> Vec<String> {
        let (scan, filtered) = filtered(lines, dropped);
        filtered.left_out(&scan).into_iter().map(|left_out| left_out.path).collect()
    }

    fn broken(lines: &[&str], dropped: &[&str]) -> Option<String> {
        let (scan, filtered) = filtered(lines, dropped);
        filtered.check_symlinks(&scan, &["/lib/tree".to_owned()]).err().map(|error| error.to_string())
    }

    #[test]
    fn directories_of_what_is_kept_are_kept() {
        assert_eq!(left_out(&["a/b/c", "a/d", "e/f"], &["a", "a/b", "a/d", "e", "e/f"]), ["a/d", "e", "e/f"]);
    }

    #[test]
    fn a_path_is_kept_like_the_lowest_directory_that_is_there() {
        let (scan, filtered) = filtered(&["a/b", "c"], &["a", "a/b"]);
        let keeps = |path: &str| filtered.keeps_path(&scan, Path::new(path));
        assert_eq!(
            [keeps("a/b"), keeps("a/x/y"), keeps("c"), keeps("")],
            [Some(false), Some(false), Some(true), Some(true)]
        );
        assert_eq!(keeps("x/y"), None);
    }

    #[test]
    fn a_symlink_must_not_be_left_dangling() {
        let lines = ["a -> d/f", "d/f", "gone -> nowhere"];
        let message = "the symlink a would dangle without d/f, which plugin `a-filter` dropped (unwanted)";
        assert_eq!(broken(&lines, &["d/f"]).as_deref(), Some(message));
        assert_eq!((broken(&lines, &["a", "d/f"]), broken(&lines, &[])), (None, None));
    }

    #[test]
    fn what_a_symlink_leads_through_must_stay_too() {
        let lines = ["a -> s/f", "s -> d", "d/f", "up -> e/../d/f", "e/x"];
        let message = |path| format!("the symlink {path}, which plugin `a-filter` dropped (unwanted)");
        assert_eq!(broken(&lines, &["s"]), Some(message("a would dangle without s")));
        assert_eq!(broken(&lines, &["e", "e/x"]), Some(message("up would dangle without e")));
        // Also from where a node sees the tree, and where the way ends outside.
        let lines = ["a -> /lib/tree/s/f", "s -> d", "d/f", "b -> out", "out -> /opt/x", "c -> /lib/other/s"];
        assert_eq!(broken(&lines, &["s"]), Some(message("a would dangle without s")));
        assert_eq!(broken(&lines, &["d", "d/f", "s"]), Some(message("a would dangle without s")));
        assert_eq!(broken(&lines, &["d", "d/f", "s", "a"]), None);
        assert_eq!(broken(&lines, &["out"]), Some(message("b would dangle without out")));
    }
}
