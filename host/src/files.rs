//! Files that a person named, and files that flistry replaces: opened with care, written whole or not at all.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

/// Opens a regular file.
pub(crate) fn open(path: &Path) -> Result<File> {
    // Opening a FIFO would wait for its writer.
    if !path.metadata()?.is_file() {
        return Err(Error::other("it is not a regular file"));
    }
    File::open(path)
}

/// The bytes of a regular file, but no more than `most` and one: a caller that gets more than `most` knows that the file is
/// larger.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first of `candidates` that is a file with the right to be run.
pub(crate) fn first_executable(candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    candidates.into_iter().find(runs)
}

/// What to do about a file that can't be written: the cause decides.
pub(crate) fn writing_hint(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "the directory must exist: make it, or name another one",
        ErrorKind::PermissionDenied => "the directory must be one that this user may write to",
        ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only: name a directory on another one",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space and try again",
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "there is a file where a directory is needed: move it away, or name another directory"
        }
        ErrorKind::IsADirectory => "there is a directory of the file's name: move it away, or name another file",
        _ => "the directory must exist and be writable",
    }
}

/// SHA-256 in hexadecimal, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// Writes a file so that its name has the old contents or the new, whatever happens.
///
/// # Errors
/// The system's; the old contents are kept then.
pub fn write_atomically(dir: &Dir, name: &str, bytes: &[u8]) -> Result<()> {
    replace(dir, name, |temporary| {
        let mut file = dir.create(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}

/// Makes `name` a symlink to `target`; what had the name before keeps it until the symlink is there.
pub(crate) fn symlink_atomically(dir: &Dir, target: &str, name: &str) -> Result<()> {
    replace(dir, name, |temporary| dir.symlink(target, temporary))
}

/// Makes something under a temporary name and renames it; leaves nothing behind if that fails.
pub(crate) fn replace(dir: &Dir, name: &str, make: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    // Process ids repeat between containers that share a directory; together with the time they hardly do.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let temporary = format!(".new-{now:x}-{}", std::process::id());
    let result = make(&temporary).and_then(|()| dir.rename(&temporary, dir, name));
    if result.is_err() {
        // The first error is the one to tell.
        let _ = dir.remove_file(&temporary);
    }
    result
}
