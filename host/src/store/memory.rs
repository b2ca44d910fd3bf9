//! A store in memory: for tests, those of the library's users too. It keeps every rule of a real store.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::blobs::{ReadBlobs, WriteBlobs};
use super::error::StoreError;
use crate::block::{BlobId, MAX_BLOB_SIZE};

/// Blobs in a map. Gone with the value.
#[derive(Default)]
pub struct MemoryStore {
    blobs: RwLock<HashMap<BlobId, Vec<u8>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many blobs it has.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// Takes a blob away, to play a store that lost it. Whether it was there.
    pub fn remove(&self, id: &BlobId) -> bool {
        self.blobs.write().unwrap_or_else(PoisonError::into_inner).remove(id).is_some()
    }

    /// A map is whole between two calls whatever a panicking thread did, so poison does not matter.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<BlobId, Vec<u8>>> {
        self.blobs.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadBlobs for MemoryStore {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        self.read().get(id).cloned().ok_or_else(|| StoreError::Missing {
            name: id.hex(),
            store: self.describe(),
            forbidden: false,
        })
    }

    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        Ok(self.read().get(id).map(|blob| blob.len() as u64))
    }

    fn describe(&self) -> String {
        "memory".into()
    }

    fn parallelism(&self) -> usize {
        1
    }
}

impl WriteBlobs for MemoryStore {
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError> {
        StoreError::check_size(&id.hex(), &self.describe(), blob.len() as u64, MAX_BLOB_SIZE as u64)?;
        self.blobs.write().unwrap_or_else(PoisonError::into_inner).insert(*id, blob.to_vec());
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
