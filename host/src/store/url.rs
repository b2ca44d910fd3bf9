//! Store URLs, as stock rfs spells them in a route and on its command line.
//!
//! Three types keep write and read credentials apart: a [`StoreUrl`] is what was parsed, a [`WriteUrl`] is where a
//! build puts blobs, a [`ReadUrl`] is what a node reads through. Only a [`ReadUrl`] has a text form that holds
//! credentials, so a write credential has no way into a route.

mod check;
mod error;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub(crate) use check::{region as is_region, s3_name as is_s3_name, s3_path as is_s3_path};
pub use error::UrlError;

use crate::store::secret::Secret;

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

/// The region of an S3 URL that names none: the one Garage is set up with.
pub const DEFAULT_REGION: &str = "garage";

impl IdRange {
    /// Every blob id.
    pub const ALL: IdRange = IdRange { start: 0, end: 0xff };

    /// Whether ids that begin with `first_byte` are meant.
    pub fn contains(&self, first_byte: u8) -> bool {
        (self.start..=self.end).contains(&first_byte)
    }

    /// The first ids that none of the ranges covers.
    pub fn first_gap(ranges: impl Iterator<Item = IdRange> + Clone) -> Option<IdRange> {
        let covered = |byte: u8| ranges.clone().any(|range| range.contains(byte));
        let start = (0..=u8::MAX).find(|&byte| !covered(byte))?;
        let end = (start..=u8::MAX).take_while(|&byte| !covered(byte)).last()?;
        Some(IdRange { start, end })
    }
}

impl<T> Ranged<T> {
    /// `value`, for every blob id.
    pub fn all(value: T) -> Self {
        Ranged { range: IdRange::ALL, value }
    }
}

impl StoreUrl {
    /// The S3 credentials, if the URL has any.
    pub fn credentials(&self) -> Option<&Credentials> {
        match self {
            StoreUrl::S3(s3) => s3.credentials.as_ref(),
            StoreUrl::Dir(_) | StoreUrl::Http(_) => None,
        }
    }
}

impl ReadUrl {
    /// Accepts a URL that rfs understands once it stands in a route. rfs takes user, password and path as its URL
    /// parser returns them, and that parser percent-encodes what the syntax reserves: a `/` in a secret arrives as
    /// `%2F` and signs wrongly. So what would not arrive as it is, is refused.
    pub fn new(url: StoreUrl) -> Result<ReadUrl, UrlError> {
        check::readable(&url)?;
        Ok(ReadUrl(url))
    }

    /// The URL's parts.
    pub fn url(&self) -> &StoreUrl {
        &self.0
    }

    /// What the route table holds: the one text form of a URL with its credentials in it.
    pub fn route_text(&self) -> Secret {
        let userinfo = |c: &Credentials| format!("{}:{}@", c.access_key, c.secret_key.expose());
        Secret::new(text(&self.0, userinfo))
    }
}

/// A URL as text. `userinfo` decides how much of the credentials is in it.
fn text(url: &StoreUrl, userinfo: impl Fn(&Credentials) -> String) -> String {
    match url {
        StoreUrl::Dir(path) => format!("dir://{}", path.display()),
        StoreUrl::S3(s3) => {
            let scheme = if s3.endpoint.tls { "s3s" } else { "s3" };
            let user = s3.credentials.as_ref().map(userinfo).unwrap_or_default();
            let slash = if s3.prefix.is_empty() { "" } else { "/" };
            let S3Url { endpoint, bucket, prefix, region, .. } = s3;
            format!("{scheme}://{user}{endpoint}/{bucket}{slash}{prefix}?region={region}")
        }
        StoreUrl::Http(http) => {
            let scheme = if http.endpoint.tls { "https" } else { "http" };
            format!("{scheme}://{}/{}", http.endpoint, http.path)
        }
    }
}

/// `HOST:PORT`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The secret is masked; the key's id is shown.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self, |c| format!("{}:***@", c.access_key)))
    }
}

/// The secret is masked; the key's id is shown.
impl fmt::Display for ReadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The credentials are masked altogether: the id of a write key belongs neither in a manifest nor in a report.
impl fmt::Display for WriteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.0, |_| "***:***@".to_owned()))
    }
}

/// `00-7f`.
impl fmt::Display for IdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}-{:02x}", self.start, self.end)
    }
}
