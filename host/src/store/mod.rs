//! Where blobs lie: a small ladder of traits, and one file for each kind of store.
//!
//! A store maps a [`BlobId`] to bytes and knows nothing of keys or files. [`ReadBlobs`] is all that a node needs;
//! [`WriteBlobs`] is what a build needs. All calls block; a store over the network runs its own async client
//! behind them and says by [`ReadBlobs::parallelism`] how many calls are worth having under way.

pub mod url;

use crate::block::BlobId;

/// A store that can be read.
pub trait ReadBlobs: Send + Sync {
    /// The blob's bytes, unchecked: [`crate::block::open`] proves them. [`StoreError`] says "missing" where the
    /// store does not have it.
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError>;

    /// The stored size in bytes; `None` where the store does not have the blob.
    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError>;

    /// The store's URL without any secret, for messages and reports.
    fn describe(&self) -> String;

    /// How many calls are worth having under way at once.
    fn parallelism(&self) -> usize;
}

/// A store that can be written.
pub trait WriteBlobs: ReadBlobs {
    /// Stores a blob; an existing one is replaced, and a reader sees the old or the new, never a part.
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError>;

    /// Returns when what was put will survive a power cut.
    fn sync(&self) -> Result<(), StoreError>;
}
