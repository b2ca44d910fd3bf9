//! What was learned of files, remembered from build to build: one SQLite file, with a table for each thing that is
//! remembered.
//!
//! | table | remembers | used by |
//! |---|---|---|
//! | `file` | the blocks of a packed file | `pack::cache` |
//! | `module` | what a kernel module says of itself | `kernel::module_memory` |
//!
//! A row holds a file's identity and a checksum over that and what is remembered: a row that was damaged is not used. The cache is only
//! ever a short cut. One that can't be used costs time and a warning, nothing else: a build replaces it.

use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::source::FileIdentity;
use crate::progress::{Progress, Warning};

/// The tables. Whoever changes them, or what goes into a row, raises [`VERSION`].
const SCHEMA: &str = include_str!("file_cache.sql");

/// A cache of another version is replaced.
const VERSION: i64 = 2;

/// SQLite's `application_id` of such a cache ("flpc"): a file that does not carry it is somebody's, and left alone.
const APPLICATION_ID: i32 = 0x666c_7063;

/// Where the application id stands in SQLite's file header, big-endian.
const APPLICATION_ID_AT: usize = 68;

/// Bytes of a row's checksum.
const SUM_BYTES: usize = 16;

/// Whether a command may write the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheAccess {
    /// It is made if need be, and replaced where it can't be used.
    ReadWrite,
    /// It is read if it is there.
    ReadOnly,
}

/// An open cache.
pub struct FileCache {
    db: Connection,
    path: PathBuf,
    access: CacheAccess,
}

impl FileCache {
    /// Opens the cache at `path`; `None` where it can't be used, with a warning unless it just does not exist yet.
    pub fn open_ambient(path: &Path, access: CacheAccess, progress: &dyn Progress) -> Option<FileCache> {
        let db = match access {
            CacheAccess::ReadWrite => open_or_replace(path, progress).map(Some),
            CacheAccess::ReadOnly => open_existing(path),
        };
        match db {
            Ok(db) => db.map(|db| FileCache { db, path: path.to_owned(), access }),
            Err(warning) => {
                progress.warn(warning);
                None
            }
        }
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
            && self.access == CacheAccess::ReadWrite
        {
            done = self.replace(error, progress).and_then(|()| work(&mut self.db));
        }
        done.map_err(|error| progress.warn(self.trouble(action, &error))).ok()
    }

    fn replace(&mut self, damage: &rusqlite::Error, progress: &dyn Progress) -> Result<(), rusqlite::Error> {
        // The file is let go before it is removed.
        self.db = Connection::open_in_memory()?;
        self.db = replace(&self.path, damage, progress)?;
        Ok(())
    }

    fn trouble(&self, action: &str, error: &rusqlite::Error) -> Warning {
        let path = self.path.display();
        let hint = match self.access {
            CacheAccess::ReadWrite => "delete it if this goes on",
            CacheAccess::ReadOnly => "the next build starts a new one",
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Warning::bare(format!(
                "another build uses the pack cache {path}: what this build learned is not remembered"
            )),
            _ => Warning::new(format!("cannot {action} the pack cache {path}: {error}"), hint),
        }
    }
}

/// Starts a new cache in the place of a damaged one.
fn replace(path: &Path, damage: &rusqlite::Error, progress: &dyn Progress) -> Result<Connection, rusqlite::Error> {
    // Where it can't be removed, opening it says why it can't be used.
    let _ = std::fs::remove_file(path);
    let db = open(path)?;
    let what = format!("the pack cache {} was damaged ({damage}); starting a new one", path.display());
    progress.warn(Warning::bare(what));
    Ok(db)
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
    let mut state = blake2b_simd::Params::new().hash_length(SUM_BYTES).to_state();
    for number in [identity.dev, identity.ino, identity.size, identity.mtime_ns as u64, identity.ctime_ns as u64] {
        state.update(&number.to_le_bytes());
    }
    for column in columns {
        state.update(&(column.len() as u64).to_le_bytes()).update(column);
    }
    state.finalize().as_bytes().to_vec()
}

fn open_or_replace(path: &Path, progress: &dyn Progress) -> Result<Connection, Warning> {
    let unusable = |error: &dyn std::fmt::Display| {
        Warning::new(
            format!("building without the pack cache {}: {error}", path.display()),
            "every file will be read; `--no-cache` says so on purpose",
        )
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| unusable(&error))?;
    }
    check_ours(path)?;
    match open(path) {
        Ok(db) => Ok(db),
        Err(error) if is_damage(&error) => replace(path, &error, progress).map_err(|error| unusable(&error)),
        Err(error) => Err(unusable(&error)),
    }
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

fn open_existing(path: &Path) -> Result<Option<Connection>, Warning> {
    if !path.exists() {
        return Ok(None);
    }
    check_ours(path)?;
    let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|db| {
            if version(&db)? != VERSION {
                return Ok(None);
            }
            check_tables(&db)?;
            Ok(Some(db))
        });
    opened.map_err(|error| {
        Warning::new(
            format!("the pack cache {} cannot be used: {error}", path.display()),
            "the next build starts a new one",
        )
    })
}

fn version(db: &Connection) -> Result<i64, rusqlite::Error> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the tables are there. Their rows are not read: damage in these is dealt with when they are ([`FileCache::with`]).
fn check_tables(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare("SELECT 1 FROM file, module").map(|_| ())
}

/// Refuses to touch a file that is not a cache; there may be none yet.
fn check_ours(path: &Path) -> Result<(), Warning> {
    let mut header = Vec::new();
    let read = match crate::files::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header).map(|_| ()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    match read {
        Err(error) => Err(Warning::new(
            format!("building without the pack cache {}: {error}", path.display()),
            "every file will be read; `--no-cache` says so on purpose",
        )),
        Ok(()) if header.is_empty() || id == Some(&APPLICATION_ID.to_be_bytes()) => Ok(()),
        Ok(()) => Err(Warning::new(
            format!("building without the pack cache: {} is something else", path.display()),
            "move it away, or name another file as `cache` under [pack] in config/flistry.toml",
        )),
    }
}

/// Whether the file itself is at fault, not its disk, its directory or another process.
fn is_damage(error: &rusqlite::Error) -> bool {
    // SQLite's plain error is what a missing table or column gives.
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown))
}
