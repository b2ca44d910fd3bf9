//! From an flist file's bytes to a [`Manifest`], whoever wrote them.

use super::check::build;
use super::model::Manifest;
use super::problem::ManifestError;
use super::rows::rows;

/// Reads an flist.
///
/// # Errors
/// [`ManifestError`] says what kind of file it is instead, or names the first thing that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    build(rows(bytes)?).map_err(|mut problems| {
        let others = problems.len() - 1;
        ManifestError::Malformed { first: problems.swap_remove(0), others }
    })
}
