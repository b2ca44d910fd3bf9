//! Store URLs, as stock rfs spells them in a route and on its command line.
//!
//! Three types keep write and read credentials apart: a [`StoreUrl`] is what was parsed, a [`WriteUrl`] is where a
//! build puts blobs, a [`ReadUrl`] is what a node reads through. Only a [`ReadUrl`] has a text form that holds
//! credentials, so a write credential has no way into a route.

use std::path::PathBuf;

use crate::secret::Secret;

/// A parsed store URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `dir:///abs/path`: blobs under `<first 2 hex digits>/<64 hex digits>`.
    Dir(PathBuf),
    /// `s3://…` or `s3s://…`.
    S3(S3Url),
    /// `http(s)://host/path`, read only.
    Http(HttpUrl),
}

/// `s3://KEY:SECRET@HOST:PORT/BUCKET[/PREFIX]?region=REGION`; `s3s` for TLS. Path-style addressing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Url {
    /// Where the server listens.
    pub endpoint: Endpoint,
    /// The path's first component. On the wire bucket and prefix are one path, which is all that rfs knows.
    pub bucket: String,
    /// The path's other components, without slashes at the ends; may be empty.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// `None`: anonymous requests.
    pub credentials: Option<Credentials>,
}

/// A server's address. Its port is always known: rfs demands it in the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// A host name, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// A pair of S3 keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The key's id. No secret by itself, but a write key's id has no place in a manifest either.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
}

/// `http(s)://HOST:PORT/PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    /// Where the server listens.
    pub endpoint: Endpoint,
    /// The path without slashes at the ends; may be empty.
    pub path: String,
}

/// The first bytes of blob ids that a store is for: both ends are part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub start: u8,
    /// The last; not below `start`.
    pub end: u8,
}

/// Something for a range of blob ids. On a command line `00-7f=URL`; with no range it is for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranged<T> {
    /// Which ids.
    pub range: IdRange,
    /// What is for them.
    pub value: T,
}

/// Where a build puts blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteUrl(pub StoreUrl);

/// What a node reads blobs through. Its credentials, if any, are read-only and survive rfs's parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadUrl(pub(crate) StoreUrl);
