//! Replacing the routes of an existing flist, and nothing else of it.

use rusqlite::{Connection, params};

use super::model::Route;
use super::problem::ManifestError;
use super::rows::{check_header, check_tables};

/// The same flist with other routes. It is rebuilt page by page: what the old rows held, such as a key, is not left
/// behind in free space.
///
/// # Errors
/// Where the file is not an flist.
pub fn replace_routes(bytes: &[u8], routes: &[Route]) -> Result<Vec<u8>, ManifestError> {
    check_header(bytes)?;
    let mut db = Connection::open_in_memory()?;
    db.deserialize_read_exact("main", bytes, bytes.len(), false)?;
    db.pragma_update(None, "trusted_schema", false)?;
    check_tables(&db)?;
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "journal_mode", "off")?;
    db.execute("DELETE FROM route", [])?;
    for route in routes {
        db.execute(
            "INSERT INTO route VALUES (?, ?, ?)",
            params![route.range.start, route.range.end, route.url().expose()],
        )?;
    }
    db.execute_batch("VACUUM")?;
    Ok(db.serialize("main")?.to_vec())
}
