//! Several stores behind one: each for a range of blob ids, as routes are.
//!
//! Stores whose ranges overlap are replicas of what they share: all are written, and any is read, the first that has
//! the blob. (Stock rfs reads them in random order.)

use super::blobs::{Probed, ReadBlobs, WriteBlobs};
use super::error::StoreError;
use super::url::{IdRange, Ranged};
use crate::block::BlobId;

/// Stores that together have a place for every id: `Ranges<dyn ReadBlobs>` or `Ranges<dyn WriteBlobs>`.
pub struct Ranges<S: ?Sized> {
    stores: Vec<Ranged<Box<S>>>,
}

impl<S: ReadBlobs + ?Sized> Ranges<S> {
    /// [`StoreError::Gap`] where an id would have no store.
    pub fn new(stores: Vec<Ranged<Box<S>>>) -> Result<Self, StoreError> {
        let ranges = Ranges { stores };
        match IdRange::first_gap(ranges.stores.iter().map(|store| store.range)) {
            Some(gap) => Err(StoreError::Gap { start: gap.start, end: gap.end, store: ranges.describe() }),
            None => Ok(ranges),
        }
    }

    /// A set that need not cover every id, to read what part of a store there is. A blob outside is
    /// [`StoreError::NoRange`].
    pub fn partial(stores: Vec<Ranged<Box<S>>>) -> Self {
        Ranges { stores }
    }

    /// The stores for `id`, in order; at least one.
    fn stores_for(&self, id: &BlobId) -> Result<impl Iterator<Item = &S>, StoreError> {
        let first_byte = id.first_byte();
        let mut stores = self
            .stores
            .iter()
            .filter(move |store| (store.range.start..=store.range.end).contains(&first_byte))
            .map(|store| &*store.value)
            .peekable();
        if stores.peek().is_none() {
            return Err(StoreError::NoRange { name: id.hex(), first_byte, store: self.describe() });
        }
        Ok(stores)
    }
}

impl<S: ReadBlobs + ?Sized> ReadBlobs for Ranges<S> {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        let mut failure = None;
        for store in self.stores_for(id)? {
            match store.get(id) {
                Ok(blob) => return Ok(blob),
                Err(error) => failure = worse(failure, error),
            }
        }
        Err(failure.unwrap_or_else(|| self.missing(id)))
    }

    /// The first size that a replica says. `None` only where every replica says that it is missing: one that
    /// failed may have it.
    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        let mut failure = None;
        for store in self.stores_for(id)? {
            match store.size(id) {
                Ok(Some(size)) => return Ok(Some(size)),
                Ok(None) => {}
                Err(error) => failure = worse(failure, error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn describe(&self) -> String {
        let described = self.stores.iter().map(|Ranged { range, value }| match *range {
            IdRange::ALL => value.describe(),
            IdRange { start, end } => format!("{start:02x}-{end:02x}={}", value.describe()),
        });
        described.collect::<Vec<_>>().join(", ")
    }

    /// As many as the most parallel store is worth: calls for it and for the others come mixed.
    fn parallelism(&self) -> usize {
        self.stores.iter().map(|store| store.value.parallelism()).max().unwrap_or(1)
    }

    /// All must answer.
    fn probe(&self) -> Result<Probed, StoreError> {
        let mut probed = Probed::Reads;
        for store in &self.stores {
            if store.value.probe()? == Probed::Forbids {
                probed = Probed::Forbids;
            }
        }
        Ok(probed)
    }
}

impl<S: WriteBlobs + ?Sized> WriteBlobs for Ranges<S> {
    /// To every replica; fails at the first that fails.
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError> {
        self.stores_for(id)?.try_for_each(|store| store.put(id, blob))
    }

    /// Every replica has it: [`ReadBlobs::size`], which one replica answers, is not the question to ask here.
    fn has_all(&self, id: &BlobId, len: u64) -> Result<bool, StoreError> {
        for store in self.stores_for(id)? {
            if !store.has_all(id, len)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.stores.iter().try_for_each(|store| store.value.sync())
    }
}

impl<S: ReadBlobs + ?Sized> Ranges<S> {
    fn missing(&self, id: &BlobId) -> StoreError {
        StoreError::Missing { name: id.hex(), store: self.describe(), forbidden: false }
    }
}

/// Which of two replicas' failures to report: the first, but rather one that leaves open whether the blob is there.
fn worse(first: Option<StoreError>, second: StoreError) -> Option<StoreError> {
    match first {
        Some(StoreError::Missing { forbidden: false, .. }) | None => Some(second),
        Some(StoreError::Missing { forbidden: true, .. }) if !matches!(second, StoreError::Missing { .. }) => {
            Some(second)
        }
        first => first,
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::MemoryStore;
    use super::*;

    fn ranged(start: u8, end: u8) -> Ranged<Box<MemoryStore>> {
        Ranged { range: IdRange { start, end }, value: Box::new(MemoryStore::new()) }
    }

    #[test]
    fn a_gap_is_named() {
        let gap = |stores| Ranges::new(stores).err().map(|error| error.to_string());
        assert_eq!(gap(vec![ranged(0, 255)]), None);
        assert_eq!(gap(vec![ranged(128, 255), ranged(0, 127)]), None);
        assert_eq!(gap(vec![ranged(0, 127)]).unwrap(), "no store is for blobs 80-ff; there are 00-7f=memory");
        assert!(gap(vec![ranged(0, 0x10), ranged(0x20, 255)]).unwrap().contains("blobs 11-1f"));
        assert!(gap(vec![]).unwrap().contains("blobs 00-ff"));
    }

    #[test]
    fn a_blob_outside_every_range_is_told() {
        let ranges = Ranges::partial(vec![ranged(0, 0x7f)]);
        let error = ranges.get(&BlobId::from([0x90; 32])).unwrap_err();
        assert!(matches!(error, StoreError::NoRange { first_byte: 0x90, .. }), "{error}");
    }

    #[test]
    fn a_blob_goes_to_the_stores_of_its_range() {
        let ranges = Ranges::new(vec![ranged(0, 0x7f), ranged(0x80, 0xff), ranged(0, 0xff)]).unwrap();
        ranges.put(&BlobId::from([0x90; 32]), b"blob").unwrap();
        let held: Vec<usize> = ranges.stores.iter().map(|store| store.value.len()).collect();
        assert_eq!(held, [0, 1, 1]);
    }

    #[test]
    fn has_all_means_every_replica_and_the_right_size() {
        let ranges = Ranges::new(vec![ranged(0, 0xff), ranged(0, 0xff)]).unwrap();
        let id = BlobId::from([7; 32]);
        assert!(!ranges.has_all(&id, 4).unwrap());
        ranges.put(&id, b"blob").unwrap();
        assert!(ranges.has_all(&id, 4).unwrap());
        assert!(!ranges.has_all(&id, 5).unwrap());
        ranges.stores[0].value.remove(&id);
        assert!(!ranges.has_all(&id, 4).unwrap());
        assert_eq!(ranges.size(&id).unwrap(), Some(4));
        assert_eq!(ranges.get(&id).unwrap(), b"blob");
    }
}
