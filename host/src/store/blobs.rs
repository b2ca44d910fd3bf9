//! What a store can do: the ladder of traits.

use super::error::StoreError;
use crate::block::BlobId;

/// A store that can be read.
pub trait ReadBlobs: Send + Sync {
    /// The blob's bytes, unchecked: [`crate::block::open`] proves them. [`StoreError::Missing`] where the store
    /// does not have it.
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError>;

    /// The stored size in bytes; `None` where the store does not have the blob. A store that answers "forbidden"
    /// may or may not have it: that is [`StoreError::Missing`] with `forbidden` set, not `None`.
    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError>;

    /// The store's URL without any secret, for messages and reports.
    fn describe(&self) -> String;

    /// How many calls are worth having under way at once.
    fn parallelism(&self) -> usize;

    /// Asks, once and without retries, for a blob that can't exist. The error tells a wrong address, a wrong key
    /// and a wrong bucket apart: for the moment before a long build starts.
    fn probe(&self) -> Result<Probed, StoreError> {
        match self.get(&BlobId::from(NO_BLOB)) {
            Ok(_) | Err(StoreError::Missing { forbidden: false, .. }) => Ok(Probed::Reads),
            Err(StoreError::Missing { forbidden: true, .. }) => Ok(Probed::Forbids),
            Err(error) => Err(error),
        }
    }
}

/// What a store that could be reached said to [`ReadBlobs::probe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// It says of a blob that it is missing: address, key and bucket are right.
    Reads,
    /// It takes the key but says "forbidden". AWS does so where the key may read but not list; elsewhere the key
    /// may not read.
    Forbids,
}

/// An id that no bytes are known to hash to.
pub(super) const NO_BLOB: [u8; 32] = [0; 32];

/// A store that can be written.
pub trait WriteBlobs: ReadBlobs {
    /// Stores a blob; an existing one is replaced, and a reader sees the old or the new, never a part.
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError>;

    /// Whether putting a blob of `len` bytes may be left out: it is there already, whole, in every place that
    /// [`WriteBlobs::put`] would write. A blob of another size is half a blob, and a store that won't say counts
    /// as one that has nothing: a needless put costs little, a left out one costs the flist.
    fn has_all(&self, id: &BlobId, len: u64) -> Result<bool, StoreError> {
        match self.size(id) {
            Ok(size) => Ok(size == Some(len)),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns when what was put will survive a power cut.
    fn sync(&self) -> Result<(), StoreError>;
}
