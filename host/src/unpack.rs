//! From an flist back to a directory.
//!
//! The target is opened once and nothing is reached but through it; directories are made before what is in them and
//! opened without following symlinks. So nothing that a manifest says can make this write elsewhere.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, Uid};

use crate::manifest::Manifest;
use crate::printable::Printable;
use crate::progress::{Progress, Step};
use crate::store::ReadBlobs;
use crate::store::fetch::{FetchError, fetch};
use crate::store::parallel;
use crate::tree::{Attributes, EntryId, Kind};

/// Writes every entry of `manifest` into the directory `target`, which must be empty or not exist yet. Owners are set
/// where `owners` says so, which takes root.
///
/// # Errors
/// The first entry that can't be read or written. What was written by then stays.
pub fn unpack(
    manifest: &Manifest,
    store: &dyn ReadBlobs,
    target: &Path,
    owners: bool,
    progress: &dyn Progress,
) -> Result<(), UnpackError> {
    let failed = |error| UnpackError::Write { path: target.to_owned(), error };
    std::fs::create_dir_all(target).map_err(failed)?;
    let root = Dir::open_ambient_dir(target, ambient_authority()).map_err(failed)?;
    if root.entries().map_err(failed)?.next().is_some() {
        return Err(UnpackError::NotEmpty { path: target.to_owned() });
    }
    Unpack { manifest, store, target, root, owners, progress }.run()
}

struct Unpack<'a> {
    manifest: &'a Manifest,
    store: &'a dyn ReadBlobs,
    target: &'a Path,
    root: Dir,
    owners: bool,
    progress: &'a dyn Progress,
}

impl Unpack<'_> {
    fn run(&self) -> Result<(), UnpackError> {
        let tree = &self.manifest.tree;
        let of_kind = |wanted: fn(&Kind) -> bool| {
            tree.iter().filter(move |(_, entry)| wanted(&entry.kind)).map(|(id, _)| id).collect::<Vec<EntryId>>()
        };
        let directories = of_kind(|kind| *kind == Kind::Directory);
        for id in directories.iter().skip(1) {
            self.at(*id, |dir, name| dir.create_dir(name))?;
        }
        self.progress.begin(Step::Unpack, tree.counts().bytes);
        let files = of_kind(|kind| matches!(kind, Kind::File { .. }));
        parallel::map(&files, self.store.parallelism(), |id| self.file(*id))?;
        for id in of_kind(|kind| !matches!(kind, Kind::File { .. } | Kind::Directory)) {
            self.other(id)?;
        }
        // Last and from the leaves up: a directory may be read-only, and its time moves with what is put into it.
        for id in directories.iter().rev() {
            let attributes = &tree.get(*id).attributes;
            let directory = self.directory(*id)?;
            self.set_attributes(&directory, ".", attributes).map_err(|error| self.failed(*id, error))?;
        }
        Ok(())
    }

    fn file(&self, id: EntryId) -> Result<(), UnpackError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).follow(FollowSymlinks::No);
        let entry = self.manifest.tree.get(id);
        let directory = self.directory(entry.parent)?;
        let mut file = directory.open_with(&*entry.name, &options).map_err(|error| self.failed(id, error))?;
        for block in self.manifest.blocks.of(id) {
            let plain = fetch(self.store, block)
                .map_err(|error| UnpackError::Fetch { path: self.manifest.tree.path(id), error })?;
            file.write_all(plain.bytes()).map_err(|error| self.failed(id, error))?;
            self.progress.advance(plain.bytes().len() as u64);
        }
        // A block could be shorter than a full one; the size is what the manifest promises.
        let Kind::File { size } = entry.kind else { unreachable!("files only") };
        let written = file.metadata().map_err(|error| self.failed(id, error))?.len();
        if written != size {
            return Err(UnpackError::Size { path: self.manifest.tree.path(id), size, written });
        }
        self.set_attributes(&directory, &entry.name, &entry.attributes).map_err(|error| self.failed(id, error))
    }

    /// Symlinks, devices and pipes.
    fn other(&self, id: EntryId) -> Result<(), UnpackError> {
        use rustix::fs::FileType::{BlockDevice, CharacterDevice, Fifo};
        let entry = self.manifest.tree.get(id);
        let mode = Mode::from_raw_mode(entry.attributes.permissions.bits());
        self.at(id, |dir, name| {
            match &entry.kind {
                Kind::Symlink { target } => dir.symlink_contents(OsStr::from_bytes(target), name)?,
                Kind::Fifo => rustix::fs::mknodat(dir, name, Fifo, mode, 0)?,
                Kind::CharDevice { rdev } => rustix::fs::mknodat(dir, name, CharacterDevice, mode, *rdev)?,
                Kind::BlockDevice { rdev } => rustix::fs::mknodat(dir, name, BlockDevice, mode, *rdev)?,
                Kind::File { .. } | Kind::Directory => unreachable!("made before"),
            }
            if matches!(entry.kind, Kind::Symlink { .. }) {
                self.set_owner(dir, name, &entry.attributes)?;
                return set_time(dir, name, &entry.attributes);
            }
            self.set_attributes(dir, name, &entry.attributes)
        })
    }

    /// Sets what is not a symlink's: a symlink has no mode of its own.
    fn set_attributes(&self, directory: &Dir, name: &str, attributes: &Attributes) -> std::io::Result<()> {
        self.set_owner(directory, name, attributes)?;
        // After the owner, whose change clears setuid. What was made has the process's umask taken off.
        let mode = Mode::from_raw_mode(attributes.permissions.bits());
        rustix::fs::chmodat(directory, name, mode, AtFlags::empty())?;
        set_time(directory, name, attributes)
    }

    fn set_owner(&self, directory: &Dir, name: &str, attributes: &Attributes) -> std::io::Result<()> {
        if self.owners {
            let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
            rustix::fs::chownat(directory, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        }
        Ok(())
    }

    /// Does something in the directory that an entry is in.
    fn at<T>(&self, id: EntryId, act: impl Fn(&Dir, &str) -> std::io::Result<T>) -> Result<T, UnpackError> {
        let entry = self.manifest.tree.get(id);
        let directory = self.directory(entry.parent)?;
        act(&directory, &entry.name).map_err(|error| self.failed(id, error))
    }

    fn directory(&self, id: EntryId) -> Result<Dir, UnpackError> {
        let open = |result: std::io::Result<Dir>| result.map_err(|error| self.failed(id, error));
        if id == EntryId::ROOT {
            return open(self.root.try_clone());
        }
        open(self.root.open_dir_nofollow(self.manifest.tree.path(id)))
    }

    fn failed(&self, id: EntryId, error: std::io::Error) -> UnpackError {
        UnpackError::Write { path: self.target.join(self.manifest.tree.path(id)), error }
    }
}

fn set_time(directory: &Dir, name: &str, attributes: &Attributes) -> std::io::Result<()> {
    let time = Timespec { tv_sec: attributes.mtime, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Why an flist could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// Something is in the way.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The target.
        path: PathBuf,
    },
    /// An entry can't be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// A file's contents can't be read.
    #[error("/{}: {error}", Printable(path))]
    Fetch {
        /// Its path in the flist.
        path: String,
        /// The error of fetching or opening it.
        #[source]
        error: FetchError,
    },
    /// A file's blocks are not as long as the file.
    #[error("/{} should have {size} bytes, its blocks have {written}", Printable(path))]
    Size {
        /// Its path in the flist.
        path: String,
        /// By the inode.
        size: u64,
        /// By the blocks.
        written: u64,
    },
}

impl UnpackError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            UnpackError::NotEmpty { .. } => {
                Some("unpack into a new directory; what an earlier try left there may be removed".into())
            }
            UnpackError::Write { error, .. } if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Some("the target must be writable; devices and other owners take root".into())
            }
            UnpackError::Write { .. } => None,
            UnpackError::Fetch { error, .. } => error.hint(),
            UnpackError::Size { .. } => {
                Some("the manifest is damaged; `flistry verify --level full` says how far".into())
            }
        }
    }

    /// Whether the flist is at fault.
    pub fn is_damage(&self) -> bool {
        match self {
            UnpackError::Fetch { error, .. } => error.is_damage(),
            UnpackError::Size { .. } => true,
            _ => false,
        }
    }
}
