//! What goes wrong with a store, told apart by what one does about it.
//!
//! Every message names the store, by its URL without credentials. What a server wrote in its answer is never
//! shown: Garage, for one, repeats the access key's id there.

use std::io;

use crate::block::MAX_BLOB_SIZE;

/// A failure of a store. Its text says what is wrong; [`StoreError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not have it, or won't say.
    #[error("{name} is {} {store}", missing_word(.forbidden))]
    Missing {
        /// A blob's id, or an object's name.
        name: String,
        /// The store.
        store: String,
        /// The store answered "forbidden": AWS does for what is missing, where the key may not list.
        forbidden: bool,
    },
    /// The store refuses the credentials, or what they ask for.
    #[error("{store} refused: {reason}")]
    Refused {
        /// The store.
        store: String,
        /// What the server objected to.
        #[source]
        reason: Refusal,
    },
    /// The S3 server has no such bucket.
    #[error("{store}: there is no bucket \"{bucket}\"")]
    NoSuchBucket {
        /// The store.
        store: String,
        /// The bucket that was asked for.
        bucket: String,
    },
    /// The server gave no whole answer.
    #[error("{store} {fault}: {why}")]
    Unreachable {
        /// The store.
        store: String,
        /// How far it came.
        #[source]
        fault: Fault,
        /// What the system said.
        why: String,
    },
    /// The file system failed.
    #[error("{store}: cannot {action} {path}: {source}")]
    Io {
        /// The store.
        store: String,
        /// The verb for the message.
        action: &'static str,
        /// The file, relative to the store.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// More bytes than it may have. A blob's limit is [`MAX_BLOB_SIZE`].
    #[error("{name} in {store} is larger than {limit} bytes")]
    TooLarge {
        /// A blob's id, or an object's name.
        name: String,
        /// The store.
        store: String,
        /// What is allowed.
        limit: u64,
    },
    /// A status that means none of the above.
    #[error("{store} answered with status {status}{}", in_brackets(.code))]
    Server {
        /// The store.
        store: String,
        /// The HTTP status.
        status: u16,
        /// S3's word for it, where the answer had one.
        code: Option<String>,
    },
    /// An answer that this kind of store does not give.
    #[error("{store} {what}")]
    Strange {
        /// The store.
        store: String,
        /// What was strange.
        what: String,
    },
    /// A web server that shows some page for whatever it is asked: what it says of blobs means nothing.
    #[error("{store} answers with success to any name, also to {name}, which no blob has")]
    FindsAnything {
        /// The store.
        store: String,
        /// What can't be there.
        name: String,
    },
    /// A store of a kind that can't be written.
    #[error("{store} can only be read")]
    ReadOnly {
        /// The store.
        store: String,
    },
    /// No store is for this blob.
    #[error("no store is for blob {name}: its first byte is {first_byte:02x}, the stores are {store}")]
    NoRange {
        /// The blob's id.
        name: String,
        /// What the ranges are compared with.
        first_byte: u8,
        /// All the stores, with their ranges.
        store: String,
    },
    /// The stores' ranges leave blobs without a store.
    #[error("no store is for blobs {start:02x}-{end:02x}; there are {store}")]
    Gap {
        /// The first byte that nothing covers.
        start: u8,
        /// The last of that gap.
        end: u8,
        /// All the stores, with their ranges.
        store: String,
    },
}

/// Why a store refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not know the access key.
    #[error("it does not know the access key")]
    UnknownKey,
    /// The secret is not the access key's.
    #[error("the secret key does not fit the access key")]
    Signature,
    /// The signature is for another region.
    #[error("the request was signed for another region")]
    Region,
    /// The clocks differ.
    #[error("this machine's clock and the server's are too far apart")]
    Clock,
    /// The key is good, but not for writing.
    #[error("the key may not write here")]
    Write,
    /// The key is good, but not for this.
    #[error("the key may not do this")]
    Forbidden,
    /// It wants credentials, and there are none.
    #[error("it wants credentials")]
    Anonymous,
}

impl Refusal {
    fn hint(self) -> &'static str {
        match self {
            Refusal::UnknownKey => "check the access key's id, and that the key is for this server",
            Refusal::Signature => {
                "check the secret key; one that holds / ? # @ : or brackets is easily damaged in a URL"
            }
            Refusal::Region => {
                "set S3_REGION in config/rfs.conf to the server's region, or ?region=NAME where a store URL is given \
                 (Garage's default is garage)"
            }
            Refusal::Clock => "set the clock, by NTP for instance",
            Refusal::Write => "use the write key here, or give this key the right to write to the bucket",
            Refusal::Forbidden => "give the key the right to this bucket",
            Refusal::Anonymous => "add an access key and its secret key to the store's settings",
        }
    }
}

/// How far a request came that got no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No connection: refused, no such host, or no TLS.
    #[error("can't be connected to")]
    Connect,
    /// The connection broke.
    #[error("broke the connection")]
    Broken,
    /// No answer in time.
    #[error("did not answer in time")]
    TimedOut,
}

fn missing_word(forbidden: &bool) -> &'static str {
    if *forbidden { "missing or not readable (403) in" } else { "missing in" }
}

fn in_brackets(code: &Option<String>) -> String {
    code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default()
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            StoreError::Missing { forbidden: false, .. } => {
                "check the store's URL; a build run again stores what is missing".into()
            }
            StoreError::Missing { forbidden: true, .. } => {
                "AWS answers 403 for what is missing where the key may not list; elsewhere the key may not read. \
                 Check the key's rights, then the store's URL"
                    .into()
            }
            StoreError::Refused { reason, .. } => reason.hint().into(),
            StoreError::NoSuchBucket { bucket, .. } => {
                format!(
                    "make the bucket \"{bucket}\", or correct S3_BUCKET in config/rfs.conf; in a store URL, it is the first \
                     part of the path"
                )
            }
            StoreError::Unreachable { fault: Fault::Connect, .. } => {
                "check host and port, that the server runs, and the scheme: s3 and http are plain, s3s and https are \
                 TLS; a proxy named by HTTP_PROXY or HTTPS_PROXY is used, unless NO_PROXY names the host"
                    .into()
            }
            StoreError::Unreachable { .. } => "run it again; what is stored already is not sent twice".into(),
            StoreError::Io { .. } if self.is_full() => "the disk is full: make room there, or use another store".into(),
            StoreError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "give this user the right to the store's directory".into()
            }
            StoreError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path: a store is a directory that exists".into()
            }
            StoreError::Io { .. } => "check the disk and the directory that the store is on".into(),
            StoreError::TooLarge { .. } => {
                format!(
                    "this is not a blob of an flist (they have at most {MAX_BLOB_SIZE} bytes): check the store's URL"
                )
            }
            StoreError::Server { status, .. } => self.status_hint(*status).into(),
            StoreError::Strange { .. } => "check host, port and path: something else may be listening there".into(),
            StoreError::FindsAnything { .. } => {
                "check host, port and path; a web server with blobs has to answer 404 to what is not there, and no page in \
                 its place"
                    .into()
            }
            StoreError::ReadOnly { .. } => "write to a dir://, s3:// or s3s:// store".into(),
            StoreError::NoRange { .. } | StoreError::Gap { .. } => {
                "add a store for the rest; a store without a range is for all blobs (00-ff)".into()
            }
        }
    }

    fn status_hint(&self, status: u16) -> &'static str {
        match status {
            301 | 302 | 307 | 308 => {
                "the server sends elsewhere: S3_ENDPOINT and S3_REGION in config/rfs.conf, or the store URL, must have the \
                 address and region of the bucket itself"
            }
            400 => {
                "check the scheme, the port and the region: S3_ENDPOINT (http is plain, https is TLS) and S3_REGION in \
                 config/rfs.conf, or the store URL (s3 is plain, s3s is TLS)"
            }
            _ if self.is_transient() => "the server is in trouble or busy; run it again later, and see its log",
            _ => "check host, port and path; see the server's log",
        }
    }

    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Unreachable { .. } => true,
            StoreError::Server { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504 | 507..=599),
            _ => false,
        }
    }

    /// Whether the store (or its quota) is full.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }

    /// No way of asking for a size got one.
    pub(super) fn no_size(store: &str, name: &str) -> StoreError {
        StoreError::Strange { store: store.into(), what: format!("does not say the size of {name}") }
    }

    /// Refuses what is too large to be a blob, before it is held in memory or sent.
    pub(crate) fn check_size(name: &str, store: &str, len: u64, limit: u64) -> Result<(), StoreError> {
        if len > limit {
            return Err(StoreError::TooLarge { name: name.into(), store: store.into(), limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "s3://host:3900/zos/blobs";

    fn server(status: u16) -> StoreError {
        StoreError::Server { store: STORE.into(), status, code: None }
    }

    fn unreachable(fault: Fault) -> StoreError {
        StoreError::Unreachable { store: STORE.into(), fault, why: "Connection refused".into() }
    }

    fn io_error(errno: i32) -> StoreError {
        let source = io::Error::from_raw_os_error(errno);
        StoreError::Io { store: "dir:///blobs".into(), action: "write", path: "ab/abcd".into(), source }
    }

    #[test]
    fn each_message_says_what_and_where() {
        let missing = |forbidden| StoreError::Missing { name: "abcd".into(), store: STORE.into(), forbidden };
        let refused = |reason| StoreError::Refused { store: STORE.into(), reason };
        let cases = [
            (missing(false), "abcd is missing in s3://host:3900/zos/blobs"),
            (missing(true), "abcd is missing or not readable (403) in s3://host:3900/zos/blobs"),
            (refused(Refusal::Write), "s3://host:3900/zos/blobs refused: the key may not write here"),
            (
                refused(Refusal::Signature),
                "s3://host:3900/zos/blobs refused: the secret key does not fit the access key",
            ),
            (refused(Refusal::UnknownKey), "s3://host:3900/zos/blobs refused: it does not know the access key"),
            (
                StoreError::NoSuchBucket { store: STORE.into(), bucket: "zos".into() },
                "s3://host:3900/zos/blobs: there is no bucket \"zos\"",
            ),
            (unreachable(Fault::Connect), "s3://host:3900/zos/blobs can't be connected to: Connection refused"),
            (server(503), "s3://host:3900/zos/blobs answered with status 503"),
            (io_error(28), "dir:///blobs: cannot write ab/abcd: No space left on device (os error 28)"),
            (
                StoreError::Gap { start: 0x80, end: 0xff, store: "00-7f=dir:///a".into() },
                "no store is for blobs 80-ff; there are 00-7f=dir:///a",
            ),
            (StoreError::ReadOnly { store: "http://h:80/b".into() }, "http://h:80/b can only be read"),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_hint_says_what_to_do() {
        assert!(unreachable(Fault::Connect).hint().starts_with("check host and port, that the server runs"));
        assert!(io_error(28).hint().starts_with("the disk is full"));
        assert!(io_error(13).hint().starts_with("give this user the right"));
        assert!(io_error(2).hint().starts_with("check the path"));
        assert!(server(307).hint().contains("address and region of the bucket"));
        let refused = StoreError::Refused { store: STORE.into(), reason: Refusal::Region };
        assert!(refused.hint().contains("?region=NAME"));
        assert!(refused.hint().starts_with("set S3_REGION in config/rfs.conf to the server's region"));
        assert!(server(400).hint().contains("S3_ENDPOINT (http is plain, https is TLS) and S3_REGION"));
        let forbidden = StoreError::Missing { name: "abcd".into(), store: STORE.into(), forbidden: true };
        assert!(forbidden.hint().contains("the key may not list"));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for fault in [Fault::Connect, Fault::Broken, Fault::TimedOut] {
            assert!(unreachable(fault).is_transient());
        }
        assert!([408, 429, 500, 502, 503, 504].into_iter().all(|status| server(status).is_transient()));
        assert!(![301, 400, 405, 409, 501].into_iter().any(|status| server(status).is_transient()));
        assert!(!io_error(28).is_transient());
    }
}
