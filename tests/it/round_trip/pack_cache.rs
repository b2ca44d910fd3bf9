//! The file cache in a pack: what it spares, and what is not believed of it.

use super::*;

/// A directory whose files are older than the cache's settling time.
fn settled_directory(scratch: &Path) -> std::path::PathBuf {
    let directory = scratch.join("tree");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("one"), "first").unwrap();
    std::fs::write(directory.join("two"), vec![9; BLOCK_SIZE + 1]).unwrap();
    // Change times can't be set: what is to be remembered has to be older than two seconds.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    directory
}

/// Where a build would have its cache.
fn place(path: &Path) -> CachePlace {
    CachePlace::new(path, CacheAccess::ReadWrite)
}

#[test]
fn one_that_may_only_be_read_is_used_as_it_is() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = settled_directory(scratch.path());
    let path = scratch.path().join("pack.sqlite");
    let store = MemoryStore::new();
    let read_only = CachePlace::new(&path, CacheAccess::ReadOnly);
    assert!(read_only.open_ambient(&Silent).is_none() && !path.exists());
    pack_with(&directory, &store, place(&path).open_ambient(&Silent).as_mut());
    let before = std::fs::read(&path).unwrap();
    std::fs::write(directory.join("one"), "other").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2100));
    for _ in 0..2 {
        let (_, stats) = pack_with(&directory, &store, read_only.open_ambient(&Silent).as_mut());
        assert_eq!((stats.files_read, stats.files_unchanged), (1, 1));
    }
    assert!(std::fs::read(&path).unwrap() == before);
}

#[test]
fn what_is_wrong_with_it_is_said_once_in_a_run() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("notes");
    std::fs::write(&path, "remember the milk").unwrap();
    let remedy = "(move it away, or name another file as `cache` under [pack] in config/flistry.toml)";
    let file = path.display();
    for (access, what) in [
        (CacheAccess::ReadWrite, format!("building without the file cache: {file} is something else")),
        (CacheAccess::ReadOnly, format!("the file cache cannot be used: {file} is something else")),
    ] {
        let place = CachePlace::new(&path, access);
        let recorder = Recorder::new(&Silent, Vec::new());
        assert!(place.open_ambient(&recorder).is_none() && place.open_ambient(&recorder).is_none());
        let [warning] = &recorder.warnings()[..] else { panic!("it is said once") };
        assert_eq!(warning.to_string(), format!("{what} {remedy}"));
    }
}

#[test]
fn a_directory_that_cannot_be_made_costs_time_alone() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("notes"), "").unwrap();
    let path = scratch.path().join("notes/pack.sqlite");
    let recorder = Recorder::new(&Silent, Vec::new());
    assert!(place(&path).open_ambient(&recorder).is_none());
    let [warning] = &recorder.warnings()[..] else { panic!("there is one warning") };
    let text = warning.to_string();
    assert!(text.starts_with(&format!("building without the file cache {}: ", path.display())), "{text}");
    assert!(text.ends_with("(every file is read again; `--no-cache` asks for that, without this warning)"), "{text}");
}

#[test]
fn an_unchanged_tree_is_not_read_again_and_a_changed_file_is() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = settled_directory(scratch.path());
    let store = MemoryStore::new();
    let place = place(&scratch.path().join("cache/pack.sqlite"));
    let mut cache = place.open_ambient(&Silent).unwrap();
    let (first, stats) = pack_with(&directory, &store, Some(&mut cache));
    assert_eq!((stats.files_read, stats.files_unchanged), (2, 0));
    let (second, stats) = pack_with(&directory, &store, Some(&mut cache));
    assert_eq!((stats.files_read, stats.files_unchanged, stats.bytes_read), (0, 2, 0));
    assert_eq!(first, second);

    // Same length, and a modification time set back: the change time tells.
    let old = std::fs::metadata(directory.join("one")).unwrap().modified().unwrap();
    std::fs::write(directory.join("one"), "other").unwrap();
    std::fs::File::open(directory.join("one")).unwrap().set_modified(old).unwrap();
    let (third, stats) = pack_with(&directory, &store, Some(&mut cache));
    assert_eq!((stats.files_read, stats.files_unchanged), (1, 1));
    assert_ne!(first, third);
    assert_eq!(third, pack(&directory, &MemoryStore::new()));
}

#[test]
fn a_blob_that_the_store_lost_is_packed_again() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = settled_directory(scratch.path());
    let store = MemoryStore::new();
    let place = place(&scratch.path().join("pack.sqlite"));
    let mut cache = place.open_ambient(&Silent).unwrap();
    let (manifest, _) = pack_with(&directory, &store, Some(&mut cache));
    let lost = manifest.blobs()[0].0.id;
    assert!(store.remove(&lost));
    let (again, stats) = pack_with(&directory, &store, Some(&mut cache));
    assert_eq!((stats.sent_blobs, stats.files_read), (1, 1));
    assert_eq!(again, manifest);
    assert!(verify(&again, &store, Level::Full, &Silent).unwrap().findings.is_empty());
}

#[test]
fn a_file_that_was_just_written_is_not_remembered() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("tree");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("fresh"), "x").unwrap();
    let store = MemoryStore::new();
    let place = place(&scratch.path().join("pack.sqlite"));
    let mut cache = place.open_ambient(&Silent).unwrap();
    pack_with(&directory, &store, Some(&mut cache));
    assert_eq!(pack_with(&directory, &store, Some(&mut cache)).1.files_unchanged, 0);
}

#[test]
fn a_damaged_cache_is_replaced_with_a_warning() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("pack.sqlite");
    drop(place(&path).open_ambient(&Silent).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let recorder = Recorder::new(&Silent, Vec::new());
    assert!(place(&path).open_ambient(&recorder).is_some());
    let warnings = recorder.warnings();
    assert_eq!(warnings.len(), 1);
    let text = warnings[0].to_string();
    assert!(text.contains("was damaged") && text.contains("starting a new one"), "{text}");
}

#[test]
fn a_foreign_file_is_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("notes");
    let check = || {
        let before = std::fs::read(&path).unwrap();
        let recorder = Recorder::new(&Silent, Vec::new());
        assert!(place(&path).open_ambient(&recorder).is_none());
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
    let directory = settled_directory(scratch.path());
    let path = scratch.path().join("pack.sqlite");
    let store = MemoryStore::new();
    let place = place(&path);
    let mut cache = place.open_ambient(&Silent).unwrap();
    let (manifest, _) = pack_with(&directory, &store, Some(&mut cache));
    drop(cache);
    let db = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(db.execute("UPDATE file SET blocks = zeroblob(length(blocks)) WHERE path = 'one'", []).unwrap(), 1);
    drop(db);
    let mut cache = place.open_ambient(&Silent).unwrap();
    let (again, stats) = pack_with(&directory, &store, Some(&mut cache));
    assert_eq!((stats.files_read, stats.files_unchanged), (1, 1));
    assert_eq!(again, manifest);
}
