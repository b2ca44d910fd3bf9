//! What is particular to `dir` stores.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use flistry::block::{BlobId, MAX_BLOB_SIZE};
use flistry::store::dir::DirStore;
use flistry::store::http::HttpStore;
use flistry::store::{ReadBlobs, StoreError, WriteBlobs};

use super::{is_missing, new_id};
use crate::support::s3_server::WebServer;

#[test]
fn a_dir_store_is_laid_out_as_rfs_wants_it() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("blobs");
    let store = DirStore::create_ambient(&root).unwrap();
    store.put(&BlobId::from([0xab; 32]), b"blob").unwrap();
    store.put(&BlobId::from([0xcd; 32]), b"blob").unwrap();
    for byte in ["ab", "cd"] {
        let (shard, file) = (root.join(byte), root.join(byte).join(byte.repeat(32)));
        assert_eq!(fs::read(&file).unwrap(), b"blob");
        for (path, mode) in [(&file, 0o644), (&shard, 0o755), (&root, 0o755)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        assert_eq!(fs::read_dir(shard).unwrap().count(), 1, "no temporary file is left");
    }
}

#[test]
fn a_strict_umask_hides_nothing_from_nodes() {
    // A umask is the whole process's, so another one runs the test above.
    let test = "stores::dir::a_dir_store_is_laid_out_as_rfs_wants_it";
    let run = Command::new("sh")
        .args(["-c", "umask 077; exec \"$0\" --exact \"$1\""])
        .args([std::env::current_exe().unwrap().as_os_str(), test.as_ref()])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}

#[test]
fn a_flat_dir_store_is_read_too() {
    let scratch = tempfile::tempdir().unwrap();
    let id = new_id();
    fs::write(scratch.path().join(id.hex()), b"flat").unwrap();
    let store = DirStore::open_ambient(scratch.path()).unwrap();
    assert_eq!(store.get(&id).unwrap(), b"flat");
    assert_eq!(store.size(&id).unwrap(), Some(4));
}

#[test]
fn only_regular_files_are_blobs() {
    let scratch = tempfile::tempdir().unwrap();
    let store = DirStore::open_ambient(scratch.path()).unwrap();
    fs::write(scratch.path().join("elsewhere"), b"secret").unwrap();
    let (inside, outside, directory, fifo) = (new_id(), new_id(), new_id(), new_id());
    std::os::unix::fs::symlink("elsewhere", scratch.path().join(inside.hex())).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", scratch.path().join(outside.hex())).unwrap();
    fs::create_dir(scratch.path().join(directory.hex())).unwrap();
    let path = scratch.path().join(fifo.hex());
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o644.into(), 0).unwrap();
    for id in [inside, outside, directory, fifo] {
        assert!(is_missing(store.get(&id)));
        assert_eq!(store.size(&id).unwrap(), None);
    }
}

#[test]
fn a_torn_temporary_file_is_neither_seen_nor_in_the_way() {
    let scratch = tempfile::tempdir().unwrap();
    let store = DirStore::open_ambient(scratch.path()).unwrap();
    let id = new_id();
    let shard = scratch.path().join(&id.hex()[..2]);
    fs::create_dir(&shard).unwrap();
    fs::write(shard.join(".new-1-1-0"), b"half a bl").unwrap();
    assert!(is_missing(store.get(&id)));
    store.put(&id, b"a whole blob").unwrap();
    assert_eq!(store.get(&id).unwrap(), b"a whole blob");
}

#[test]
fn a_failed_put_leaves_no_temporary_file() {
    let scratch = tempfile::tempdir().unwrap();
    let store = DirStore::open_ambient(scratch.path()).unwrap();
    let id = new_id();
    let shard = scratch.path().join(&id.hex()[..2]);
    fs::create_dir_all(shard.join(id.hex())).unwrap();
    let error = store.put(&id, b"blob").unwrap_err();
    assert!(error.to_string().contains(": cannot write "), "{error}");
    assert_eq!(fs::read_dir(&shard).unwrap().count(), 1);
}

#[test]
fn a_huge_file_is_refused_unread() {
    let scratch = tempfile::tempdir().unwrap();
    let id = new_id();
    fs::File::create(scratch.path().join(id.hex())).unwrap().set_len(1 << 40).unwrap();
    let dir = DirStore::open_ambient(scratch.path()).unwrap();
    let web = WebServer::start(&scratch.path().join("none"));
    assert!(matches!(dir.get(&id), Err(StoreError::TooLarge { .. })));
    fs::File::create(scratch.path().join(id.hex())).unwrap().set_len(MAX_BLOB_SIZE as u64 + 1).unwrap();
    drop(web);
    let web = WebServer::start(scratch.path());
    let error = HttpStore::new(&web.url("")).unwrap().get(&id).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

#[test]
fn a_missing_dir_store_is_reported() {
    let error = DirStore::open_ambient("/nowhere/blobs".as_ref()).err().unwrap();
    assert_eq!(error.to_string(), "dir:///nowhere/blobs: cannot open .: No such file or directory (os error 2)");
    assert!(error.hint().starts_with("check the path"));
}
