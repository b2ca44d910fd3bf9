//! Why a pack ended.

use std::path::PathBuf;

use crate::store::StoreError;

/// Why a pack ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A file can't be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// A file is not what it was when the source was scanned.
    #[error("{} changed while it was being packed", path.display())]
    Changed {
        /// Its path.
        path: PathBuf,
    },
    /// A blob can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PackError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            PackError::Read { error, .. } if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Some("the user who builds must be able to read it; a filter can drop it".into())
            }
            PackError::Read { .. } => Some("check the file and the disk that it is on".into()),
            PackError::Changed { .. } => Some("wait until nothing writes to the source, then build again".into()),
            PackError::Store(error) => Some(error.hint()),
        }
    }
}
