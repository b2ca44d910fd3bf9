//! What was learned of files, remembered from build to build: one SQLite file, with a table for each thing that is
//! remembered.
//!
//! | table | remembers | used by |
//! |---|---|---|
//! | `file` | the blocks of a packed file | `pack::cache` |
//! | `module` | what a kernel module's file tells | `kernel::module_memory` |
//!
//! A row holds a file's identity and a checksum over that and what is remembered: a row that was damaged is not used. The cache is only
//! ever a short cut. One that can't be used costs time and a warning, nothing else: a build replaces it.

use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::source::FileIdentity;
use crate::progress::{Progress, Warning};

/// The tables. Whoever changes them, or what goes into a row, raises [`VERSION`].
const SCHEMA: &str = include_str!("file_cache.sql");

/// A cache of another version is replaced.
const VERSION: i64 = 4;

/// SQLite's `application_id` of such a cache ("flpc"): a file that does not carry it is somebody's, and left alone.
const APPLICATION_ID: i32 = 0x666c_7063;

/// Where the application id stands in SQLite's file header, big-endian.
const APPLICATION_ID_AT: usize = 68;

/// Bytes of a row's checksum.
const SUM_BYTES: usize = 16;

/// What a run may do with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheAccess {
    /// It is made if need be, and replaced where it can't be used.
    ReadWrite,
    /// It is read if it is there.
    ReadOnly,
}

/// Where the cache is, or would be. Whatever one run opens there, it opens through one value, so that what is wrong with the
/// file is said once.
pub struct CachePlace {
    path: PathBuf,
    access: CacheAccess,
    said: Mutex<Vec<Warning>>,
}

/// An open cache.
pub struct FileCache<'a> {
    db: Connection,
    place: &'a CachePlace,
}

impl CachePlace {
    /// The place `path`. Nothing is opened yet.
    pub fn new(path: &Path, access: CacheAccess) -> Self {
        CachePlace { path: path.to_owned(), access, said: Mutex::default() }
    }

    /// What this run may do.
    pub fn access(&self) -> CacheAccess {
        self.access
    }

    /// Opens the cache; `None` where it can't be used, with a warning unless it just does not exist yet.
    pub fn open_ambient(&self, progress: &dyn Progress) -> Option<FileCache<'_>> {
        let db = match self.access {
            CacheAccess::ReadWrite => self.open_or_replace(progress).map(Some),
            CacheAccess::ReadOnly => self.open_existing(),
        };
        match db {
            Ok(db) => db.map(|db| FileCache { db, place: self }),
            Err(warning) => {
                self.warn(warning, progress);
                None
            }
        }
    }

    /// Reads tables and leaves the file as it is, whatever this run may; `None` where there is no cache.
    ///
    /// # Errors
    /// What is wrong with the cache, to be given to [`CachePlace::warn`] or found again by [`CachePlace::open_ambient`].
    pub(crate) fn read_ambient<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, Warning> {
        let Some(db) = self.open_existing()? else { return Ok(None) };
        work(&db).map(Some).map_err(|error| self.trouble("read", &error))
    }

    /// Says what is wrong with the cache, unless this run has said so before.
    pub(crate) fn warn(&self, warning: Warning, progress: &dyn Progress) {
        let mut said = self.said.lock().expect("no holder panics");
        if !said.contains(&warning) {
            said.push(warning.clone());
            drop(said);
            progress.warn(warning);
        }
    }

    fn open_or_replace(&self, progress: &dyn Progress) -> Result<Connection, Warning> {
        let hint = "every file is read again; `--no-cache` asks for that, without this warning";
        let unusable = |error: &dyn Display| self.unusable(error, hint);
        if let Some(parent) = self.path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| unusable(&error))?;
        }
        self.check_ours()?;
        match open(&self.path) {
            Ok(db) => Ok(db),
            Err(error) if is_damage(&error) => self.replace(&error, progress).map_err(|error| unusable(&error)),
            Err(error) => Err(unusable(&error)),
        }
    }

    fn open_existing(&self) -> Result<Option<Connection>, Warning> {
        if !self.path.exists() {
            return Ok(None);
        }
        self.check_ours()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&self.path, flags).and_then(|db| {
            if version(&db)? != VERSION {
                return Ok(None);
            }
            check_tables(&db)?;
            Ok(Some(db))
        });
        opened.map_err(|error| self.unusable(&error, self.remedy(&error)))
    }

    /// Starts a new cache in the place of a damaged one.
    fn replace(&self, damage: &rusqlite::Error, progress: &dyn Progress) -> Result<Connection, rusqlite::Error> {
        // Where it can't be removed, opening it says why it can't be used.
        let _ = std::fs::remove_file(&self.path);
        let db = open(&self.path)?;
        let what = format!("the file cache {} was damaged ({damage}); starting a new one", self.path.display());
        self.warn(Warning::bare(what), progress);
        Ok(db)
    }

    /// Refuses to touch a file that is not a cache; there may be none yet.
    fn check_ours(&self) -> Result<(), Warning> {
        let mut header = Vec::new();
        let read = match crate::files::open(&self.path) {
            Ok(file) => file.take(100).read_to_end(&mut header).map(|_| ()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
        let hint = "move it away, or name another file as `cache` under [pack] in config/flistry.toml";
        match read {
            Err(error) => Err(self.unusable(&error, hint)),
            Ok(()) if header.is_empty() || id == Some(&APPLICATION_ID.to_be_bytes()) => Ok(()),
            Ok(()) => {
                let path = self.path.display();
                let what = match self.access {
                    CacheAccess::ReadWrite => format!("building without the file cache: {path} is something else"),
                    CacheAccess::ReadOnly => format!("the file cache cannot be used: {path} is something else"),
                };
                Err(Warning::new(what, hint))
            }
        }
    }

    fn unusable(&self, error: &dyn Display, hint: &str) -> Warning {
        let path = self.path.display();
        let what = match self.access {
            CacheAccess::ReadWrite => format!("building without the file cache {path}: {error}"),
            CacheAccess::ReadOnly => format!("the file cache {path} cannot be used: {error}"),
        };
        Warning::new(what, hint)
    }

    fn trouble(&self, action: &str, error: &rusqlite::Error) -> Warning {
        let path = self.path.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Warning::bare(format!("cannot {action} the file cache {path}: another build uses it"))
            }
            _ => Warning::new(format!("cannot {action} the file cache {path}: {error}"), self.remedy(error)),
        }
    }

    fn remedy(&self, error: &rusqlite::Error) -> &'static str {
        match self.access {
            CacheAccess::ReadOnly if is_damage(error) => "the next build starts a new one",
            _ => "delete it if this goes on",
        }
    }
}

impl FileCache<'_> {
    /// Whether what is learned can be remembered.
    pub(crate) fn is_writable(&self) -> bool {
        self.place.access == CacheAccess::ReadWrite
    }

    /// Reads or writes tables. Damage that shows only now is dealt with as when the cache is opened: a new one is started,
    /// and `work` is done again on that. `None`, with a warning, where it can't be done; `action` is a verb for that.
    pub(crate) fn with<T>(
        &mut self,
        action: &str,
        progress: &dyn Progress,
        mut work: impl FnMut(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Option<T> {
        let mut done = work(&mut self.db);
        if let Err(error) = &done
            && is_damage(error)
            && self.is_writable()
        {
            done = self.replace(error, progress).and_then(|()| work(&mut self.db));
        }
        done.map_err(|error| self.place.warn(self.place.trouble(action, &error), progress)).ok()
    }

    fn replace(&mut self, damage: &rusqlite::Error, progress: &dyn Progress) -> Result<(), rusqlite::Error> {
        // The file is let go before it is removed.
        self.db = Connection::open_in_memory()?;
        self.db = self.place.replace(damage, progress)?;
        Ok(())
    }
}

/// The identity in a row's columns `dev`, `ino`, `size`, `mtime` and `ctime`, of which `first` is the first.
pub(crate) fn identity_in(row: &Row<'_>, first: usize) -> Result<FileIdentity, rusqlite::Error> {
    let number = |column| row.get::<_, i64>(first + column);
    Ok(FileIdentity {
        dev: number(0)? as u64,
        ino: number(1)? as u64,
        size: number(2)? as u64,
        mtime_ns: number(3)?,
        ctime_ns: number(4)?,
    })
}

/// The same columns of an identity. SQLite's integers are signed.
pub(crate) fn columns_of(identity: &FileIdentity) -> [i64; 5] {
    let FileIdentity { dev, ino, size, mtime_ns, ctime_ns } = *identity;
    [dev as i64, ino as i64, size as i64, mtime_ns, ctime_ns]
}

/// The checksum of a row about a file with this identity and these other columns.
pub(crate) fn checksum(identity: &FileIdentity, columns: &[&[u8]]) -> Vec<u8> {
    // The parallel form: what is remembered of a kernel's modules is 10 MB, and a build without changes has little else to do.
    let mut state = blake2b_simd::blake2bp::Params::new().hash_length(SUM_BYTES).to_state();
    for number in [identity.dev, identity.ino, identity.size, identity.mtime_ns as u64, identity.ctime_ns as u64] {
        state.update(&number.to_le_bytes());
    }
    for column in columns {
        state.update(&(column.len() as u64).to_le_bytes()).update(column);
    }
    state.finalize().as_bytes().to_vec()
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    // Losing the last build's rows in a power cut costs time, not correctness; a torn file is replaced.
    db.pragma_update(None, "synchronous", "off")?;
    if version(&db)? != VERSION {
        db.execute_batch(&format!(
            "{SCHEMA}PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {VERSION};\nCOMMIT;"
        ))?;
    }
    check_tables(&db)?;
    Ok(db)
}

fn version(db: &Connection) -> Result<i64, rusqlite::Error> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the tables are there. Their rows are not read: damage in these is dealt with when they are ([`FileCache::with`]).
fn check_tables(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare("SELECT 1 FROM file, module").map(|_| ())
}

/// Whether the file itself is at fault, not its disk, its directory or another process. A changed byte shows in many ways: a
/// column that is not there, a value of another type, a constraint that no statement of ours violates.
fn is_damage(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::NoLargeFileSupport
                | ErrorCode::AuthorizationForStatementDenied
        )
    )
}
