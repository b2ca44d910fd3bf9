//! What a pack remembers in the file cache: which blocks a file had when it was packed last, so that an unchanged tree is not read again. Whether the
//! store still has a blob is asked every time.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, params};

use super::sealed::SealedBlock;
use crate::block::{BlobId, BlobKey, BlockRef};
use crate::progress::Progress;
use crate::tree::file_cache::{FileCache, checksum, columns_of, identity_in};
use crate::tree::source::{FileIdentity, now_ns};

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

/// All files of a source that are remembered, by path.
pub(super) fn load(cache: &mut FileCache<'_>, source: &Path, progress: &dyn Progress) -> HashMap<String, CachedFile> {
    cache.with("read", progress, |db| try_load(db, source)).unwrap_or_default()
}

/// Remembers files, and forgets those of the source that `all` does not name.
pub(super) fn store(
    cache: &mut FileCache<'_>,
    source: &Path,
    files: impl Iterator<Item = (String, CachedFile)>,
    all: impl FnOnce() -> HashSet<String>,
    progress: &dyn Progress,
) {
    let now = now_ns();
    let settled: Vec<(String, CachedFile)> = files.filter(|(_, file)| file.identity.settled(now)).collect();
    if settled.is_empty() || !cache.is_writable() {
        return;
    }
    let all = all();
    cache.with("write", progress, |db| try_store(db, source, &settled, &all));
}

fn try_load(db: &Connection, source: &Path) -> Result<HashMap<String, CachedFile>, rusqlite::Error> {
    let mut query =
        db.prepare("SELECT path, dev, ino, size, mtime, ctime, blocks, lost, sum FROM file WHERE source = ?")?;
    let source = source.to_string_lossy();
    let mut rows = query.query([&source])?;
    let mut files = HashMap::new();
    while let Some(row) = rows.next()? {
        let path: String = row.get(0)?;
        let identity = identity_in(row, 1)?;
        let (blocks, lost): (Vec<u8>, String) = (row.get(6)?, row.get(7)?);
        let sum: Vec<u8> = row.get(8)?;
        if sum == checksum(&identity, &[path.as_bytes(), &blocks, lost.as_bytes()]) {
            let file = CachedFile { identity, blocks: unpack_blocks(&blocks), lost_attributes: lost };
            files.insert(path, file);
        }
    }
    Ok(files)
}

fn try_store(
    db: &mut Connection,
    source: &Path,
    files: &[(String, CachedFile)],
    all: &HashSet<String>,
) -> Result<(), rusqlite::Error> {
    let source = source.to_string_lossy();
    let transaction = db.transaction()?;
    {
        let mut known = transaction.prepare("SELECT path FROM file WHERE source = ?")?;
        let known: Vec<String> = known.query_map([&source], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut delete = transaction.prepare("DELETE FROM file WHERE source = ? AND path = ?")?;
        for path in known.iter().filter(|path| !all.contains(*path)) {
            delete.execute(params![&source, path])?;
        }
        let mut insert = transaction.prepare("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
        for (path, file) in files {
            let [dev, ino, size, mtime, ctime] = columns_of(&file.identity);
            let (blocks, lost) = (pack_blocks(&file.blocks), &file.lost_attributes);
            let sum = checksum(&file.identity, &[path.as_bytes(), &blocks, lost.as_bytes()]);
            insert.execute(params![&source, path, dev, ino, size, mtime, ctime, blocks, lost, sum])?;
        }
    }
    transaction.commit()
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
