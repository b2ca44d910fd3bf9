//! Properties: whatever tree is packed, the flist verifies, unpacks to the same tree, and is the same every time.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use flistry::block::BLOCK_SIZE;
use flistry::manifest::diff::diff_trees;
use flistry::manifest::{Manifest, Route, read, write};
use flistry::pack::{PackStats, Packer};
use flistry::progress::{Recorder, Silent};
use flistry::store::memory::MemoryStore;
use flistry::store::url::IdRange;
use flistry::tree::Input;
use flistry::tree::Owner;
use flistry::tree::edit::TreeEdit;
use flistry::tree::file_cache::{CacheAccess, FileCache};
use flistry::tree::filtered::Filtered;
use flistry::tree::normal::{NormalRules, normalize};
use flistry::tree::scan::scan;
use flistry::tree::source::Source;
use flistry::unpack::unpack;
use flistry::verify::source_comparison::{KnownDifferences, compare};
use flistry::verify::{Level, verify};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Node {
    File { size: usize, seed: u8, mode: u32 },
    Folder { children: BTreeMap<String, Node>, mode: u32 },
    Link(String),
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}",
        "[ -.0-~]{1,20}".prop_filter("a name", |name| name != "." && name != ".."),
        "[äß名\u{1F980}'\"-]{1,8}",
    ]
}

/// Sizes around the edges where packers err.
fn size() -> impl Strategy<Value = usize> {
    let edges =
        [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE - 1, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE + 1];
    prop_oneof![3 => 0..2000_usize, 1 => prop::sample::select(edges.to_vec())]
}

fn node() -> impl Strategy<Value = Node> {
    let file = (size(), any::<u8>(), prop::sample::select(vec![0o644, 0o755, 0o600, 0o4755]))
        .prop_map(|(size, seed, mode)| Node::File { size, seed, mode });
    let link = vec(name(), 1..4).prop_map(|parts| Node::Link(parts.join("/../")));
    let leaf = prop_oneof![4 => file, 1 => link];
    leaf.prop_recursive(4, 24, 6, |inner| {
        (btree_map(name(), inner, 0..6), prop::sample::select(vec![0o755, 0o700, 0o1777]))
            .prop_map(|(children, mode)| Node::Folder { children, mode })
    })
}

fn make(node: &Node, at: &Path) {
    match node {
        Node::File { size, seed, mode } => {
            // Not compressible for odd seeds, so that both kinds of blob occur.
            let byte = |i: usize| if seed % 2 == 0 { *seed } else { (i as u8).wrapping_mul(*seed) ^ (i >> 8) as u8 };
            std::fs::write(at, (0..*size).map(byte).collect::<Vec<u8>>()).unwrap();
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
        Node::Link(target) => symlink(target, at).unwrap(),
        Node::Folder { children, mode } => {
            std::fs::create_dir(at).unwrap();
            for (name, child) in children {
                make(child, &at.join(name));
            }
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
}

const RULES: NormalRules = NormalRules { owner: Owner::Root, not_after: None };

fn input(folder: &Path) -> (Source, Input) {
    let source = Source::open_ambient("test", &[folder.to_owned()]).unwrap();
    let scan = scan(&source).unwrap();
    let recorder = Recorder::new(&Silent, Vec::new());
    let input = normalize(&scan, &Filtered::nothing(&scan), RULES, &recorder).unwrap();
    assert_eq!(recorder.warnings(), []);
    (source, input)
}

fn pack_with(folder: &Path, store: &MemoryStore, cache: Option<&mut FileCache>) -> (Manifest, PackStats) {
    let (source, input) = input(folder);
    let packer = Packer { source: &source, store, workers: NonZeroUsize::new(2).unwrap(), progress: &Silent };
    let (blocks, stats) = packer.pack(&input, cache).unwrap();
    let routes = vec![Route::from_text(IdRange::ALL, "dir:///nowhere")];
    (Manifest { tree: input.tree, blocks, tags: BTreeMap::new(), routes }, stats)
}

fn pack(folder: &Path, store: &MemoryStore) -> Manifest {
    pack_with(folder, store, None).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_packs_verifies_and_unpacks_to_itself(children in btree_map(name(), node(), 0..6)) {
        let scratch = tempfile::tempdir().unwrap();
        let (original, copy) = (scratch.path().join("original"), scratch.path().join("copy"));
        make(&Node::Folder { children, mode: 0o755 }, &original);
        let store = MemoryStore::new();
        let manifest = pack(&original, &store);

        // Through the file and back nothing changes, and the file is the same every time.
        let bytes = write(&manifest).unwrap();
        prop_assert_eq!(&read(&bytes).unwrap(), &manifest);
        prop_assert_eq!(&write(&pack(&original, &store)).unwrap(), &bytes);

        let verified = verify(&manifest, &store, Level::Full, &Silent).unwrap();
        prop_assert!(verified.findings.is_empty(), "{:?}", verified.findings);
        let (findings, _) =
            compare(&manifest, &input(&original).0, RULES, &KnownDifferences::default(), 2, &Silent).unwrap();
        prop_assert!(findings.is_empty(), "{:?}", findings);

        unpack(&manifest, &store, &copy, false, &Silent).unwrap();
        prop_assert_eq!(diff_trees(&input(&original).1.tree, &input(&copy).1.tree, |_, _| true), vec![]);
        prop_assert_eq!(&pack(&copy, &store), &manifest);
    }
}

#[test]
fn equal_blocks_are_stored_once_and_stored_blobs_are_not_sent_again() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    for name in ["a", "b", "c"] {
        std::fs::write(folder.join(name), vec![7; 3 * BLOCK_SIZE + 5]).unwrap();
    }
    let store = MemoryStore::new();
    let (manifest, stats) = pack_with(folder, &store, None);
    // Three full blocks of one file are equal, and so are the files.
    assert_eq!((stats.blocks, stats.blobs, stats.deduped_blocks, stats.sent_blobs), (12, 2, 10, 2));
    assert_eq!(store.len(), 2);
    let (again, stats) = pack_with(folder, &store, None);
    assert_eq!((again, stats.sent_blobs, stats.files_read), (manifest, 0, 3));
}

#[test]
fn a_generated_file_is_packed_like_any_other() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("index"), "as in the source").unwrap();
    let (source, input) = input(scratch.path());
    let mut edit = TreeEdit::default();
    edit.add_generated(&input, "index", b"made by a build!".to_vec());
    let input = edit.apply(input).unwrap().input;
    let (id, size) = input.tree.files().next().unwrap();
    assert_eq!(size, 16);
    let store = MemoryStore::new();
    let packer = Packer { source: &source, store: &store, workers: NonZeroUsize::MIN, progress: &Silent };
    let (blocks, _) = packer.pack(&input, None).unwrap();
    let plain = flistry::store::fetch::fetch(&store, &blocks.of(id)[0]).unwrap();
    assert_eq!(plain.bytes(), b"made by a build!");
}

mod pack_cache {
    use super::*;

    /// A directory whose files are older than the cache's settling time.
    fn old_folder(scratch: &Path) -> std::path::PathBuf {
        let folder = scratch.join("tree");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("one"), "first").unwrap();
        std::fs::write(folder.join("two"), vec![9; BLOCK_SIZE + 1]).unwrap();
        // Change times can't be set: what is to be remembered has to be older than two seconds.
        std::thread::sleep(std::time::Duration::from_millis(2100));
        folder
    }

    #[test]
    fn an_unchanged_tree_is_not_read_again_and_a_changed_file_is() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = old_folder(scratch.path());
        let store = MemoryStore::new();
        let mut cache =
            FileCache::open_ambient(&scratch.path().join("cache/pack.sqlite"), CacheAccess::ReadWrite, &Silent)
                .unwrap();
        let (first, stats) = pack_with(&folder, &store, Some(&mut cache));
        assert_eq!((stats.files_read, stats.files_unchanged), (2, 0));
        let (second, stats) = pack_with(&folder, &store, Some(&mut cache));
        assert_eq!((stats.files_read, stats.files_unchanged, stats.bytes_read), (0, 2, 0));
        assert_eq!(first, second);

        // Same length, and a modification time set back: the change time tells.
        let old = std::fs::metadata(folder.join("one")).unwrap().modified().unwrap();
        std::fs::write(folder.join("one"), "other").unwrap();
        std::fs::File::open(folder.join("one")).unwrap().set_modified(old).unwrap();
        let (third, stats) = pack_with(&folder, &store, Some(&mut cache));
        assert_eq!((stats.files_read, stats.files_unchanged), (1, 1));
        assert_ne!(first, third);
        assert_eq!(third, pack(&folder, &MemoryStore::new()));
    }

    #[test]
    fn a_blob_that_the_store_lost_is_packed_again() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = old_folder(scratch.path());
        let store = MemoryStore::new();
        let mut cache =
            FileCache::open_ambient(&scratch.path().join("pack.sqlite"), CacheAccess::ReadWrite, &Silent).unwrap();
        let (manifest, _) = pack_with(&folder, &store, Some(&mut cache));
        let lost = manifest.blobs()[0].0.id;
        assert!(store.remove(&lost));
        let (again, stats) = pack_with(&folder, &store, Some(&mut cache));
        assert_eq!((stats.sent_blobs, stats.files_read), (1, 1));
        assert_eq!(again, manifest);
        assert!(verify(&again, &store, Level::Full, &Silent).unwrap().findings.is_empty());
    }

    #[test]
    fn a_file_that_was_just_written_is_not_remembered() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("tree");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("fresh"), "x").unwrap();
        let store = MemoryStore::new();
        let mut cache =
            FileCache::open_ambient(&scratch.path().join("pack.sqlite"), CacheAccess::ReadWrite, &Silent).unwrap();
        pack_with(&folder, &store, Some(&mut cache));
        assert_eq!(pack_with(&folder, &store, Some(&mut cache)).1.files_unchanged, 0);
    }

    #[test]
    fn a_damaged_cache_is_replaced_with_a_warning() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("pack.sqlite");
        drop(FileCache::open_ambient(&path, CacheAccess::ReadWrite, &Silent).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100..].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        let recorder = Recorder::new(&Silent, Vec::new());
        assert!(FileCache::open_ambient(&path, CacheAccess::ReadWrite, &recorder).is_some());
        let warnings = recorder.warnings();
        assert_eq!(warnings.len(), 1);
        let text = warnings[0].to_string();
        assert!(text.contains("was damaged") && text.contains("starting a new one"), "{text}");
    }

    #[test]
    fn somebody_s_file_is_left_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("notes");
        let check = || {
            let before = std::fs::read(&path).unwrap();
            let recorder = Recorder::new(&Silent, Vec::new());
            assert!(FileCache::open_ambient(&path, CacheAccess::ReadWrite, &recorder).is_none());
            let [warning] = &recorder.warnings()[..] else { panic!("there is one warning") };
            assert!(warning.what.ends_with("notes is something else"), "{warning}");
            assert_eq!(std::fs::read(&path).unwrap(), before);
        };
        std::fs::write(&path, "remember the milk").unwrap();
        check();
        std::fs::remove_file(&path).unwrap();
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE file (x); INSERT INTO file VALUES (1)")
            .unwrap();
        check();
    }

    #[test]
    fn a_damaged_row_is_not_believed() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = old_folder(scratch.path());
        let path = scratch.path().join("pack.sqlite");
        let store = MemoryStore::new();
        let mut cache = FileCache::open_ambient(&path, CacheAccess::ReadWrite, &Silent).unwrap();
        let (manifest, _) = pack_with(&folder, &store, Some(&mut cache));
        drop(cache);
        let db = rusqlite::Connection::open(&path).unwrap();
        assert_eq!(db.execute("UPDATE file SET blocks = zeroblob(length(blocks)) WHERE path = 'one'", []).unwrap(), 1);
        drop(db);
        let mut cache = FileCache::open_ambient(&path, CacheAccess::ReadWrite, &Silent).unwrap();
        let (again, stats) = pack_with(&folder, &store, Some(&mut cache));
        assert_eq!((stats.files_read, stats.files_unchanged), (1, 1));
        assert_eq!(again, manifest);
    }
}

/// A store that changes a file of the source when the first blob arrives.
mod a_file_that_changes {
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
}
