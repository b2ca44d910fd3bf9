//! What is remembered, for how long, and what becomes of a file that is broken.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::plugin::{EntryKind, EntryView};
use crate::tree::source::FileIdentity;

/// A tree whose entries are one module each, and which counts how often one is read.
struct Modules {
    identities: Vec<FileIdentity>,
    bytes: Vec<u8>,
    read: AtomicUsize,
}

impl Modules {
    /// `count` modules that changed `seconds` ago.
    fn new(count: u64, seconds: i64) -> Self {
        let fuse = "../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko";
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(fuse)).unwrap();
        let changed = time::UtcDateTime::now().unix_timestamp_nanos() as i64 - seconds * 1_000_000_000;
        let identity = |ino| {
            let size = bytes.len() as u64;
            FileIdentity { dev: 1, ino, size, mtime_ns: changed, ctime_ns: changed }
        };
        Modules { identities: (0..count).map(identity).collect(), bytes, read: AtomicUsize::new(0) }
    }

    /// How many modules had to be read to know all.
    fn reads(&self, memory: &Remembered) -> usize {
        let before = self.read.load(Ordering::Relaxed);
        for id in 0..self.len() as u32 {
            let pairs = memory.pairs(self, id).unwrap();
            assert!(pairs.iter().any(|(key, value)| key == "name" && value == "fuse"), "{pairs:?}");
        }
        self.read.load(Ordering::Relaxed) - before
    }
}

impl TreeView for Modules {
    fn len(&self) -> usize {
        self.identities.len()
    }

    fn entry(&self, id: u32) -> EntryView {
        let size = self.bytes.len() as u64;
        let (target, unpackable) = (None, None);
        EntryView { path: format!("kernel/{id}.ko"), kind: EntryKind::File, size, mode: 0o644, target, unpackable }
    }

    fn find(&self, _: &str) -> Option<u32> {
        None
    }

    fn read(&self, _: u32, _: u64, _: usize) -> io::Result<Vec<u8>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        Ok(self.bytes.clone())
    }

    fn identity(&self, id: u32) -> Option<FileIdentity> {
        Some(self.identities[id as usize])
    }
}

/// One run: what of `modules` had to be read; stored at its end.
fn run(folder: &Path, modules: &Modules) -> usize {
    let memory = Remembered::new(Some(folder));
    let reads = modules.reads(&memory);
    assert_eq!(memory.take_warnings(), []);
    memory.store().unwrap();
    reads
}

#[test]
fn a_module_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut modules = Modules::new(3, 60);
    assert_eq!(run(folder.path(), &modules), 3);
    assert_eq!(run(folder.path(), &modules), 0);
    // Any change of the identity makes it another module.
    modules.identities[1].ctime_ns += 1;
    assert_eq!(run(folder.path(), &modules), 1);
    assert_eq!(run(folder.path(), &modules), 0);
}

#[test]
fn nothing_is_written_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let modules = Modules::new(3, 60);
    let memory = Remembered::new(Some(&folder.path().join("not/yet")));
    assert_eq!(modules.reads(&memory), 3);
    assert_eq!(modules.reads(&memory), 0, "within a run it is remembered in any case");
    assert!(!folder.path().join("not").exists());
    memory.store().unwrap();
    assert!(folder.path().join("not/yet/module-info").is_file());
    let memory = Remembered::new(None);
    assert_eq!(modules.reads(&memory), 3);
    memory.store().unwrap();
}

#[test]
fn nothing_new_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let modules = Modules::new(3, 60);
    run(folder.path(), &modules);
    let inode = || std::os::unix::fs::MetadataExt::ino(&folder.path().join(FILE).metadata().unwrap());
    let before = inode();
    run(folder.path(), &modules);
    assert_eq!(inode(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
}

#[test]
fn what_changed_a_moment_ago_or_will_yet_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    for seconds in [0, 1, -60] {
        let modules = Modules::new(2, seconds);
        assert_eq!(run(folder.path(), &modules), 2);
        assert_eq!(run(folder.path(), &modules), 2, "{seconds}");
    }
}

#[test]
fn what_is_not_used_for_long_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let old = Modules::new(2, 60);
    assert_eq!(run(folder.path(), &old), 2);
    let others = |seconds| assert_eq!(run(folder.path(), &Modules::new(1, seconds)), 1);
    // Each of these writes the file anew.
    (100..103).for_each(others);
    assert_eq!(run(folder.path(), &old), 0);
    // Asked for, but nothing was written: that counts only with the next write.
    (200..204).for_each(others);
    assert_eq!(run(folder.path(), &old), 2);
}

#[test]
fn a_broken_file_is_begun_anew_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let modules = Modules::new(2, 60);
    run(folder.path(), &modules);
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    for (broken, why) in [
        (&flipped[..], "it is damaged"),
        (&whole[..whole.len() / 2], "it is damaged"),
        (b"", "it is of another version, or something else"),
        (b"flistmi\x02 and more", "it is of another version, or something else"),
        (b"flistmi\x01", "it is cut off"),
    ] {
        std::fs::write(&file, broken).unwrap();
        let memory = Remembered::new(Some(folder.path()));
        assert_eq!(modules.reads(&memory), 2);
        let warnings = memory.take_warnings();
        let text = format!(
            "{} cannot be used: {why} (the modules are read again, and the next build begins it anew)",
            file.display()
        );
        assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
        memory.store().unwrap();
        assert_eq!(run(folder.path(), &modules), 0);
    }
}

#[test]
fn what_is_no_file_costs_time_alone() {
    let folder = tempfile::tempdir().unwrap();
    let modules = Modules::new(2, 60);
    std::fs::create_dir(folder.path().join(FILE)).unwrap();
    let memory = Remembered::new(Some(folder.path()));
    assert_eq!(modules.reads(&memory), 2);
    assert!(memory.take_warnings()[0].what.ends_with("cannot be used: it is no file"));
    let warning = memory.store().unwrap_err().to_string();
    assert!(warning.starts_with("cannot remember what the modules say of themselves in "), "{warning}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join(FILE)).unwrap();
    file.set_len(format::MAX_BYTES + 1).unwrap();
    let memory = Remembered::new(Some(folder.path()));
    assert_eq!(Modules::new(1, 60).reads(&memory), 1);
    assert!(memory.take_warnings()[0].what.ends_with("it is too large"));
}
