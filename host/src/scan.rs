//! The walk over a source folder: what is there, in the normal form's order, by lstat alone.
//!
//! What an flist can't hold is recorded, not refused: a filter may still drop it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata, MetadataExt};

use crate::source::{FileIdentity, Source};
use crate::tree::Kind;

/// Everything under a source folder.
pub struct Scan {
    entries: Vec<Scanned>,
}

/// One entry of the source.
#[derive(Debug)]
pub struct Scanned {
    /// The index of the folder it is in; the root's is 0.
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
    /// A folder that can't be listed, or a link that can't be read.
    Unreadable(String),
    /// A file type that is none of Linux's.
    UnknownType(u32),
}

impl fmt::Display for Unpackable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unpackable::Socket => f.write_str("a socket can't be packed"),
            Unpackable::NameNotUtf8 => f.write_str("its name is not UTF-8, so that no node could look it up"),
            Unpackable::Unreadable(why) => write!(f, "it can't be read: {why}"),
            Unpackable::UnknownType(mode) => write!(f, "mode {mode:o} is no file type that can be packed"),
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
    let failed = |path: PathBuf, error| ScanError { root: source.path.clone(), path, error };
    let metadata = source.dir().dir_metadata().map_err(|error| failed(PathBuf::new(), error))?;
    let mut scan = Scan { entries: vec![scanned(0, OsString::new(), &metadata, Ok(Kind::Directory))] };
    list(&mut scan, 0, source.dir(), &failed)?;
    Ok(scan)
}

fn list(
    scan: &mut Scan,
    folder: usize,
    dir: &Dir,
    failed: &dyn Fn(PathBuf, std::io::Error) -> ScanError,
) -> Result<(), ScanError> {
    let here = |scan: &Scan, error| failed(scan.path(folder), error);
    let mut names = Vec::new();
    for entry in dir.entries().map_err(|error| here(scan, error))? {
        names.push(entry.map_err(|error| here(scan, error))?.file_name());
    }
    names.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    for name in names {
        let index = scan.entries.len();
        let metadata = match dir.symlink_metadata(&name) {
            Ok(metadata) => metadata,
            Err(error) => return Err(failed(scan.path(folder).join(&name), error)),
        };
        let kind = kind(dir, &name, &metadata);
        let is_folder = kind == Ok(Kind::Directory);
        scan.entries.push(scanned(folder, name, &metadata, kind));
        if is_folder {
            let name = &scan.entries[index].name;
            let opened = dir.open_dir_nofollow(name);
            match opened {
                Ok(child) => list(scan, index, &child, failed)?,
                Err(error) => scan.entries[index].kind = Err(Unpackable::Unreadable(error.to_string())),
            }
        }
    }
    Ok(())
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
    error: std::io::Error,
}

impl ScanError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self.error.kind() {
            std::io::ErrorKind::NotFound => {
                "it vanished during the walk: nothing may write to a source while it is packed".into()
            }
            _ => "the source must be readable by the user who builds".into(),
        })
    }
}
