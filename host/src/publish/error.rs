//! Why a manifest was not published.

use std::path::PathBuf;

use crate::files::writing_hint;
use crate::store::StoreError;

/// A manifest that could not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A file can't be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// An object can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PublishError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            PublishError::Write { error, .. } => Some(writing_hint(error).to_owned()),
            PublishError::Store(error) => Some(error.hint()),
        }
    }
}
