//! From a store back to a block, proven.

use crate::block::{BlockRef, DamagedBlob, VerifiedBlock, open};
use crate::store::{ReadBlobs, StoreError};

/// Fetches a blob and opens it.
///
/// # Errors
/// The store's, or what is wrong with the blob.
pub fn fetch(store: &dyn ReadBlobs, block: &BlockRef) -> Result<VerifiedBlock, FetchError> {
    Ok(open(block, store.get(&block.id)?)?)
}

/// A block that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The store does not give the blob.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store gives something else.
    #[error(transparent)]
    Damaged(#[from] DamagedBlob),
}

impl FetchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            FetchError::Store(error) => Some(error.hint()),
            FetchError::Damaged(_) => Some("the stored blob is broken: delete it and build again".into()),
        }
    }

    /// Whether this says something about the one blob, not about the whole store.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            FetchError::Damaged(_) | FetchError::Store(StoreError::Missing { .. } | StoreError::TooLarge { .. })
        )
    }
}
