//! An flist file's rows, as SQLite gives them.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::problem::ManifestError;

/// An flist's rows as they stand.
pub(super) struct Rows {
    pub inodes: Vec<RawInode>,
    pub targets: Vec<(i64, Vec<u8>)>,
    pub blocks: Vec<RawBlock>,
    pub tags: Vec<(String, String)>,
    pub routes: Vec<(i64, i64, String)>,
}

pub(super) struct RawInode {
    pub ino: i64,
    pub parent: i64,
    pub name: Vec<u8>,
    pub size: i64,
    pub uid: i64,
    pub gid: i64,
    pub mode: i64,
    pub rdev: i64,
    pub mtime: i64,
}

pub(super) struct RawBlock {
    pub ino: i64,
    pub id: Vec<u8>,
    pub key: Vec<u8>,
}

pub(super) fn rows(bytes: &[u8]) -> Result<Rows, ManifestError> {
    check_header(bytes)?;
    let mut db = Connection::open_in_memory()?;
    db.deserialize_read_exact("main", bytes, bytes.len(), true)?;
    // The file is anybody's: its schema must not run functions, and its pages are checked as they are read.
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    check_tables(&db)?;
    Ok(Rows {
        inodes: collect(&db, "SELECT ino, parent, name, size, uid, gid, mode, rdev, mtime FROM inode", |row| {
            Ok(RawInode {
                ino: integer(row, 0)?,
                parent: integer(row, 1)?,
                name: bytes_of(row, 2)?,
                size: integer(row, 3)?,
                uid: integer(row, 4)?,
                gid: integer(row, 5)?,
                mode: integer(row, 6)?,
                rdev: integer(row, 7)?,
                mtime: integer(row, 8)?,
            })
        })?,
        targets: collect(&db, "SELECT ino, data FROM extra", |row| Ok((integer(row, 0)?, bytes_of(row, 1)?)))?,
        blocks: collect(&db, "SELECT ino, id, key FROM block ORDER BY rowid", |row| {
            Ok(RawBlock { ino: integer(row, 0)?, id: bytes_of(row, 1)?, key: bytes_of(row, 2)? })
        })?,
        tags: collect(&db, "SELECT key, value FROM tag", |row| Ok((text_of(row, 0)?, text_of(row, 1)?)))?,
        routes: collect(&db, "SELECT start, \"end\", url FROM route ORDER BY rowid", |row| {
            Ok((integer(row, 0)?, integer(row, 1)?, text_of(row, 2)?))
        })?,
    })
}

/// SQLite's file header, <https://sqlite.org/fileformat.html>: magic, page size at 16, write and read version at 18 and
/// 19 (2 is WAL), page count at 28.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), ManifestError> {
    if bytes.len() < 100 || !bytes.starts_with(b"SQLite format 3\0") {
        return Err(ManifestError::NotSqlite);
    }
    if bytes[18] == 2 || bytes[19] == 2 {
        return Err(ManifestError::Wal);
    }
    let page_size = match u16::from_be_bytes([bytes[16], bytes[17]]) {
        1 => 65536,
        size => u64::from(size),
    };
    let pages = u64::from(u32::from_be_bytes([bytes[28], bytes[29], bytes[30], bytes[31]]));
    let (promised, found) = (pages * page_size, bytes.len() as u64);
    if found < promised { Err(ManifestError::Truncated { promised, found }) } else { Ok(()) }
}

pub(super) fn check_tables(db: &Connection) -> Result<(), ManifestError> {
    for table in ["inode", "extra", "block", "tag", "route"] {
        // A view of that name could compute anything.
        let found: i64 =
            db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = ? AND type = 'table'", [table], |row| {
                row.get(0)
            })?;
        if found != 1 {
            return Err(ManifestError::Foreign(format!("it has no table `{table}`")));
        }
    }
    Ok(())
}

fn collect<T>(
    db: &Connection,
    query: &str,
    row: impl FnMut(&Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, ManifestError> {
    let mut statement = match db.prepare(query) {
        Err(rusqlite::Error::SqlInputError { msg, .. }) => return Err(ManifestError::Foreign(msg)),
        other => other?,
    };
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// SQLite's columns hold any type; what is not an integer becomes one that no check accepts.
fn integer(row: &Row<'_>, column: usize) -> Result<i64, rusqlite::Error> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(value) => value,
        _ => i64::MIN,
    })
}

fn bytes_of(row: &Row<'_>, column: usize) -> Result<Vec<u8>, rusqlite::Error> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    })
}

fn text_of(row: &Row<'_>, column: usize) -> Result<String, rusqlite::Error> {
    Ok(String::from_utf8_lossy(&bytes_of(row, column)?).into_owned())
}
