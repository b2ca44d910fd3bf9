//! Blobs as files: `<first 2 hex digits>/<64 hex digits>` in one directory, as stock rfs lays them out. What is read may
//! also lie flat, `<64 hex digits>`.
//!
//! A blob is written to a file of another name beside its place and renamed: four system calls a blob, and a reader
//! never sees a part. Blobs are not synced one by one, that would cost a hundred times the writing;
//! [`WriteBlobs::sync`] syncs the file system once.

use std::fs::Permissions;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, renameat, statat, syncfs};
use rustix::io::Errno;

use super::blobs::{ReadBlobs, WriteBlobs};
use super::error::StoreError;
use crate::block::{BlobId, MAX_BLOB_SIZE};

/// Nodes read the files as other users than the one who wrote them.
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

/// Calls worth having under way: enough to keep a disk's queue from running dry.
const PARALLELISM: usize = 4;

/// A directory of blobs.
pub struct DirStore {
    dir: Dir,
    url: String,
    /// Whether new files need a `chmod` because the process's umask takes rights away; learnt from the first.
    masked: OnceLock<bool>,
}

impl DirStore {
    /// Opens an existing directory. Past this call nothing uses the path.
    pub fn open_ambient(path: &Path) -> Result<Self, StoreError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|source| io_error(&describe(path), "open", ".", source))?;
        Ok(Self::from_dir(dir, path))
    }

    /// Opens a directory and makes it first where it does not exist. Its 256 directories are made as they are needed.
    pub fn create_ambient(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| io_error(&describe(path), "create", ".", source);
        if !path.exists() {
            Dir::create_ambient_dir_all(path, ambient_authority()).map_err(failed)?;
            std::fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE)).map_err(failed)?;
        }
        Self::open_ambient(path)
    }

    /// A store in a directory that is open already; `path` is for messages alone.
    pub fn from_dir(dir: Dir, path: &Path) -> Self {
        DirStore { dir, url: describe(path), masked: OnceLock::new() }
    }

    fn failed(&self, action: &'static str, path: &str) -> impl Fn(io::Error) -> StoreError + use<> {
        let (store, path) = (self.url.clone(), path.to_owned());
        move |source| io_error(&store, action, &path, source)
    }

    /// Opens the regular file at `path` and says its size. A symlink, and whatever else is not a file, is not a blob.
    fn open_blob(&self, path: &str) -> Result<Option<(File, u64)>, StoreError> {
        let mut options = OpenOptions::new();
        // Without O_NONBLOCK a FIFO of that name would hang the reader.
        options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::NONBLOCK.bits() as i32);
        let file = match self.dir.open_with(path, &options) {
            Ok(file) => file,
            Err(error) if is_no_blob(&error) => return Ok(None),
            Err(error) => return Err(self.failed("open", path)(error)),
        };
        let metadata = file.metadata().map_err(self.failed("open", path))?;
        Ok(metadata.is_file().then(|| (file, metadata.len())))
    }

    /// Writes `blob` under a name of its own in `directory`, and returns the name.
    fn write_temporary(&self, directory: &str, blob: &[u8]) -> Result<String, StoreError> {
        let name = format!("{directory}/{}", temporary_name());
        let failed = self.failed("write", &name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let mut file = match self.dir.open_with(&name, &options) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_directory(directory)?;
                self.dir.open_with(&name, &options)
            }
            result => result,
        }
        .map_err(&failed)?;
        match file.write_all(blob).and_then(|()| self.unmask(&file)) {
            Ok(()) => Ok(name),
            Err(error) => {
                self.forget(&name);
                Err(failed(error))
            }
        }
    }

    /// Makes one of the 256 directories; another thread or process may be faster.
    fn create_directory(&self, directory: &str) -> Result<(), StoreError> {
        match self.dir.create_dir(directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            result => result
                .and_then(|()| self.dir.set_permissions(directory, cap_std_permissions(DIRECTORY_MODE)))
                .map_err(self.failed("create", directory)),
        }
    }

    fn unmask(&self, file: &File) -> io::Result<()> {
        let masked = match self.masked.get() {
            Some(&masked) => masked,
            None => {
                let mode = fstat(file)?.st_mode & 0o777;
                *self.masked.get_or_init(|| mode != FILE_MODE)
            }
        };
        if masked {
            file.set_permissions(cap_std_permissions(FILE_MODE))?;
        }
        Ok(())
    }

    /// Takes a half-written file away. Where even that fails, the first failure is what matters.
    fn forget(&self, name: &str) {
        if let Err(error) = self.dir.remove_file(name) {
            tracing::debug!(store = self.url, name, %error, "a temporary file is left");
        }
    }
}

impl ReadBlobs for DirStore {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        let hex = id.hex();
        for path in places(&hex) {
            let Some((file, len)) = self.open_blob(&path)? else { continue };
            StoreError::check_size(&hex, &self.url, len, MAX_BLOB_SIZE as u64)?;
            let mut blob = Vec::with_capacity(len as usize + 1);
            // The file may grow meanwhile, so the reading has a limit too.
            file.take(MAX_BLOB_SIZE as u64 + 1).read_to_end(&mut blob).map_err(self.failed("read", &path))?;
            StoreError::check_size(&hex, &self.url, blob.len() as u64, MAX_BLOB_SIZE as u64)?;
            return Ok(blob);
        }
        Err(StoreError::Missing { name: hex, store: self.describe(), forbidden: false })
    }

    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        for path in places(&id.hex()) {
            match statat(&self.dir, &path, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                    return Ok(Some(stat.st_size as u64));
                }
                Ok(_) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(self.failed("look up", &path)(errno.into())),
            }
        }
        Ok(None)
    }

    fn describe(&self) -> String {
        self.url.clone()
    }

    fn parallelism(&self) -> usize {
        PARALLELISM
    }
}

impl WriteBlobs for DirStore {
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError> {
        let hex = id.hex();
        StoreError::check_size(&hex, &self.url, blob.len() as u64, MAX_BLOB_SIZE as u64)?;
        let [place, _] = places(&hex);
        let temporary = self.write_temporary(&hex[..2], blob)?;
        // One system call, where cap-std would open the directory twice more to guard against `..`: both names are
        // made here, of hexadecimal digits, and the file beside was just opened beneath the store.
        renameat(&self.dir, &temporary, &self.dir, &place).map_err(|errno| {
            self.forget(&temporary);
            self.failed("write", &place)(errno.into())
        })
    }

    fn sync(&self) -> Result<(), StoreError> {
        // cap-std's own descriptor is a mere place (O_PATH), which can't be synced.
        openat(&self.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .and_then(syncfs)
            .map_err(|errno| self.failed("sync", ".")(errno.into()))
    }
}

/// Where a blob may lie, in the order of looking; the first is where it is written.
fn places(hex: &str) -> [String; 2] {
    [format!("{}/{hex}", &hex[..2]), hex.to_owned()]
}

fn describe(path: &Path) -> String {
    format!("dir://{}", path.display())
}

fn io_error(store: &str, action: &'static str, path: &str, source: io::Error) -> StoreError {
    StoreError::Io { store: store.into(), action, path: path.into(), source }
}

fn cap_std_permissions(mode: u32) -> cap_std::fs::Permissions {
    cap_std::fs::Permissions::from_std(Permissions::from_mode(mode))
}

/// Opening what is not there, a symlink, or a socket.
fn is_no_blob(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        || [Errno::LOOP, Errno::NXIO].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// A name that no other thread, process or container uses. Process ids alone repeat between containers that share
/// a store, and after a reboot; so the time of the first call is part of it.
fn temporary_name() -> String {
    static PREFIX: OnceLock<String> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let prefix = PREFIX.get_or_init(|| {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        format!(".new-{started:x}-{}", process::id())
    });
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
