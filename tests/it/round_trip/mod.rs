//! Properties: whatever tree is packed, the flist verifies, unpacks to the same tree, and is the same every time.

mod a_file_that_changes;
mod pack_cache;

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
use flistry::tree::file_cache::{CacheAccess, CachePlace, FileCache};
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
    Directory { children: BTreeMap<String, Node>, mode: u32 },
    Symlink(String),
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
    let symlink = vec(name(), 1..4).prop_map(|parts| Node::Symlink(parts.join("/../")));
    let leaf = prop_oneof![4 => file, 1 => symlink];
    leaf.prop_recursive(4, 24, 6, |inner| {
        (btree_map(name(), inner, 0..6), prop::sample::select(vec![0o755, 0o700, 0o1777]))
            .prop_map(|(children, mode)| Node::Directory { children, mode })
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
        Node::Symlink(target) => symlink(target, at).unwrap(),
        Node::Directory { children, mode } => {
            std::fs::create_dir(at).unwrap();
            for (name, child) in children {
                make(child, &at.join(name));
            }
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
}

const RULES: NormalRules = NormalRules { owner: Owner::Root, not_after: None };

fn input(directory: &Path) -> (Source, Input) {
    let source = Source::open_ambient("test", &[directory.to_owned()]).unwrap();
    let scan = scan(&source).unwrap();
    let recorder = Recorder::new(&Silent, Vec::new());
    let input = normalize(&scan, &Filtered::nothing(&scan), RULES, &recorder).unwrap();
    assert_eq!(recorder.warnings(), []);
    (source, input)
}

fn pack_with(directory: &Path, store: &MemoryStore, cache: Option<&mut FileCache<'_>>) -> (Manifest, PackStats) {
    let (source, input) = input(directory);
    let packer = Packer { source: &source, store, workers: NonZeroUsize::new(2).unwrap(), progress: &Silent };
    let (blocks, stats) = packer.pack(&input, cache).unwrap();
    let routes = vec![Route::from_text(IdRange::ALL, "dir:///nowhere")];
    (Manifest { tree: input.tree, blocks, tags: BTreeMap::new(), routes }, stats)
}

fn pack(directory: &Path, store: &MemoryStore) -> Manifest {
    pack_with(directory, store, None).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_packs_verifies_and_unpacks_to_itself(children in btree_map(name(), node(), 0..6)) {
        let scratch = tempfile::tempdir().unwrap();
        let (original, copy) = (scratch.path().join("original"), scratch.path().join("copy"));
        make(&Node::Directory { children, mode: 0o755 }, &original);
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
    let directory = scratch.path();
    for name in ["a", "b", "c"] {
        std::fs::write(directory.join(name), vec![7; 3 * BLOCK_SIZE + 5]).unwrap();
    }
    let store = MemoryStore::new();
    let (manifest, stats) = pack_with(directory, &store, None);
    // Three full blocks of one file are equal, and so are the files.
    assert_eq!((stats.blocks, stats.blobs, stats.deduped_blocks, stats.sent_blobs), (12, 2, 10, 2));
    assert_eq!(store.len(), 2);
    let (again, stats) = pack_with(directory, &store, None);
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
