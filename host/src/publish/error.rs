//! Why a manifest was not published.

use std::path::PathBuf;

use crate::store::StoreError;

/// A manifest that could not be published.
#[derive(Debug, thiserror::Error)]
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
            PublishError::Write { error, .. } => Some(match error.kind() {
                std::io::ErrorKind::StorageFull => {
                    "free some space and build again: blobs that are stored are not sent twice".into()
                }
                _ => "the directory must be one that this user may write to".into(),
            }),
            PublishError::Store(error) => Some(error.hint()),
        }
    }
}
