//! From a [`Manifest`] to the bytes of an flist file.

use rusqlite::{Connection, params};

use super::model::Manifest;
use crate::tree::Kind;

/// What stock rfs makes, with indexes added after the rows: that is faster, and the file is the same every time.
const SCHEMA: &str = include_str!("schema.sql");

/// The bytes of the flist file. The same manifest gives the same bytes, with the same SQLite.
///
/// # Errors
/// Only what SQLite itself could run into, such as no memory.
pub fn write(manifest: &Manifest) -> Result<Vec<u8>, rusqlite::Error> {
    let mut db = Connection::open_in_memory()?;
    db.pragma_update(None, "journal_mode", "off")?;
    let (tables, indexes): (Vec<&str>, Vec<&str>) =
        SCHEMA.split_inclusive(";\n").partition(|statement| !statement.starts_with("CREATE INDEX"));
    let transaction = db.transaction()?;
    transaction.execute_batch(&tables.concat())?;
    rows(&transaction, manifest)?;
    transaction.execute_batch(&indexes.concat())?;
    transaction.commit()?;
    Ok(db.serialize("main")?.to_vec())
}

fn rows(db: &Connection, manifest: &Manifest) -> Result<(), rusqlite::Error> {
    let mut inode = db.prepare("INSERT INTO inode VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut extra = db.prepare("INSERT INTO extra VALUES (?, ?)")?;
    let mut block = db.prepare("INSERT INTO block VALUES (?, ?, ?)")?;
    for (id, entry) in manifest.tree.iter() {
        let is_root = id.index() == 0;
        inode.execute(params![
            number(id.ino()),
            if is_root { 0 } else { number(entry.parent.ino()) },
            if is_root { "/" } else { &entry.name },
            number(entry.kind.size_column()),
            entry.attributes.uid,
            entry.attributes.gid,
            entry.mode(),
            number(entry.kind.rdev_column()),
            // A change time can't be reproduced; the normal form writes the modification time.
            entry.attributes.mtime,
            entry.attributes.mtime,
        ])?;
        if let Kind::Symlink { target } = &entry.kind {
            extra.execute(params![number(id.ino()), target])?;
        }
        for reference in manifest.blocks.of(id) {
            block.execute(params![number(id.ino()), reference.id.as_bytes(), reference.key.as_bytes()])?;
        }
    }
    let mut tag = db.prepare("INSERT INTO tag VALUES (?, ?)")?;
    for (key, value) in &manifest.tags {
        tag.execute(params![key, value])?;
    }
    let mut route = db.prepare("INSERT INTO route VALUES (?, ?, ?)")?;
    for row in &manifest.routes {
        route.execute(params![row.range.start, row.range.end, row.url().expose()])?;
    }
    Ok(())
}

/// SQLite's integers are signed. No file is that large and no device number that wide: Linux's are signed as well.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
