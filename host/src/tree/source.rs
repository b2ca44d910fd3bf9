//! The directory that an flist is made from.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

/// A source directory, opened once. Everything after this reads through it, so that nothing a tree holds, no symlink and no name,
/// can make a build read outside it; and its files are read as the scan saw them, or not at all.
pub struct Source {
    /// For messages and as a key in the file cache; nothing is opened by it.
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

/// How many directories deep a source is looked into for something that is none.
const MAX_LOOK: usize = 32;

/// Whether `name` is that of a file that is there to keep a directory in a repository, and means nothing where it lies.
pub fn is_placeholder(name: impl AsRef<OsStr>) -> bool {
    [".gitkeep", ".keep", ".gitignore"].iter().any(|placeholder| name.as_ref() == *placeholder)
}

/// Whether there is anything in a directory but directories and placeholders.
fn holds_something(dir: &Dir, depth: usize) -> std::io::Result<bool> {
    for entry in dir.entries()? {
        let entry = entry?;
        let found = match entry.file_type()?.is_dir() {
            true => depth == 0 || holds_something(&entry.open_dir()?, depth - 1)?,
            false => !is_placeholder(entry.file_name()),
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
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
    /// Opens the first candidate that exists and has something in it; where all that exist are empty, the first of those.
    ///
    /// # Errors
    /// [`SourceError::Missing`] names all candidates; one that exists but can't be opened is an error too, not a reason
    /// to try the next.
    pub fn open_ambient(flist: &str, candidates: &[PathBuf]) -> Result<Source, SourceError> {
        let mut empty = None;
        for path in candidates {
            match Dir::open_ambient_dir(path, ambient_authority()) {
                // What can't be listed is not known to be empty; the scan says what is wrong with it.
                Ok(dir) => match holds_something(&dir, MAX_LOOK).unwrap_or(true) {
                    true => return Ok(Source { path: path.clone(), dir }),
                    false => empty = empty.or(Some(Source { path: path.clone(), dir })),
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(SourceError::Open { path: path.clone(), error }),
            }
        }
        empty.ok_or_else(|| SourceError::Missing { flist: flist.to_owned(), candidates: candidates.to_vec() })
    }

    /// The same directory once more.
    ///
    /// # Errors
    /// The system's.
    pub fn try_clone(&self) -> std::io::Result<Source> {
        Ok(Source { path: self.path.clone(), dir: self.dir.try_clone()? })
    }

    /// The open directory, for the walk over it.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Opens a file that must be what it was when it was scanned. Symlinks are not followed, and what has become a pipe
    /// since the scan does not hang the build.
    ///
    /// # Errors
    /// The system's, and [`SourceReadError::Changed`].
    pub fn open_unchanged(&self, path: &str, was: &FileIdentity) -> Result<SourceFile, SourceReadError> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::NONBLOCK.bits() as i32);
        let file = SourceFile { file: self.dir.open_with(path, &options)?, was: *was };
        // Before the first read as well: reading what is no longer a file could take forever.
        file.check()?;
        Ok(file)
    }

    /// All bytes of a file that must be what it was when it was scanned, and has no more than `most`.
    ///
    /// # Errors
    /// As for [`Source::open_unchanged`]; one of the kind `FileTooLarge` for a file that has more.
    pub fn read_unchanged(&self, path: &str, was: &FileIdentity, most: u64) -> Result<Vec<u8>, SourceReadError> {
        if was.size > most {
            let what = format!("it has {} bytes, more than the allowed {most}", was.size);
            return Err(std::io::Error::new(ErrorKind::FileTooLarge, what).into());
        }
        self.read_range_unchanged(path, was, 0..was.size)
    }

    /// A range of the bytes of a file that must be what it was when it was scanned; what of the range lies behind the
    /// file's end is left out.
    ///
    /// # Errors
    /// As for [`Source::open_unchanged`].
    pub fn read_range_unchanged(
        &self,
        path: &str,
        was: &FileIdentity,
        range: Range<u64>,
    ) -> Result<Vec<u8>, SourceReadError> {
        let file = self.open_unchanged(path, was)?;
        let len = range.end.min(was.size).saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(len).map_err(std::io::Error::other)?];
        if !bytes.is_empty() {
            file.read_exact_at(&mut bytes, range.start)?;
        }
        Ok(bytes)
    }

    /// The directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// An open file of the source. What is read of it is what the scan saw, or an error.
pub struct SourceFile {
    file: File,
    was: FileIdentity,
}

impl SourceFile {
    /// Fills `buffer` with what stands at `offset`.
    ///
    /// # Errors
    /// The system's, and [`SourceReadError::Changed`].
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), SourceReadError> {
        match self.file.read_exact_at(buffer, offset) {
            Ok(()) => self.check(),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(SourceReadError::Changed),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies all of it: between two files within the kernel, and on some file systems without reading at all.
    ///
    /// # Errors
    /// The system's, for either file, and [`SourceReadError::Changed`].
    pub fn copy_to(self, to: &mut std::fs::File) -> Result<(), SourceReadError> {
        let mut from = self.file.into_std().take(self.was.size);
        std::io::copy(&mut from, to)?;
        // Also where it became shorter: its size is a part of the identity.
        SourceFile { file: File::from_std(from.into_inner()), was: self.was }.check()
    }

    /// The change time moves with every write: what is unchanged after a read was unchanged during it.
    fn check(&self) -> Result<(), SourceReadError> {
        match FileIdentity::of(&self.file.metadata()?) == self.was {
            true => Ok(()),
            false => Err(SourceReadError::Changed),
        }
    }
}

impl AsFd for SourceFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Why a file of the source can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceReadError {
    /// It is not what the scan saw.
    #[error("it was written to since the scan")]
    Changed,
    /// The system's reason.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl From<SourceReadError> for std::io::Error {
    fn from(error: SourceReadError) -> Self {
        match error {
            SourceReadError::Changed => std::io::Error::other(error),
            SourceReadError::System(error) => error,
        }
    }
}

/// A source that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A source with one file `a` of four bytes, and that file's identity.
    fn source() -> (tempfile::TempDir, Source, FileIdentity) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a"), "1234").unwrap();
        let source = Source::open_ambient("tools", &[directory.path().to_owned()]).unwrap();
        let was = FileIdentity::of(&source.dir().symlink_metadata("a").unwrap());
        (directory, source, was)
    }

    #[test]
    fn the_first_directory_that_holds_something_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for path in ["empty", "kept/deep", "nested/a/b", "full/a", "linked"] {
            std::fs::create_dir_all(at(path)).unwrap();
        }
        for placeholder in ["kept/.gitkeep", "kept/deep/.gitignore", "full/.gitkeep"] {
            std::fs::write(at(placeholder), "").unwrap();
        }
        std::fs::write(at("full/a/b"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", at("linked/a")).unwrap();
        let opened = |names: &[&str]| {
            let candidates: Vec<PathBuf> = names.iter().map(|name| at(name)).collect();
            let source = Source::open_ambient("tools", &candidates).unwrap();
            source.path().file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(opened(&["missing", "empty", "kept", "nested", "full", "linked"]), "full");
        assert_eq!(opened(&["linked", "full"]), "linked");
        assert_eq!(opened(&["missing", "kept", "empty"]), "kept");
    }

    #[test]
    fn a_file_is_read_whole_or_in_part() {
        let (_directory, source, was) = source();
        assert_eq!(source.read_unchanged("a", &was, 4).unwrap(), b"1234");
        let range = |range| source.read_range_unchanged("a", &was, range).unwrap();
        assert_eq!([range(1..3), range(2..100), range(4..100), range(100..u64::MAX)], [&b"23"[..], b"34", b"", b""]);
    }

    #[test]
    fn a_larger_file_than_allowed_is_not_read() {
        let (_directory, source, was) = source();
        let error = std::io::Error::from(source.read_unchanged("a", &was, 3).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it has 4 bytes, more than the allowed 3");
    }

    #[test]
    fn what_changed_since_the_scan_is_an_error() {
        let (directory, source, was) = source();
        let path = directory.path().join("a");
        let open = source.open_unchanged("a", &was).unwrap();
        let copied = source.open_unchanged("a", &was).unwrap();
        std::fs::write(&path, "12345").unwrap();
        let mut buffer = [0; 4];
        assert!(matches!(open.read_exact_at(&mut buffer, 0), Err(SourceReadError::Changed)));
        let mut copy = std::fs::File::create(directory.path().join("b")).unwrap();
        assert!(matches!(copied.copy_to(&mut copy), Err(SourceReadError::Changed)));
        assert!(matches!(source.read_unchanged("a", &was, 9), Err(SourceReadError::Changed)));

        // The same bytes under the same name are another file.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "1234").unwrap();
        assert!(matches!(source.read_unchanged("a", &was, 9), Err(SourceReadError::Changed)));
    }

    #[test]
    fn what_became_a_symlink_or_a_pipe_is_not_followed_or_waited_for() {
        let (directory, source, was) = source();
        let path = directory.path().join("a");
        std::fs::rename(&path, directory.path().join("b")).unwrap();
        std::os::unix::fs::symlink("b", &path).unwrap();
        assert!(matches!(source.open_unchanged("a", &was), Err(SourceReadError::System(_))));
        std::fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(source.open_unchanged("a", &was), Err(SourceReadError::Changed)));
    }
}
