//! What is particular to `s3` stores.

use std::time::Duration;

use flistry::block::MAX_BLOB_SIZE;
use flistry::store::retry::Retry;
use flistry::store::s3::{S3Bucket, S3Store};
use flistry::store::url::{Endpoint, S3Url};
use flistry::store::{Fault, Probed, ReadBlobs, Refusal, StoreError, WriteBlobs};

use super::{new_id, s3_store};
use crate::support::s3_server::{BUCKET, READ_KEY, S3Server, WRITE_KEY, WebServer};

#[test]
fn objects_lie_under_bucket_and_prefix() {
    let server = S3Server::start();
    let bucket = S3Bucket::new(&server.url("zos/flists", WRITE_KEY)).unwrap();
    for name in ["modules-6.1.fl", "firmware+extra (1)~ä.fl"] {
        bucket.put(name, b"manifest", "application/octet-stream").unwrap();
        assert_eq!(bucket.get(name, 100).unwrap(), b"manifest");
        assert_eq!(bucket.head(name).unwrap(), Some(8));
        assert!(server.bucket_directory().join("zos/flists").join(name).exists());
    }
    assert!(matches!(bucket.get("modules-6.1.fl", 7), Err(StoreError::TooLarge { limit: 7, .. })));
    assert_eq!(bucket.head("other.fl").unwrap(), None);
}

#[test]
fn the_read_key_reads_but_may_not_write() {
    let server = S3Server::start();
    let id = new_id();
    s3_store(&server.url("", WRITE_KEY)).put(&id, b"blob").unwrap();
    let reader = s3_store(&server.url("", READ_KEY));
    assert_eq!(reader.get(&id).unwrap(), b"blob");
    server.faults.take_counts();
    // A large one: the server may refuse it before it has read it.
    let error = reader.put(&id, &[1; MAX_BLOB_SIZE]).unwrap_err();
    assert!(matches!(error, StoreError::Refused { reason: Refusal::Write, .. }), "{error}");
    assert!(error.hint().starts_with("use the write key here"));
    assert_eq!(server.faults.take_counts(), (0, 1, 0), "a refusal is final");
}

#[test]
fn a_store_that_will_not_say_is_written_to() {
    let server = S3Server::start();
    let nobody = s3_store(&S3Url { credentials: None, ..server.url("", READ_KEY) });
    let id = new_id();
    assert!(matches!(nobody.size(&id), Err(StoreError::Missing { forbidden: true, .. })));
    assert!(!nobody.has_all(&id, 4).unwrap());
    let error = nobody.put(&id, b"blob").unwrap_err();
    assert!(matches!(error, StoreError::Refused { reason: Refusal::Anonymous, .. }), "{error}");
}

#[test]
fn a_probe_tells_wrong_settings_apart() {
    let server = S3Server::start();
    let probe = |url: &S3Url| S3Store::new(url).unwrap().probe();
    let good = server.url("prefix", READ_KEY);
    assert_eq!(probe(&good).unwrap(), Probed::Reads);

    let unknown = probe(&server.url("", ("GKunknown", "abcd"))).unwrap_err();
    assert!(matches!(unknown, StoreError::Refused { reason: Refusal::UnknownKey, .. }), "{unknown}");
    let wrong = probe(&server.url("", (READ_KEY.0, "abcd"))).unwrap_err();
    assert!(matches!(wrong, StoreError::Refused { reason: Refusal::Signature, .. }), "{wrong}");
    assert_eq!(probe(&S3Url { credentials: None, ..good.clone() }).unwrap(), Probed::Forbids);

    let bucket = probe(&S3Url { bucket: "other".into(), ..good.clone() }).unwrap_err();
    assert!(matches!(&bucket, StoreError::NoSuchBucket { bucket, .. } if bucket == "other"), "{bucket}");

    let directory = tempfile::tempdir().unwrap();
    let web = WebServer::start(directory.path());
    let strange = probe(&S3Url { endpoint: web.url("").endpoint, ..good.clone() }).unwrap_err();
    assert!(strange.to_string().ends_with("does not answer like an S3 server"), "{strange}");

    let nobody = Endpoint { tls: false, host: "127.0.0.1".into(), port: unused_port() };
    let unreachable = probe(&S3Url { endpoint: nobody, ..good.clone() }).unwrap_err();
    assert!(matches!(unreachable, StoreError::Unreachable { fault: Fault::Connect, .. }), "{unreachable}");
    assert!(unreachable.hint().starts_with("check host and port"));

    let tls = Endpoint { tls: true, ..good.endpoint.clone() };
    let plain = probe(&S3Url { endpoint: tls, ..good }).unwrap_err();
    assert!(matches!(plain, StoreError::Unreachable { fault: Fault::Connect, .. }), "{plain}");

    // A probe does not try again.
    server.faults.take_counts();
    server.faults.unavailable(1);
    assert!(matches!(probe(&server.url("", READ_KEY)), Err(StoreError::Server { status: 503, .. })));
    assert_eq!(server.faults.take_counts(), (1, 0, 0));
}

fn unused_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn transient_failures_are_retried() {
    let server = S3Server::start();
    let store = s3_store(&server.url("", WRITE_KEY));
    let id = new_id();
    server.faults.unavailable(2);
    store.put(&id, b"blob").unwrap();
    assert_eq!(server.faults.take_counts(), (0, 3, 0));
    server.faults.unavailable(1);
    assert_eq!(store.get(&id).unwrap(), b"blob");
    server.faults.unavailable(1);
    assert_eq!(store.size(&id).unwrap(), Some(4));
    assert_eq!(server.faults.take_counts(), (2, 0, 2));
    server.faults.drop_connections(2);
    store.put(&id, b"blob").unwrap();
    assert_eq!(server.faults.take_counts(), (0, 3, 0));
    server.faults.unavailable(100);
    assert!(matches!(store.get(&id), Err(StoreError::Server { status: 503, .. })));
    assert_eq!(server.faults.take_counts(), (4, 0, 0), "patience ends");
}

#[test]
fn a_slow_server_times_out() {
    let server = S3Server::start();
    server.faults.delay(Duration::from_secs(5));
    let url = server.url("", READ_KEY);
    let bucket = S3Bucket::new(&url).unwrap().with_retry(Retry::NEVER).with_timeout(Duration::from_millis(100));
    let error = bucket.get("some", 100).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { fault: Fault::TimedOut, .. }), "{error}");
}

#[test]
fn nothing_shown_holds_a_credential() {
    let server = S3Server::start();
    let url = server.url("zos", (WRITE_KEY.0, "wrong5ecret"));
    let store = S3Store::new(&url).unwrap();
    let Endpoint { host, port, .. } = &url.endpoint;
    assert_eq!(store.describe(), format!("s3://{host}:{port}/{BUCKET}/zos"));
    let nobody = S3Url { endpoint: Endpoint { port: unused_port(), ..url.endpoint.clone() }, ..url.clone() };
    let id = new_id();
    for error in [store.put(&id, b"").unwrap_err(), s3_store(&nobody).get(&id).unwrap_err()] {
        let shown = format!("{error} {error:?} {}", error.hint());
        assert!(!shown.contains(WRITE_KEY.0) && !shown.contains("wrong5ecret"), "{shown}");
    }
}
