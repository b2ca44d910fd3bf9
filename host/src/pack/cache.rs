//! The pack cache: which blocks a file had when it was packed last, so that an unchanged tree is not read again.
//!
//! One SQLite file. A row holds a file's path, its identity (device, inode, size, modification and change time in
//! nanoseconds) and its blocks, with a check over all of it: a row that was damaged is not used. The cache is only ever
//! a short cut. A file of it that can't be used is thrown away with a warning, and whether the store still has a
//! blob is asked every time.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::sealed::SealedBlock;
use crate::block::{BlobId, BlobKey, BlockRef};
use crate::progress::{Progress, Warning};
use crate::tree::source::FileIdentity;

/// Changes with every change of the tables or of what goes into a row: an older cache is then replaced.
const VERSION: i64 = 1;

/// SQLite's `application_id` of a pack cache ("flpc"): a file that does not carry it is somebody's, and left alone.
const APPLICATION_ID: i32 = 0x666c_7063;

/// Where the application id stands in SQLite's file header, big-endian.
const APPLICATION_ID_AT: usize = 68;

/// Bytes of a block in a row: id, key, blob length.
const BLOCK_BYTES: usize = 32 + 32 + 4;

/// What is remembered of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CachedFile {
    pub identity: FileIdentity,
    pub blocks: Vec<SealedBlock>,
    /// Names of extended attributes that the flist can't hold; empty if none.
    pub lost_attributes: String,
}

/// An open pack cache.
pub struct PackCache {
    db: Connection,
    path: PathBuf,
}

impl PackCache {
    /// Opens the cache at `path`, or starts a new one. One that can't be used is replaced, with a warning; `None`, with a
    /// warning, where no file can be made there: a build can go on without a cache.
    pub fn open_ambient(path: &Path, progress: &dyn Progress) -> Option<PackCache> {
        PackCache::open_or_replace(path, progress).map_err(|warning| progress.warn(warning)).ok()
    }

    fn open_or_replace(path: &Path, progress: &dyn Progress) -> Result<PackCache, Warning> {
        let unusable = |error: &dyn std::fmt::Display| {
            Warning::new(
                format!("building without the pack cache {}: {error}", path.display()),
                "every file will be read; `--no-cache` says so on purpose",
            )
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| unusable(&error))?;
        }
        if !is_ours(path).map_err(|error| unusable(&error))? {
            return Err(Warning::new(
                format!("building without the pack cache: {} is something else", path.display()),
                "move it away, or name another file as `cache` under [pack] in config/flistry.toml",
            ));
        }
        let db = match open(path) {
            Ok(db) => db,
            Err(error) if is_damage(&error) => {
                std::fs::remove_file(path).map_err(|error| unusable(&error))?;
                let db = open(path).map_err(|error| unusable(&error))?;
                let what = format!("the pack cache {} was damaged ({error}); starting a new one", path.display());
                progress.warn(Warning::bare(what));
                db
            }
            Err(error) => return Err(unusable(&error)),
        };
        Ok(PackCache { db, path: path.to_owned() })
    }

    /// All files of a source that are remembered, by path.
    pub(super) fn load(&self, source: &Path, progress: &dyn Progress) -> HashMap<String, CachedFile> {
        self.try_load(source).unwrap_or_else(|error| {
            progress.warn(self.trouble("read", &error));
            HashMap::new()
        })
    }

    /// Remembers files, and forgets those of the source that `all` does not name.
    pub(super) fn store(
        &mut self,
        source: &Path,
        files: impl Iterator<Item = (String, CachedFile)>,
        all: impl FnOnce() -> HashSet<String>,
        progress: &dyn Progress,
    ) {
        if let Err(error) = self.try_store(source, files, all) {
            progress.warn(self.trouble("write", &error));
        }
    }

    fn trouble(&self, what: &str, error: &rusqlite::Error) -> Warning {
        let path = self.path.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Warning::bare(format!(
                "another build uses the pack cache {path}: this build's files are not remembered"
            )),
            _ => Warning::new(format!("cannot {what} the pack cache {path}: {error}"), "delete it if this goes on"),
        }
    }

    fn try_load(&self, source: &Path) -> Result<HashMap<String, CachedFile>, rusqlite::Error> {
        let mut query = self
            .db
            .prepare("SELECT path, dev, ino, size, mtime, ctime, blocks, lost, sum FROM file WHERE source = ?")?;
        let source = source.to_string_lossy();
        let mut rows = query.query([&source])?;
        let mut files = HashMap::new();
        while let Some(row) = rows.next()? {
            let path: String = row.get(0)?;
            let number = |column| row.get::<_, i64>(column);
            let identity = FileIdentity {
                dev: number(1)? as u64,
                ino: number(2)? as u64,
                size: number(3)? as u64,
                mtime_ns: number(4)?,
                ctime_ns: number(5)?,
            };
            let (blocks, lost): (Vec<u8>, String) = (row.get(6)?, row.get(7)?);
            let sum: Vec<u8> = row.get(8)?;
            if sum == checksum(&path, &identity, &blocks, &lost) {
                let file = CachedFile { identity, blocks: unpack_blocks(&blocks), lost_attributes: lost };
                files.insert(path, file);
            }
        }
        Ok(files)
    }

    fn try_store(
        &mut self,
        source: &Path,
        files: impl Iterator<Item = (String, CachedFile)>,
        all: impl FnOnce() -> HashSet<String>,
    ) -> Result<(), rusqlite::Error> {
        let source = source.to_string_lossy();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i64);
        let mut settled = files.filter(|(_, file)| file.identity.settled(now)).peekable();
        if settled.peek().is_none() {
            return Ok(());
        }
        let all = all();
        let transaction = self.db.transaction()?;
        {
            let mut known = transaction.prepare("SELECT path FROM file WHERE source = ?")?;
            let known: Vec<String> = known.query_map([&source], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut delete = transaction.prepare("DELETE FROM file WHERE source = ? AND path = ?")?;
            for path in known.iter().filter(|path| !all.contains(*path)) {
                delete.execute(params![&source, path])?;
            }
            let mut insert =
                transaction.prepare("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            for (path, file) in settled {
                let FileIdentity { dev, ino, size, mtime_ns, ctime_ns } = file.identity;
                let blocks = pack_blocks(&file.blocks);
                let sum = checksum(&path, &file.identity, &blocks, &file.lost_attributes);
                insert.execute(params![
                    &source,
                    path,
                    dev as i64,
                    ino as i64,
                    size as i64,
                    mtime_ns,
                    ctime_ns,
                    blocks,
                    file.lost_attributes,
                    sum
                ])?;
            }
        }
        transaction.commit()
    }
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    // Losing the last pack's rows in a power cut costs time, not correctness; a torn file is thrown away.
    db.pragma_update(None, "synchronous", "off")?;
    let version: Option<i64> = db.query_row("PRAGMA user_version", [], |row| row.get(0)).optional()?;
    if version != Some(VERSION) {
        db.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             DROP TABLE IF EXISTS file;
             CREATE TABLE file (
                 source TEXT NOT NULL, path TEXT NOT NULL,
                 dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
                 mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
                 blocks BLOB NOT NULL, lost TEXT NOT NULL, sum BLOB NOT NULL,
                 PRIMARY KEY (source, path)
             ) WITHOUT ROWID;
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             COMMIT;"
        ))?;
    }
    db.query_row("SELECT count(*) FROM file WHERE source = ''", [], |row| row.get::<_, i64>(0))?;
    Ok(db)
}

/// Whether a file is a pack cache, or there is none yet.
fn is_ours(path: &Path) -> std::io::Result<bool> {
    let mut header = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    Ok(header.is_empty() || id == Some(&APPLICATION_ID.to_be_bytes()))
}

/// Whether the file itself is at fault, not its disk, its folder or another process.
fn is_damage(error: &rusqlite::Error) -> bool {
    // SQLite's plain error is what a missing table or column gives.
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown))
}

fn checksum(path: &str, identity: &FileIdentity, blocks: &[u8], lost: &str) -> Vec<u8> {
    let mut state = blake2b_simd::Params::new().hash_length(16).to_state();
    state.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes());
    for number in [identity.dev, identity.ino, identity.size, identity.mtime_ns as u64, identity.ctime_ns as u64] {
        state.update(&number.to_le_bytes());
    }
    state.update(&(blocks.len() as u64).to_le_bytes()).update(blocks).update(lost.as_bytes());
    state.finalize().as_bytes().to_vec()
}

fn pack_blocks(blocks: &[SealedBlock]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(blocks.len() * BLOCK_BYTES);
    for SealedBlock { reference, len } in blocks {
        bytes.extend_from_slice(reference.id.as_bytes());
        bytes.extend_from_slice(reference.key.as_bytes());
        bytes.extend_from_slice(&len.to_le_bytes());
    }
    bytes
}

fn unpack_blocks(bytes: &[u8]) -> Vec<SealedBlock> {
    let block = |row: &[u8; BLOCK_BYTES]| {
        let (mut id, mut key, mut len) = ([0; 32], [0; 32], [0; 4]);
        id.copy_from_slice(&row[..32]);
        key.copy_from_slice(&row[32..64]);
        len.copy_from_slice(&row[64..]);
        let reference = BlockRef { id: BlobId::from(id), key: BlobKey::from(key) };
        SealedBlock { reference, len: u32::from_le_bytes(len) }
    };
    bytes.as_chunks().0.iter().map(block).collect()
}
