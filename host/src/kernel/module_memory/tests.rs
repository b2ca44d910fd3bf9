//! What is remembered, for how long, and what becomes of a cache that is damaged.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::progress::{Recorder, Silent};

/// Files that are one module each, and a count of how often one is read.
struct FakeModules {
    identities: Vec<FileIdentity>,
    bytes: Vec<u8>,
    read: AtomicUsize,
}

impl FakeModules {
    /// `count` modules that changed `seconds` ago.
    fn new(count: u64, seconds: i64) -> Self {
        let fuse = "../config/sample/lib/modules/6.12.44-Zero-OS/kernel/fs/fuse/fuse.ko";
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(fuse)).unwrap();
        let changed = time::UtcDateTime::now().unix_timestamp_nanos() as i64 - seconds * 1_000_000_000;
        let identity = |ino| {
            let size = bytes.len() as u64;
            FileIdentity { dev: 1, ino, size, mtime_ns: changed, ctime_ns: changed }
        };
        FakeModules { identities: (0..count).map(identity).collect(), bytes, read: AtomicUsize::new(0) }
    }

    /// How many modules had to be read to know all.
    fn reads(&self, memory: &ModuleMemory) -> usize {
        let before = self.read.load(Ordering::Relaxed);
        for (index, identity) in self.identities.iter().enumerate() {
            let read = |_| {
                self.read.fetch_add(1, Ordering::Relaxed);
                Ok(self.bytes.clone())
            };
            let facts = memory.facts(&format!("kernel/{index}.ko"), Some(*identity), read).unwrap();
            let pairs = &facts.modinfo;
            assert!(pairs.iter().any(|(key, value)| key == "name" && value == "fuse"), "{pairs:?}");
        }
        self.read.load(Ordering::Relaxed) - before
    }
}

/// A memory in the cache at `path`.
fn memory_in(path: &Path, access: CacheAccess) -> ModuleMemory {
    ModuleMemory::new(Arc::new(CachePlace::new(path, access)))
}

/// What `memory` warns of at its end.
fn save(memory: &ModuleMemory) -> Vec<String> {
    let recorder = Recorder::new(&Silent, Vec::new());
    memory.save(&recorder);
    recorder.warnings().iter().map(ToString::to_string).collect()
}

/// One run: what of `modules` had to be read; written at its end.
fn run(cache: &Path, modules: &FakeModules) -> usize {
    let memory = memory_in(cache, CacheAccess::ReadWrite);
    let reads = modules.reads(&memory);
    assert_eq!(save(&memory), [""; 0]);
    reads
}

#[test]
fn a_module_is_read_once() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let mut modules = FakeModules::new(3, 60);
    assert_eq!(run(&cache, &modules), 3);
    assert_eq!(run(&cache, &modules), 0);
    // Any change of the identity makes it another module.
    modules.identities[1].ctime_ns += 1;
    assert_eq!(run(&cache, &modules), 1);
    assert_eq!(run(&cache, &modules), 0);
}

#[test]
fn what_a_module_says_is_remembered_exactly() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let modules = FakeModules::new(1, 60);
    let read = || {
        let memory = memory_in(&cache, CacheAccess::ReadWrite);
        let facts = memory.facts("a.ko", Some(modules.identities[0]), |_| Ok(modules.bytes.clone())).unwrap();
        memory.save(&Silent);
        facts
    };
    assert_eq!(read(), read());
}

#[test]
fn nothing_is_written_unasked() {
    let directory = tempfile::tempdir().unwrap();
    let modules = FakeModules::new(3, 60);
    let cache = directory.path().join("not/yet/cache.sqlite");
    for memory in [memory_in(&cache, CacheAccess::ReadOnly), ModuleMemory::of_one_run()] {
        assert_eq!(modules.reads(&memory), 3);
        assert_eq!(modules.reads(&memory), 0, "within a run it is remembered in any case");
        assert_eq!(save(&memory), [""; 0]);
        assert!(!directory.path().join("not").exists());
    }
    assert_eq!(run(&cache, &modules), 3);
    assert_eq!(modules.reads(&memory_in(&cache, CacheAccess::ReadOnly)), 0);
}

#[test]
fn nothing_new_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let modules = FakeModules::new(3, 60);
    run(&cache, &modules);
    let inode = || std::os::unix::fs::MetadataExt::ino(&cache.metadata().unwrap());
    let before = (std::fs::read(&cache).unwrap(), inode());
    run(&cache, &modules);
    assert!((std::fs::read(&cache).unwrap(), inode()) == before);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no other file is left");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    rustix::fs::mknodat(rustix::fs::CWD, &cache, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let modules = FakeModules::new(1, 60);
    for access in [CacheAccess::ReadOnly, CacheAccess::ReadWrite] {
        let memory = memory_in(&cache, access);
        assert_eq!(modules.reads(&memory), 1);
        assert!(save(&memory).iter().all(|warning| warning.contains("it is not a regular file")));
    }
}

#[test]
fn what_changed_a_moment_ago_or_will_yet_is_not_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    for seconds in [0, 1, -60] {
        let modules = FakeModules::new(2, seconds);
        assert_eq!(run(&cache, &modules), 2);
        assert_eq!(run(&cache, &modules), 2, "{seconds}");
    }
}

#[test]
fn modules_unused_for_long_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let old = FakeModules::new(2, 60);
    assert_eq!(run(&cache, &old), 2);
    let others = |seconds| assert_eq!(run(&cache, &FakeModules::new(1, seconds)), 1);
    // Each of these learns something.
    (100..103).for_each(others);
    assert_eq!(run(&cache, &old), 0);
    // Asked for, but nothing was learned: that counts only with the next write.
    (200..204).for_each(others);
    assert_eq!(run(&cache, &old), 2);
}

#[test]
fn all_modules_together_have_a_limit() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    run(&cache, &FakeModules::new(4, 60));
    let db = Connection::open(&cache).unwrap();
    let size = MAX_BYTES / 3;
    db.execute("UPDATE module SET modinfo = zeroblob(?), unused = ino", [size]).unwrap();
    drop(db);
    run(&cache, &FakeModules::new(1, 30));
    let db = Connection::open(&cache).unwrap();
    let total: i64 = db.query_row("SELECT sum(length(modinfo)) FROM module", [], |row| row.get(0)).unwrap();
    assert!(total <= MAX_BYTES, "{total}");
    let oldest: i64 = db.query_row("SELECT max(unused) FROM module", [], |row| row.get(0)).unwrap();
    assert_eq!(oldest, 2, "what was not used for longest goes first");
}

#[test]
fn a_damaged_row_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let modules = FakeModules::new(3, 60);
    run(&cache, &modules);
    let db = Connection::open(&cache).unwrap();
    db.execute("UPDATE module SET modinfo = zeroblob(length(modinfo)) WHERE ino = 1", []).unwrap();
    db.execute("UPDATE module SET compression = 'xz' WHERE ino = 2", []).unwrap();
    drop(db);
    assert_eq!(run(&cache, &modules), 2);
    assert_eq!(run(&cache, &modules), 0);
}

#[test]
fn a_damaged_cache_is_replaced_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let modules = FakeModules::new(2, 60);
    run(&cache, &modules);
    let mut bytes = std::fs::read(&cache).unwrap();
    bytes[100..].fill(0xff);
    std::fs::write(&cache, bytes).unwrap();
    let memory = memory_in(&cache, CacheAccess::ReadOnly);
    assert_eq!(modules.reads(&memory), 2);
    let [warning] = &save(&memory)[..] else { panic!("there is one warning") };
    assert!(warning.contains("cannot be used") && warning.ends_with("(the next build starts a new one)"), "{warning}");
    let memory = memory_in(&cache, CacheAccess::ReadWrite);
    assert_eq!(modules.reads(&memory), 2);
    let [warning] = &save(&memory)[..] else { panic!("it is said once") };
    assert!(warning.ends_with("starting a new one"), "{warning}");
    assert_eq!(run(&cache, &modules), 0);
}

#[test]
fn a_cache_that_is_damaged_anywhere_is_whole_again_after_one_build() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache.sqlite");
    let modules = FakeModules::new(40, 60);
    run(&cache, &modules);
    let whole = std::fs::read(&cache).unwrap();
    // A file whose application id was changed looks like somebody else's.
    for at in (0..whole.len()).step_by(17).filter(|at| !(68..72).contains(at)) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        std::fs::write(&cache, &damaged).unwrap();
        let memory = memory_in(&cache, CacheAccess::ReadWrite);
        modules.reads(&memory);
        let warnings = save(&memory);
        assert!(warnings.iter().all(|warning| warning.ends_with("starting a new one")), "byte {at}: {warnings:?}");
        assert!(warnings.len() <= 1, "byte {at}: {warnings:?}");
        assert_eq!(run(&cache, &modules), 0, "byte {at}");
    }
}

#[test]
fn a_foreign_file_only_costs_time() {
    let directory = tempfile::tempdir().unwrap();
    let modules = FakeModules::new(2, 60);
    let cache = directory.path().join("notes");
    std::fs::write(&cache, "remember the milk").unwrap();
    let memory = memory_in(&cache, CacheAccess::ReadWrite);
    assert_eq!(modules.reads(&memory), 2);
    assert!(save(&memory).iter().all(|warning| warning.contains("notes is something else")));
    assert_eq!(std::fs::read(&cache).unwrap(), b"remember the milk");
    std::fs::remove_file(&cache).unwrap();
    std::fs::create_dir(&cache).unwrap();
    let memory = memory_in(&cache, CacheAccess::ReadWrite);
    assert_eq!(modules.reads(&memory), 2);
    assert!(!save(&memory).is_empty());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_file_that_is_not_a_module_is_named() {
    let memory = ModuleMemory::of_one_run();
    let why = |path, identity, bytes: &'static [u8]| {
        memory.facts(path, identity, |_| Ok(bytes.to_vec())).unwrap_err().to_string()
    };
    let identity = FakeModules::new(1, 60).identities[0];
    assert_eq!(why("a/readme", Some(identity), b""), "a/readme is not a module's file");
    assert_eq!(why("a/x.ko", None, b""), "a/x.ko is not a module's file");
    let large = FileIdentity { size: MAX_MODULE_BYTES + 1, ..identity };
    assert_eq!(why("a/x.ko", Some(large), b""), "a/x.ko is larger than any module");
    assert!(why("a/x.ko", Some(identity), b"no ELF").contains("ELF"));
}
