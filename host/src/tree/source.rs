//! The directory that an flist is made from.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

/// A source directory, opened once. Everything after this reads through [`Source::dir`], so that nothing a tree holds,
/// no symlink and no name, can make a build read outside it.
pub struct Source {
    /// For messages and as the pack cache's key; nothing is opened by it.
    path: PathBuf,
    dir: Dir,
}

/// What an entry's contents are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// A file of the source, as it was when it was scanned.
    Source(FileIdentity),
    /// Bytes that the build itself makes, such as module indexes.
    Generated(Vec<u8>),
}

/// What tells that a file is the one that was looked at before, and that nobody wrote to it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// Device number of the file system.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Length in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time in nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// A file that was written this shortly ago could be written again without its times moving, on file systems whose
/// clocks tick slowly (FAT: two seconds).
const SETTLED_NS: i64 = 2_000_000_000;

/// The time in nanoseconds since 1970, as identities have it.
pub(crate) fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i64)
}

impl FileIdentity {
    /// Whether a change after `now` (nanoseconds since 1970) would show in the identity. One that would not must not be
    /// remembered.
    pub(crate) fn settled(&self, now: i64) -> bool {
        now.saturating_sub(self.ctime_ns) >= SETTLED_NS
    }

    /// The identity in a file's metadata.
    pub fn of(metadata: &cap_std::fs::Metadata) -> Self {
        use cap_std::fs::MetadataExt;
        let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        FileIdentity {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.len(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Source {
    /// Opens the first candidate that exists.
    ///
    /// # Errors
    /// [`SourceError::Missing`] names all candidates; one that exists but can't be opened is an error too, not a reason
    /// to try the next.
    pub fn open_ambient(flist: &str, candidates: &[PathBuf]) -> Result<Source, SourceError> {
        for path in candidates {
            match Dir::open_ambient_dir(path, ambient_authority()) {
                Ok(dir) => return Ok(Source { path: path.clone(), dir }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(SourceError::Open { path: path.clone(), error }),
            }
        }
        Err(SourceError::Missing { flist: flist.to_owned(), candidates: candidates.to_vec() })
    }

    /// The open directory.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Opens a file for reading. Links are not followed, and what has become a pipe since the scan does not hang the
    /// build.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self, path: &str) -> std::io::Result<File> {
        open_in(&self.dir, path)
    }

    /// Opens a file that must be what it was when it was scanned.
    ///
    /// # Errors
    /// The system's, and one that says that the file was written to.
    pub fn open_unchanged(&self, path: &str, was: &FileIdentity) -> std::io::Result<File> {
        open_unchanged_in(&self.dir, path, was)
    }

    /// The bytes of a file that must be what it was when it was scanned.
    ///
    /// # Errors
    /// The system's, and one that says that the file was written to.
    pub fn read_unchanged(&self, path: &str, was: &FileIdentity) -> std::io::Result<Vec<u8>> {
        read_unchanged_in(&self.dir, path, was, 0..was.size)
    }

    /// The directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// [`Source::open`] for who holds the directory alone.
pub(crate) fn open_in(dir: &Dir, path: &str) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::NONBLOCK.bits() as i32);
    dir.open_with(path, &options)
}

/// [`Source::open_unchanged`] for who holds the directory alone.
pub(crate) fn open_unchanged_in(dir: &Dir, path: &str, was: &FileIdentity) -> std::io::Result<File> {
    let file = open_in(dir, path)?;
    match FileIdentity::of(&file.metadata()?) == *was {
        true => Ok(file),
        false => Err(std::io::Error::other("it was written to since the scan")),
    }
}

/// A range of the bytes of a file that must be what it was when it was scanned; what of the range lies behind the file's
/// end is left out.
///
/// # Errors
/// The system's, and one that says that the file was written to.
pub(crate) fn read_unchanged_in(
    dir: &Dir,
    path: &str,
    was: &FileIdentity,
    range: Range<u64>,
) -> std::io::Result<Vec<u8>> {
    let file = open_unchanged_in(dir, path, was)?;
    let len = range.end.min(was.size).saturating_sub(range.start);
    let mut bytes = vec![0; usize::try_from(len).map_err(std::io::Error::other)?];
    if !bytes.is_empty() {
        file.read_exact_at(&mut bytes, range.start)?;
    }
    Ok(bytes)
}

/// A source that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No candidate exists.
    #[error("flist `{flist}` has no source: {} not exist", paths_do(candidates))]
    Missing {
        /// The flist's name in the configuration.
        flist: String,
        /// What was tried, in order.
        candidates: Vec<PathBuf>,
    },
    /// A candidate exists and can't be opened as a directory.
    #[error("cannot open the source directory {}: {error}", path.display())]
    Open {
        /// The candidate.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
}

impl SourceError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            SourceError::Missing { flist, .. } => {
                format!("run the step that makes it, or change `source` of [flist.{flist}] in config/flistry.toml")
            }
            SourceError::Open { path, .. } => format!("{} must be a directory that this user may read", path.display()),
        })
    }
}

fn paths_do(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    match &names[..] {
        [one] => format!("{one} does"),
        several => format!("{} do", several.join(" and ")),
    }
}
