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
    /// The name is another flist's.
    #[error("flist `{flist}` would take the name `{name}`, which is flist `{owner}`'s in {place}")]
    Taken {
        /// The flist that would take it.
        flist: String,
        /// The name.
        name: String,
        /// The directory or bucket where it is another's.
        place: String,
        /// Whose it is.
        owner: String,
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
            PublishError::Taken { name, place, owner, .. } => Some(format!(
                "correct its naming plugin; if flist `{owner}` no longer needs the name, remove {place}/{name} and the \
                 report beside it, if it has one"
            )),
            PublishError::Store(error) => Some(error.hint()),
        }
    }
}
