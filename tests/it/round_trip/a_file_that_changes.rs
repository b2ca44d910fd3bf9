//! A store that changes a file of the source when the first blob arrives.

use super::*;
use flistry::block::BlobId;
use flistry::pack::PackError;
use flistry::progress::{Progress, Step, Warning};
use flistry::store::{ReadBlobs, StoreError, WriteBlobs};

struct Meddling<'a> {
    inner: MemoryStore,
    meddle: &'a (dyn Fn() + Sync),
}

impl ReadBlobs for Meddling<'_> {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        self.inner.get(id)
    }
    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        self.inner.size(id)
    }
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn parallelism(&self) -> usize {
        1
    }
}

impl WriteBlobs for Meddling<'_> {
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError> {
        (self.meddle)();
        self.inner.put(id, blob)
    }
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn pack_while(meddle: impl Fn(&Path) + Sync) -> PackError {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("big");
    // So many batches that some are read after the first was stored.
    let byte = |i: usize| (i / BLOCK_SIZE) as u8;
    std::fs::write(&file, (0..64 * BLOCK_SIZE).map(byte).collect::<Vec<u8>>()).unwrap();
    let (source, input) = input(scratch.path());
    let store = Meddling { inner: MemoryStore::new(), meddle: &|| meddle(&file) };
    let packer = Packer { source: &source, store: &store, workers: NonZeroUsize::MIN, progress: &Silent };
    packer.pack(&input, None).unwrap_err()
}

#[test]
fn one_that_is_written_to_is_an_error() {
    let error = pack_while(|file| {
        use std::os::unix::fs::FileExt;
        let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        file.write_all_at(b"changed", 63 * BLOCK_SIZE as u64).unwrap();
    });
    assert!(error.to_string().ends_with("/big changed while it was being packed"), "{error}");
    assert_eq!(error.hint().unwrap(), "wait until nothing writes to the source, then build again");
}

#[test]
fn one_that_becomes_a_pipe_is_an_error_and_not_a_wait() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let (source, input) = input(scratch.path());
    std::fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let store = MemoryStore::new();
    let packer = Packer { source: &source, store: &store, workers: NonZeroUsize::MIN, progress: &Silent };
    let error = packer.pack(&input, None).unwrap_err();
    assert!(error.to_string().ends_with("/file changed while it was being packed"), "{error}");
}

#[test]
fn one_that_vanishes_is_an_error() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("file"), "x").unwrap();
    let (source, input) = input(scratch.path());
    std::fs::remove_file(scratch.path().join("file")).unwrap();
    let store = MemoryStore::new();
    let packer = Packer { source: &source, store: &store, workers: NonZeroUsize::MIN, progress: &Silent };
    let error = packer.pack(&input, None).unwrap_err();
    assert!(error.to_string().ends_with("/file: No such file or directory (os error 2)"), "{error}");
}

#[test]
fn one_that_shrinks_is_an_error() {
    let error = pack_while(|file| {
        std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(10).unwrap();
    });
    assert!(error.to_string().ends_with("/big changed while it was being packed"), "{error}");
}

/// Writes to a file when the comparison begins, after the walk over its source.
struct WritesTo<'a>(&'a Path);

impl Progress for WritesTo<'_> {
    fn begin(&self, step: Step, _: u64) {
        if step == Step::Compare {
            std::fs::write(self.0, "y").unwrap();
        }
    }
    fn advance(&self, _: u64) {}
    fn warn(&self, _: Warning) {}
}

#[test]
fn one_that_is_written_to_is_not_compared() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let manifest = pack(scratch.path(), &MemoryStore::new());
    let source = input(scratch.path()).0;
    let compare = |progress: &dyn Progress| {
        compare(&manifest, &source, RULES, &KnownDifferences::default(), 1, progress).map(|(findings, _)| findings)
    };
    assert!(compare(&Silent).unwrap().is_empty());
    let error = compare(&WritesTo(&file)).unwrap_err();
    assert!(error.to_string().ends_with("/file: it was written to since the scan"), "{error}");
}
