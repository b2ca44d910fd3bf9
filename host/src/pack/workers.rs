//! The threads of a pack.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::error::PackError;
use super::packer::Packer;
use super::read::Reader;
use super::sealed::SealedBlock;
use crate::block::{BLOCK_SIZE, BlobId, BlobKey, BlockRef, Sealer, block_count, block_len, ids_of, keys_of};
use crate::tree::Input;
use crate::tree::{EntryId, Kind};

/// Plain bytes that a worker handles at a time: four full blocks, as many as are hashed side by side. A worker holds
/// about twice this.
const BATCH_BYTES: usize = 4 * BLOCK_SIZE;
/// Blocks in a batch at the most, so that many small files are still shared between the workers.
const BATCH_BLOCKS: usize = 32;

/// Keys that are known, and what they were sealed to.
type Sealed = HashMap<BlobKey, Option<SealedBlock>>;

/// What the threads made.
pub(super) struct Done {
    /// Each file's blocks.
    pub files: Vec<(EntryId, Vec<SealedBlock>)>,
    /// Files with extended attributes that an flist can't hold.
    pub lost_attributes: Vec<(EntryId, String)>,
    pub bytes_read: u64,
    pub sent_blobs: u64,
    pub sent_bytes: u64,
}

struct BlockJob {
    file: EntryId,
    index: u64,
}

struct WorkerState<'a> {
    packer: &'a Packer<'a>,
    input: &'a Input,
    batches: Mutex<Batches<'a>>,
    /// A key that a worker has claimed is there; its block once it is sealed.
    sealed: Mutex<Sealed>,
    stop: AtomicBool,
    error: Mutex<Option<PackError>>,
    bytes_read: AtomicU64,
    sent_blobs: AtomicU64,
    sent_bytes: AtomicU64,
}

/// Seals and stores the contents of `files`.
pub(super) fn run(packer: &Packer<'_>, input: &Input, files: &[EntryId]) -> Result<Done, PackError> {
    let shared = WorkerState {
        packer,
        input,
        batches: Mutex::new(Batches { input, files, index: 0 }),
        sealed: Mutex::new(Sealed::new()),
        stop: AtomicBool::new(false),
        error: Mutex::new(None),
        bytes_read: AtomicU64::new(0),
        sent_blobs: AtomicU64::new(0),
        sent_bytes: AtomicU64::new(0),
    };
    let storers = packer.store.parallelism().max(1);
    let (send, receive) = bounded(storers);
    // Twice as many as the cores: while one waits for the disk, another computes.
    let workers = if files.is_empty() { 0 } else { packer.workers.get() * 2 };

    let made: Vec<WorkerOutput> = thread::scope(|scope| {
        for _ in 0..if files.is_empty() { 0 } else { storers } {
            let receive = receive.clone();
            scope.spawn(|| shared.store(receive));
        }
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                let send = send.clone();
                scope.spawn(|| shared.work(send))
            })
            .collect();
        drop(send);
        threads.into_iter().map(|thread| thread.join().expect("a pack worker panicked")).collect()
    });

    if let Some(error) = shared.error.into_inner().expect("no holder panics") {
        return Err(error);
    }
    let sealed = shared.sealed.into_inner().expect("no holder panics");
    let (keys, lost): (Vec<_>, Vec<_>) = made.into_iter().map(|made| (made.keys, made.lost_attributes)).unzip();
    Ok(Done {
        files: assemble(files, keys.concat(), &sealed),
        lost_attributes: lost.concat(),
        bytes_read: shared.bytes_read.into_inner(),
        sent_blobs: shared.sent_blobs.into_inner(),
        sent_bytes: shared.sent_bytes.into_inner(),
    })
}

/// What one worker read: the key of each block, and what it noticed.
#[derive(Default)]
struct WorkerOutput {
    keys: Vec<(EntryId, u64, BlobKey)>,
    lost_attributes: Vec<(EntryId, String)>,
}

fn assemble(
    files: &[EntryId],
    mut keys: Vec<(EntryId, u64, BlobKey)>,
    sealed: &Sealed,
) -> Vec<(EntryId, Vec<SealedBlock>)> {
    keys.sort_unstable_by_key(|(file, index, _)| (*file, *index));
    let mut keys = keys.into_iter().peekable();
    files
        .iter()
        .map(|file| {
            let mut blocks = Vec::new();
            while let Some((_, _, key)) = keys.next_if(|(owner, _, _)| owner == file) {
                blocks.push(sealed[&key].expect("what was claimed was sealed, or the pack failed"));
            }
            (*file, blocks)
        })
        .collect()
}

impl WorkerState<'_> {
    fn fail(&self, error: PackError) {
        self.stop.store(true, Ordering::Relaxed);
        self.error.lock().expect("no holder panics").get_or_insert(error);
    }

    fn work(&self, blobs: Sender<(BlobId, Vec<u8>)>) -> WorkerOutput {
        let mut made = WorkerOutput::default();
        let mut sealer = Sealer::default();
        let mut reader = Reader::new(self.packer.source, self.input);
        let mut buffers: Vec<Vec<u8>> = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let batch = self.batches.lock().expect("no holder panics").next();
            let Some(batch) = batch else { break };
            buffers.resize_with(batch.len().max(buffers.len()), Vec::new);
            let read =
                batch.iter().zip(&mut buffers).try_for_each(|(job, buffer)| reader.read(job.file, job.index, buffer));
            if let Err(error) = read {
                self.fail(error);
                break;
            }
            let plain = &buffers[..batch.len()];
            let keys = keys_of(plain.iter().map(Vec::as_slice));
            made.keys.extend(batch.iter().zip(&keys).map(|(job, key)| (job.file, job.index, *key)));
            let bytes: u64 = plain.iter().map(|block| block.len() as u64).sum();
            self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
            for blob in self.seal_new(&mut sealer, plain, &keys) {
                // The storers end early only after a failure.
                if blobs.send(blob).is_err() {
                    return made;
                }
            }
            self.packer.progress.advance(bytes);
        }
        made.lost_attributes = reader.lost_attributes;
        made
    }

    /// The blobs of the blocks that nobody has sealed yet.
    fn seal_new(&self, sealer: &mut Sealer, plain: &[Vec<u8>], keys: &[BlobKey]) -> Vec<(BlobId, Vec<u8>)> {
        let new: Vec<usize> = {
            let mut sealed = self.sealed.lock().expect("no holder panics");
            (0..keys.len())
                .filter(|index| {
                    let is_new = !sealed.contains_key(&keys[*index]);
                    if is_new {
                        sealed.insert(keys[*index], None);
                    }
                    is_new
                })
                .collect()
        };
        let blobs: Vec<Vec<u8>> = new.iter().map(|index| sealer.seal(&plain[*index], &keys[*index])).collect();
        let ids = ids_of(blobs.iter().map(Vec::as_slice));
        let mut sealed = self.sealed.lock().expect("no holder panics");
        for ((index, blob), id) in new.into_iter().zip(&blobs).zip(&ids) {
            let key = keys[index];
            sealed.insert(key, Some(SealedBlock { reference: BlockRef { id: *id, key }, len: blob.len() as u32 }));
        }
        drop(sealed);
        ids.into_iter().zip(blobs).collect()
    }

    fn store(&self, blobs: Receiver<(BlobId, Vec<u8>)>) {
        let store = self.packer.store;
        for (id, blob) in blobs {
            // After a failure the queue is only drained, so that no worker waits for a place in it.
            if self.stop.load(Ordering::Relaxed) {
                continue;
            }
            let stored = match store.has_all(&id, blob.len() as u64) {
                Ok(true) => Ok(false),
                Ok(false) => store.put(&id, &blob).map(|()| true),
                Err(error) => Err(error),
            };
            match stored {
                Ok(sent) => {
                    self.sent_blobs.fetch_add(u64::from(sent), Ordering::Relaxed);
                    self.sent_bytes.fetch_add(if sent { blob.len() as u64 } else { 0 }, Ordering::Relaxed);
                }
                Err(error) => self.fail(error.into()),
            }
        }
    }
}

/// The blocks of the files still to do, in batches.
struct Batches<'a> {
    input: &'a Input,
    files: &'a [EntryId],
    /// The next block of the first file.
    index: u64,
}

impl Iterator for Batches<'_> {
    type Item = Vec<BlockJob>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let [file, rest @ ..] = self.files {
            let Kind::File { size } = self.input.tree.get(*file).kind else { unreachable!("only files are packed") };
            if self.index == block_count(size) {
                (self.files, self.index) = (rest, 0);
                continue;
            }
            let len = block_len(size, self.index);
            if batch.len() == BATCH_BLOCKS || (bytes + len > BATCH_BYTES && !batch.is_empty()) {
                break;
            }
            batch.push(BlockJob { file: *file, index: self.index });
            bytes += len;
            self.index += 1;
        }
        (!batch.is_empty()).then_some(batch)
    }
}
