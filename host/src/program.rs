//! Looking for other people's programs.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The first of `candidates` that is a file with the right to be run.
pub(crate) fn first(candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    candidates.into_iter().find(runs)
}
