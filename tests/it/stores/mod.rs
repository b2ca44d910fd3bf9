//! One suite over every kind of store; beside it (`stores/`) what is particular to `dir` and `s3`.

#![allow(clippy::print_stderr)]

mod dir;
mod s3;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use flistry::block::{BlobId, MAX_BLOB_SIZE};
use flistry::store::dir::DirStore;
use flistry::store::http::HttpStore;
use flistry::store::memory::MemoryStore;
use flistry::store::open::{open_read, open_read_ranges, open_write, open_write_ranges};
use flistry::store::ranges::Ranges;
use flistry::store::retry::Retry;
use flistry::store::s3::{S3Bucket, S3Store};
use flistry::store::secret::Secret;
use flistry::store::url::{Credentials, Endpoint, IdRange, Ranged, S3Url, StoreUrl, WriteUrl};
use flistry::store::{Probed, ReadBlobs, StoreError, WriteBlobs};

use crate::support::s3_server::{Faults, READ_KEY, S3Server, WRITE_KEY, WebServer};

/// Patient, but quick about it.
const QUICK: Retry = Retry { attempts: 4, first_delay: Duration::from_millis(5), max_delay: Duration::from_millis(20) };

/// An id that no other call returns. Stores do not care whether bytes hash to it; its first byte varies.
fn new_id() -> BlobId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0x5a; 32];
    bytes[0] = (n as u8).wrapping_mul(37);
    bytes[24..].copy_from_slice(&n.to_be_bytes());
    BlobId::from(bytes)
}

fn is_missing(result: Result<Vec<u8>, StoreError>) -> bool {
    matches!(result, Err(StoreError::Missing { forbidden: false, .. }))
}

/// The rules that every writable store keeps.
fn conforms(store: &dyn WriteBlobs) {
    // Round trip.
    let id = new_id();
    assert!(is_missing(store.get(&id)));
    assert_eq!(store.size(&id).unwrap(), None);
    assert!(!store.has_all(&id, 5).unwrap());
    store.put(&id, b"first").unwrap();
    assert_eq!(store.get(&id).unwrap(), b"first");
    assert_eq!(store.size(&id).unwrap(), Some(5));
    assert!(store.has_all(&id, 5).unwrap());
    assert!(!store.has_all(&id, 6).unwrap(), "a blob of the wrong size does not count");

    // Overwrite, with something shorter.
    store.put(&id, b"2nd").unwrap();
    assert_eq!(store.get(&id).unwrap(), b"2nd");

    // The ends of the scale.
    for blob in [vec![], vec![0xa5; MAX_BLOB_SIZE]] {
        let id = new_id();
        store.put(&id, &blob).unwrap();
        assert_eq!(store.size(&id).unwrap(), Some(blob.len() as u64));
        assert!(store.get(&id).unwrap() == blob);
    }
    let id = new_id();
    let error = store.put(&id, &vec![0; MAX_BLOB_SIZE + 1]).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    assert_eq!(store.size(&id).unwrap(), None);

    // Many threads at once, some with the same blob; readers see a whole one.
    let shared = new_id();
    let contents: Vec<Vec<u8>> = (0..8u8).map(|n| vec![n; 20_000 + usize::from(n)]).collect();
    thread::scope(|scope| {
        for blob in &contents {
            scope.spawn(|| {
                let own = new_id();
                store.put(&own, blob).unwrap();
                store.put(&shared, blob).unwrap();
                assert!(contents.contains(&store.get(&shared).unwrap()));
                assert!(store.get(&own).unwrap() == *blob);
            });
        }
    });

    store.sync().unwrap();
    assert_eq!(store.probe().unwrap(), Probed::Reads);
    assert!(store.parallelism() >= 1);
}

fn s3_store(url: &S3Url) -> S3Store {
    S3Bucket::new(url).unwrap().with_retry(QUICK).into()
}

fn replica<S>(store: S) -> Ranged<Box<S>> {
    Ranged { range: IdRange::ALL, value: Box::new(store) }
}

#[test]
fn memory_conforms() {
    conforms(&MemoryStore::new());
}

#[test]
fn dir_conforms() {
    let directory = tempfile::tempdir().unwrap();
    conforms(&DirStore::create_ambient(&directory.path().join("made/on/demand")).unwrap());
}

#[test]
fn s3_conforms() {
    let server = S3Server::start();
    for prefix in ["", "zos/flists"] {
        conforms(&s3_store(&server.url(prefix, WRITE_KEY)));
    }
}

#[test]
fn shares_and_replicas_conform() {
    let server = S3Server::start();
    let directory = tempfile::tempdir().unwrap();
    let dir = || -> Box<dyn WriteBlobs> { Box::new(DirStore::create_ambient(directory.path()).unwrap()) };
    let s3 = || -> Box<dyn WriteBlobs> { Box::new(s3_store(&server.url("", WRITE_KEY))) };
    let (low, high) = (IdRange { start: 0, end: 0x7f }, IdRange { start: 0x80, end: 0xff });
    for (first, second) in [(low, high), (IdRange::ALL, IdRange::ALL)] {
        let stores = vec![Ranged { range: first, value: dir() }, Ranged { range: second, value: s3() }];
        conforms(&Ranges::new(stores).unwrap());
    }
}

#[test]
fn http_reads_what_a_dir_store_holds() {
    let directory = tempfile::tempdir().unwrap();
    let dir = DirStore::create_ambient(&directory.path().join("blobs")).unwrap();
    let (blob, empty, flat, none) = (new_id(), new_id(), new_id(), new_id());
    dir.put(&blob, &[1; MAX_BLOB_SIZE]).unwrap();
    dir.put(&empty, b"").unwrap();
    fs::write(directory.path().join("blobs").join(flat.hex()), b"flat").unwrap();
    let server = WebServer::start(directory.path());
    let store = HttpStore::new(&server.url("blobs")).unwrap().with_retry(QUICK);
    assert_eq!(store.probe().unwrap(), Probed::Reads);
    // Rightly, and by servers that know no HEAD.
    for head in [0, 405, 501] {
        server.faults.answer_head_with(head);
        assert_eq!(store.size(&blob).unwrap(), Some(MAX_BLOB_SIZE as u64));
        assert_eq!(store.size(&empty).unwrap(), Some(0));
        assert_eq!(store.size(&flat).unwrap(), Some(4));
        assert_eq!(store.size(&none).unwrap(), None);
    }
    assert!(store.get(&blob).unwrap() == [1; MAX_BLOB_SIZE]);
    assert_eq!(store.get(&empty).unwrap(), b"");
    assert_eq!(store.get(&flat).unwrap(), b"flat");
    assert!(is_missing(store.get(&none)));

    server.faults.take_counts();
    server.faults.unavailable(2);
    assert!(store.get(&blob).is_ok());
    assert_eq!(server.faults.take_counts(), (3, 0, 0));
}

#[test]
fn a_size_that_head_does_not_say_is_asked_for_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let dir = DirStore::create_ambient(&directory.path().join("blobs")).unwrap();
    let (web, s3) = (WebServer::start(directory.path()), S3Server::start());
    let written = s3_store(&s3.url("prefix", WRITE_KEY));
    let (blob, empty, none) = (new_id(), new_id(), new_id());
    for store in [&dir as &dyn WriteBlobs, &written] {
        store.put(&blob, &[1; MAX_BLOB_SIZE]).unwrap();
        store.put(&empty, b"").unwrap();
    }
    let http = HttpStore::new(&web.url("blobs")).unwrap().with_retry(QUICK);
    let stores: [(&dyn ReadBlobs, &Faults); 2] = [(&http, &web.faults), (&written, &s3.faults)];
    for (store, faults) in stores {
        assert_eq!(store.size(&blob).unwrap(), Some(MAX_BLOB_SIZE as u64));
        faults.leave_out_length();
        faults.take_counts();
        assert_eq!(store.size(&blob).unwrap(), Some(MAX_BLOB_SIZE as u64));
        assert_eq!(faults.take_counts(), (1, 0, 1), "{}", store.describe());
        assert_eq!(store.size(&empty).unwrap(), Some(0));
        assert_eq!(store.size(&none).unwrap(), None);
    }
    assert!(written.has_all(&blob, MAX_BLOB_SIZE as u64).unwrap());
}

#[test]
fn a_web_server_that_finds_anything_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let dir = DirStore::create_ambient(&directory.path().join("blobs")).unwrap();
    let (blob, none) = (new_id(), new_id());
    dir.put(&blob, b"blob").unwrap();
    let server = WebServer::start(directory.path());
    server.faults.show_page();
    let store = || HttpStore::new(&server.url("blobs")).unwrap().with_retry(QUICK);
    let described = store().describe();
    let errors = [
        store().probe().map(drop),
        store().get(&none).map(drop),
        store().size(&none).map(drop),
        // What is there might be a page as well.
        store().size(&blob).map(drop),
        S3Store::new(&S3Url { endpoint: server.url("").endpoint, bucket: "blobs".into(), ..s3_url() })
            .unwrap()
            .probe()
            .map(drop),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert!(matches!(&error, StoreError::FindsAnything { .. }), "{error}");
        let words = format!(" answers with success to any name, also to {}, which no blob has", "00".repeat(32));
        let store = error.to_string().replace(&words, "");
        assert!(store == described || store == described.replace("http", "s3"), "{error}");
        assert!(error.hint().ends_with("has to answer 404 to what is not there, and no page in its place"));
    }
}

#[test]
fn a_web_server_is_asked_once_whether_it_tells_what_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let dir = DirStore::create_ambient(&directory.path().join("blobs")).unwrap();
    let blob = new_id();
    dir.put(&blob, b"blob").unwrap();
    let server = WebServer::start(directory.path());
    let store = HttpStore::new(&server.url("blobs")).unwrap();
    assert_eq!(store.get(&blob).unwrap(), b"blob");
    assert_eq!(server.faults.take_counts(), (3, 0, 0), "the blob, and two places where none is");
    assert_eq!(store.get(&blob).unwrap(), b"blob");
    assert_eq!(server.faults.take_counts(), (1, 0, 0));
}

/// An S3 URL to change.
fn s3_url() -> S3Url {
    let endpoint = Endpoint { tls: false, host: "127.0.0.1".into(), port: 1 };
    let (bucket, prefix, region) = ("zos".into(), "".into(), "garage".into());
    S3Url { endpoint, bucket, prefix, region, credentials: None }
}

#[test]
fn a_failing_replica_is_skipped() {
    let (broken, whole) = (S3Server::start(), MemoryStore::new());
    let id = new_id();
    whole.put(&id, b"blob").unwrap();
    let broken_store = S3Bucket::new(&broken.url("", READ_KEY)).unwrap().with_retry(Retry::NEVER);
    broken.faults.unavailable(100);
    let first: Ranged<Box<dyn ReadBlobs>> =
        Ranged { range: IdRange::ALL, value: Box::new(S3Store::from(broken_store)) };
    let second: Ranged<Box<dyn ReadBlobs>> = Ranged { range: IdRange::ALL, value: Box::new(whole) };
    let ranges = Ranges::new(vec![first, second]).unwrap();
    assert_eq!(ranges.get(&id).unwrap(), b"blob");
    assert_eq!(ranges.size(&id).unwrap(), Some(4));
    // What one replica lacks and another can't say is not missing.
    let other = new_id();
    assert!(matches!(ranges.get(&other), Err(StoreError::Server { status: 503, .. })));
    assert!(matches!(ranges.size(&other), Err(StoreError::Server { status: 503, .. })));
}

#[test]
fn a_put_that_one_replica_refuses_fails() {
    let server = S3Server::start();
    let reader = s3_store(&server.url("", READ_KEY));
    let ranges = Ranges::new(vec![replica(s3_store(&server.url("", WRITE_KEY))), replica(reader)]).unwrap();
    assert!(matches!(ranges.put(&new_id(), b"blob"), Err(StoreError::Refused { .. })));
}

#[test]
fn urls_open_to_stores() {
    let directory = tempfile::tempdir().unwrap();
    let (a, b) = (StoreUrl::Dir(directory.path().join("a")), StoreUrl::Dir(directory.path().join("b")));
    fn shares<T>(low: T, high: T) -> [Ranged<T>; 2] {
        let [start, end] = [IdRange { start: 0, end: 0x7f }, IdRange { start: 0x80, end: 0xff }];
        [Ranged { range: start, value: low }, Ranged { range: end, value: high }]
    }
    assert!(matches!(open_read(&a), Err(StoreError::Io { .. })), "reading does not create the directory");
    let store = open_write_ranges(&shares(WriteUrl(a.clone()), WriteUrl(b.clone()))).unwrap();
    let id = BlobId::from([0x90; 32]);
    store.put(&id, b"blob").unwrap();
    let path = directory.path().display();
    assert_eq!(store.describe(), format!("00-7f=dir://{path}/a, 80-ff=dir://{path}/b"));
    assert_eq!(open_read_ranges(&shares(a.clone(), b.clone())).unwrap().get(&id).unwrap(), b"blob");
    assert_eq!(open_read(&b).unwrap().get(&id).unwrap(), b"blob");
    let half = &shares(a, b)[..1];
    assert!(matches!(open_read_ranges(half), Err(StoreError::Gap { start: 0x80, end: 0xff, .. })));

    let web = StoreUrl::Http(WebServer::start(directory.path()).url("a"));
    let error = open_write(&WriteUrl(web)).err().unwrap();
    assert!(error.to_string().ends_with("/a can only be read"));
    let pair = Credentials { access_key: "id".into(), secret_key: Secret::new("secret") };
    let endpoint = Endpoint { tls: true, host: "[::1]".into(), port: 3900 };
    let (bucket, prefix, region) = ("zos".into(), "".into(), "garage".into());
    let s3 = StoreUrl::S3(S3Url { endpoint, bucket, prefix, region, credentials: Some(pair) });
    assert_eq!(open_read(&s3).unwrap().describe(), "s3s://[::1]:3900/zos");
}
