//! Interoperability: manifests and blobs that stock rfs wrote are read entry for entry, and the same contents give the
//! same blobs here. `tests/golden/README.md` says where the vectors come from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flistry::block::{Sealer, ids_of, keys_of};
use flistry::files::sha256;
use flistry::manifest::{Manifest, check, read};
use flistry::progress::Silent;
use flistry::store::ReadBlobs;
use flistry::store::fetch::fetch;
use flistry::store::open::open_read_ranges;
use flistry::store::url::{IdRange, Ranged, StoreUrl};
use flistry::tree::{EntryId, Kind};
use flistry::verify::{Level, verify};
use serde_json::Value;

use crate::support::repository;

fn golden() -> PathBuf {
    repository("tests/golden")
}

fn manifest(name: &str) -> Manifest {
    read(&std::fs::read(golden().join(name)).unwrap()).unwrap()
}

fn store(ranges: &[(u8, u8)]) -> Box<dyn ReadBlobs> {
    let url = StoreUrl::Dir(golden().join("store"));
    let urls: Vec<_> =
        ranges.iter().map(|&(start, end)| Ranged { range: IdRange { start, end }, value: url.clone() }).collect();
    open_read_ranges(&urls).unwrap()
}

fn contents(manifest: &Manifest, store: &dyn ReadBlobs, id: EntryId) -> Vec<u8> {
    manifest.blocks.of(id).iter().flat_map(|block| fetch(store, block).unwrap().bytes().to_vec()).collect()
}

/// An entry as `expected.json` describes it.
fn described(manifest: &Manifest, store: &dyn ReadBlobs, id: EntryId) -> Value {
    let entry = manifest.tree.get(id);
    let mut value = serde_json::json!({
        "path": format!("/{}", manifest.tree.path(id)),
        "mode": format!("0o{:o}", entry.mode()),
        "uid": entry.attributes.uid,
        "gid": entry.attributes.gid,
        "mtime": entry.attributes.mtime,
    });
    match &entry.kind {
        Kind::File { size } => {
            value["size"] = (*size).into();
            value["sha256"] = sha256(&contents(manifest, store, id)).into();
        }
        Kind::Symlink { target } => value["target"] = String::from_utf8_lossy(target).into(),
        Kind::CharDevice { rdev } | Kind::BlockDevice { rdev } => value["rdev"] = (*rdev).into(),
        Kind::Directory | Kind::Fifo => {}
    }
    value
}

fn reads_entry_for_entry(file: &str, ranges: &[(u8, u8)]) {
    let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(golden().join("expected.json")).unwrap()).unwrap();
    let mut expected: BTreeMap<String, Value> =
        expected.into_iter().map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry)).collect();
    assert_eq!(expected.len(), 147);

    let (manifest, store) = (manifest(file), store(ranges));
    for (id, _) in manifest.tree.iter() {
        let found = described(&manifest, &*store, id);
        let path = found["path"].as_str().unwrap();
        assert_eq!(Some(&found), expected.remove(path).as_ref(), "{path}");
    }
    assert!(expected.is_empty(), "not read: {:?}", expected.keys());
}

#[test]
fn a_manifest_of_stock_rfs_reads_entry_for_entry() {
    reads_entry_for_entry("basic.fl", &[(0, 255)]);
}

#[test]
fn a_sharded_manifest_of_stock_rfs_reads_entry_for_entry() {
    reads_entry_for_entry("sharded.fl", &[(0x00, 0x7f), (0x80, 0xff)]);
}

#[test]
fn the_routes_are_those_that_rfs_was_given() {
    let routes = |file| {
        let routes = manifest(file).routes;
        routes.iter().map(|r| (r.range.start, r.range.end, r.url().expose().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(routes("basic.fl"), [(0, 255, "dir:///golden-store".to_owned())]);
    let sharded = [(0, 127, "dir:///golden-a".to_owned()), (128, 255, "dir:///golden-b".to_owned())];
    assert_eq!(routes("sharded.fl"), sharded);
}

#[test]
fn a_manifest_of_stock_rfs_verifies_in_full() {
    let bytes = std::fs::read(golden().join("basic.fl")).unwrap();
    assert_eq!(check(&bytes).unwrap(), []);
    let result = verify(&manifest("basic.fl"), &*store(&[(0, 255)]), Level::Full, &Silent).unwrap();
    assert!(result.findings.is_empty(), "{:?}", result.findings);
    assert_eq!(result.blobs, result.fetched);
}

/// What a packer must compute: the same key, the same blob to the last byte, the same id.
#[test]
fn the_same_contents_give_the_same_blobs() {
    let (manifest, store) = (manifest("basic.fl"), store(&[(0, 255)]));
    let mut sealer = Sealer::default();
    let mut blocks = 0;
    for (id, _) in manifest.tree.files() {
        let plain = contents(&manifest, &*store, id);
        for (block, reference) in plain.chunks(flistry::block::BLOCK_SIZE).zip(manifest.blocks.of(id)) {
            let key = keys_of(std::iter::once(block))[0];
            assert_eq!(key, reference.key);
            let blob = sealer.seal(block, &key);
            assert_eq!(ids_of(std::iter::once(&blob[..]))[0], reference.id);
            assert_eq!(blob, store.get(&reference.id).unwrap());
            blocks += 1;
        }
    }
    assert_eq!(blocks, manifest.blocks.len());
    assert!(blocks > 100);
}
