//! What the hardware allows: the work that every packer has to do on a tree, and nothing else.
//!
//! ```text
//! limit pack TREE SCRATCH     walk, read, hash, compress, encrypt, hash, write each new blob to SCRATCH
//! limit walk TREE             lstat of every entry
//! ```
//!
//! The blocks go through the program's own functions, four at a time, on two threads that share one list; a blob is
//! written in place, with no temporary file, no sync and no manifest. Prints one JSON object. `cpu` is what the
//! threads spent in each step, added up; on a machine with fewer than two free cores it includes waiting.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flistry::block::{self, BlobId, Sealer};

const THREADS: usize = 2;

/// Blocks that are hashed together: as many as BLAKE2b has lanes.
const BATCH: usize = 4;

fn main() {
    // `cargo bench` adds a flag of its own.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let result = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pack", tree, scratch] => pack(Path::new(tree), Path::new(scratch)),
        ["walk", tree] => only_walk(Path::new(tree)),
        _ => {
            eprintln!("usage: limit pack TREE SCRATCH | limit walk TREE");
            std::process::exit(2);
        }
    };
    match result {
        Ok(json) => println!("{json}"),
        Err(error) => {
            eprintln!("limit: {error}");
            std::process::exit(1);
        }
    }
}

/// The regular files of a tree with their sizes.
#[derive(Default)]
struct Walk {
    files: Vec<(PathBuf, u64)>,
    entries: usize,
}

fn walk(directory: &Path, into: &mut Walk) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let meta = fs::symlink_metadata(&path)?;
        into.entries += 1;
        if meta.is_dir() {
            walk(&path, into)?;
        } else if meta.is_file() {
            into.files.push((path, meta.len()));
        }
    }
    Ok(())
}

fn only_walk(tree: &Path) -> io::Result<String> {
    let start = Instant::now();
    let mut found = Walk::default();
    walk(tree, &mut found)?;
    Ok(format!(
        r#"{{"mode":"walk","seconds":{:.6},"entries":{},"files":{}}}"#,
        start.elapsed().as_secs_f64(),
        found.entries,
        found.files.len()
    ))
}

/// The steps, in their order, and the time that each took.
const STEPS: [&str; 5] = ["read", "hash", "seal", "hash_blob", "write"];

#[derive(Default)]
struct Times([Duration; STEPS.len()]);

impl Times {
    fn add<T>(&mut self, step: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.0[step] += start.elapsed();
        done
    }
}

fn pack(tree: &Path, scratch: &Path) -> io::Result<String> {
    let start = Instant::now();
    let mut found = Walk::default();
    walk(tree, &mut found)?;
    let walked = start.elapsed();

    let blocks: Vec<(usize, u64)> = found
        .files
        .iter()
        .enumerate()
        .flat_map(|(file, (_, size))| (0..block::block_count(*size)).map(move |index| (file, index)))
        .collect();
    for first in 0..=255 {
        fs::create_dir_all(scratch.join(format!("{first:02x}")))?;
    }

    let next = AtomicUsize::new(0);
    let seen: Mutex<HashSet<BlobId>> = Mutex::default();
    let workers: Vec<io::Result<Worker>> = std::thread::scope(|scope| {
        let handles: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| work(&found.files, &blocks, &next, &seen, scratch))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });

    let mut times = Times::default();
    let (mut read, mut written) = (0, 0);
    for worker in workers {
        let worker = worker?;
        for (sum, time) in times.0.iter_mut().zip(worker.times.0) {
            *sum += time;
        }
        read += worker.read;
        written += worker.written;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu: Vec<String> =
        STEPS.iter().zip(times.0).map(|(step, time)| format!(r#""{step}":{:.6}"#, time.as_secs_f64())).collect();
    Ok(format!(
        r#"{{"mode":"pack","seconds":{seconds:.6},"threads":{THREADS},"entries":{},"files":{},"blocks":{},"blobs":{},"bytes_read":{read},"bytes_written":{written},"cpu":{{"walk":{:.6},{}}}}}"#,
        found.entries,
        found.files.len(),
        blocks.len(),
        seen.into_inner().unwrap().len(),
        walked.as_secs_f64(),
        cpu.join(","),
    ))
}

#[derive(Default)]
struct Worker {
    times: Times,
    read: u64,
    written: u64,
}

/// Takes batches off the list until it is empty.
fn work(
    files: &[(PathBuf, u64)],
    blocks: &[(usize, u64)],
    next: &AtomicUsize,
    seen: &Mutex<HashSet<BlobId>>,
    scratch: &Path,
) -> io::Result<Worker> {
    let mut worker = Worker::default();
    let mut sealer = Sealer::default();
    let mut buffers = vec![vec![0; block::BLOCK_SIZE]; BATCH];
    loop {
        let from = next.fetch_add(BATCH, Ordering::Relaxed);
        let batch = &blocks[from.min(blocks.len())..(from + BATCH).min(blocks.len())];
        if batch.is_empty() {
            return Ok(worker);
        }
        let times = &mut worker.times;

        let lengths = times.add(0, || read_batch(files, batch, &mut buffers))?;
        worker.read += lengths.iter().sum::<usize>() as u64;
        let plain: Vec<&[u8]> = buffers.iter().zip(&lengths).map(|(buffer, &len)| &buffer[..len]).collect();
        let keys = times.add(1, || block::keys_of(plain.iter().copied()));
        let blobs: Vec<Vec<u8>> =
            times.add(2, || plain.iter().zip(&keys).map(|(plain, key)| sealer.seal(plain, key)).collect());
        let ids = times.add(3, || block::ids_of(blobs.iter().map(Vec::as_slice)));
        worker.written += times.add(4, || -> io::Result<u64> {
            let mut written = 0;
            for (id, blob) in ids.iter().zip(&blobs) {
                if seen.lock().unwrap().insert(*id) {
                    let hex = id.hex();
                    fs::write(scratch.join(&hex[..2]).join(&hex), blob)?;
                    written += blob.len() as u64;
                }
            }
            Ok(written)
        })?;
    }
}

/// Fills one buffer a block; a file is opened once for its neighbouring blocks.
fn read_batch(files: &[(PathBuf, u64)], batch: &[(usize, u64)], buffers: &mut [Vec<u8>]) -> io::Result<Vec<usize>> {
    let mut open: Option<(usize, File)> = None;
    let mut lengths = Vec::with_capacity(batch.len());
    for (&(file, index), buffer) in batch.iter().zip(buffers) {
        let (path, size) = &files[file];
        let len = block::block_len(*size, index);
        let source = match open.take() {
            Some((of, source)) if of == file => source,
            _ => File::open(path)?,
        };
        source.read_exact_at(&mut buffer[..len], index * block::BLOCK_SIZE as u64)?;
        lengths.push(len);
        open = Some((file, source));
    }
    Ok(lengths)
}
