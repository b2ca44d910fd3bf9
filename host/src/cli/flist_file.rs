//! Reading an existing flist, and the report beside it.

use std::io::Read;
use std::path::Path;

use flistry::error::Error;
use flistry::manifest::{Manifest, read};
use flistry::report::{self, BuildReport};

/// No flist is larger; a file of a million entries has some 200 MB.
const MAX_MANIFEST_BYTES: u64 = 2 << 30;

/// Reads the bytes of an flist file, or of a pipe.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::Read { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_MANIFEST_BYTES {
        let what = format!("it has more than {MAX_MANIFEST_BYTES} bytes, which is too much for an flist");
        return Err(failed(std::io::Error::other(what)));
    }
    Ok(bytes)
}

/// Reads an flist.
pub fn open(path: &Path) -> Result<Manifest, Error> {
    parse(&bytes(path)?, path)
}

/// Parses an flist's bytes; `path` is for the message.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Manifest, Error> {
    read(bytes).map_err(|error| Error::Manifest { path: path.to_owned(), error })
}

/// The report beside an flist, if there is one. An alias has the report of the flist that it leads to.
pub fn report(flist: &Path) -> Result<Option<BuildReport>, Error> {
    Ok(report::beside(flist)?)
}
