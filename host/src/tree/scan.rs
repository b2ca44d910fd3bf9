//! The walk over a source directory: what is there, in the normal form's order, by lstat alone.
//!
//! What an flist can't hold is recorded, not refused: a filter may still drop it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata, MetadataExt};

use crate::tree::Kind;
use crate::tree::source::{FileIdentity, Source};

/// Everything under a source directory.
pub struct Scan {
    entries: Vec<Scanned>,
}

/// One entry of the source.
#[derive(Debug)]
pub struct Scanned {
    /// The index of the directory it is in; the root's is 0.
    pub parent: usize,
    /// Its name as the file system has it.
    pub name: OsString,
    /// The whole `st_mode`.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The owning group.
    pub gid: u32,
    /// Modification time in whole seconds since 1970.
    pub mtime: i64,
    /// What it is, or why an flist can't hold it.
    pub kind: Result<Kind, Unpackable>,
    /// What tells whether a file was changed.
    pub identity: FileIdentity,
}

/// Why an flist can't hold an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpackable {
    /// A socket: it means nothing without its process.
    Socket,
    /// rfs reads names as UTF-8 and could not look this one up.
    NameNotUtf8,
    /// A directory that can't be listed, or a symlink that can't be read.
    Unreadable(String),
    /// A file type that Linux does not have.
    UnknownType(u32),
}

impl fmt::Display for Unpackable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unpackable::Socket => f.write_str("a socket can't be packed"),
            Unpackable::NameNotUtf8 => f.write_str("its name is not UTF-8, so that no node could look it up"),
            Unpackable::Unreadable(why) => write!(f, "it can't be read: {why}"),
            Unpackable::UnknownType(mode) => write!(f, "mode {mode:o} is not a file type that can be packed"),
        }
    }
}

impl Scan {
    /// All entries; the root first, children after their parents.
    pub fn entries(&self) -> &[Scanned] {
        &self.entries
    }

    /// An entry's path from the root, without a slash in front; the root's is empty.
    pub fn path(&self, mut index: usize) -> PathBuf {
        let mut names = Vec::new();
        while index != 0 {
            names.push(self.entries[index].name.as_os_str());
            index = self.entries[index].parent;
        }
        names.reverse();
        PathBuf::from(OsString::from_vec(names.join(OsStr::new("/")).into_vec()))
    }
}

/// Walks the whole source.
///
/// # Errors
/// Where the root itself can't be listed, or an entry vanishes during the walk.
pub fn scan(source: &Source) -> Result<Scan, ScanError> {
    let failed = |path: PathBuf, error| ScanError { root: source.path().to_owned(), path, error };
    let metadata = source.dir().dir_metadata().map_err(|error| failed(PathBuf::new(), error))?;
    let mut scan = Scan { entries: vec![scanned(0, OsString::new(), &metadata, Ok(Kind::Directory))] };
    list(&mut scan, 0, source.dir(), &failed)?;
    Ok(scan)
}

/// Adds what is in a directory. A directory that the user may not look into is recorded as that, all but the root.
fn list(
    scan: &mut Scan,
    directory: usize,
    dir: &Dir,
    failed: &dyn Fn(PathBuf, std::io::Error) -> ScanError,
) -> Result<(), ScanError> {
    let children = match look_into(dir) {
        Ok(children) => children,
        Err((_, error)) if directory != 0 && error.kind() == ErrorKind::PermissionDenied => {
            scan.entries[directory].kind = Err(Unpackable::Unreadable(error.to_string()));
            return Ok(());
        }
        Err((name, error)) => return Err(failed(scan.path(directory).join(name), error)),
    };
    for (name, metadata) in children {
        let index = scan.entries.len();
        let kind = kind(dir, &name, &metadata);
        let is_directory = kind == Ok(Kind::Directory);
        scan.entries.push(scanned(directory, name, &metadata, kind));
        if is_directory {
            match dir.open_dir_nofollow(&scan.entries[index].name) {
                Ok(child) => list(scan, index, &child, failed)?,
                Err(error) => scan.entries[index].kind = Err(Unpackable::Unreadable(error.to_string())),
            }
        }
    }
    Ok(())
}

/// A directory's entries by name; an error with the name of the entry that has it.
fn look_into(dir: &Dir) -> Result<Vec<(OsString, Metadata)>, (OsString, std::io::Error)> {
    let here = |error| (OsString::new(), error);
    let mut children = Vec::new();
    for entry in dir.entries().map_err(here)? {
        let name = entry.map_err(here)?.file_name();
        let metadata = dir.symlink_metadata(&name).map_err(|error| (name.clone(), error))?;
        children.push((name, metadata));
    }
    children.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    Ok(children)
}

fn kind(dir: &Dir, name: &OsStr, metadata: &Metadata) -> Result<Kind, Unpackable> {
    if name.to_str().is_none() {
        return Err(Unpackable::NameNotUtf8);
    }
    let mode = metadata.mode();
    let target = if metadata.is_symlink() {
        let target = dir.read_link_contents(name).map_err(|error| Unpackable::Unreadable(error.to_string()))?;
        Some(target.into_os_string().into_vec())
    } else {
        None
    };
    match Kind::from_columns(mode, metadata.len(), metadata.rdev(), target) {
        Some(kind) => Ok(kind),
        None if mode & 0o170_000 == 0o140_000 => Err(Unpackable::Socket),
        None => Err(Unpackable::UnknownType(mode)),
    }
}

fn scanned(parent: usize, name: OsString, metadata: &Metadata, kind: Result<Kind, Unpackable>) -> Scanned {
    Scanned {
        parent,
        name,
        mode: metadata.mode(),
        uid: metadata.uid(),
        gid: metadata.gid(),
        mtime: metadata.mtime(),
        kind,
        identity: FileIdentity::of(metadata),
    }
}

/// A source that could not be walked.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {error}", root.join(path).display())]
pub struct ScanError {
    root: PathBuf,
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

impl ScanError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self.error.kind() {
            ErrorKind::NotFound => {
                "it vanished during the walk: nothing may write to a source while it is packed".into()
            }
            _ => "the source must be readable by the user who builds".into(),
        })
    }
}
