//! Reading files that a person named: nothing else than a regular file, and no more of it than is of use.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

/// Opens a regular file.
pub(crate) fn open(path: &Path) -> Result<File> {
    // Opening a FIFO would wait for its writer.
    if !path.metadata()?.is_file() {
        return Err(Error::other("it is not a regular file"));
    }
    File::open(path)
}

/// The bytes of a regular file; of one that is larger than `most` one byte more than that, by which the caller knows.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
