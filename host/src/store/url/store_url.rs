//! A store's URL, taken apart.

use std::fmt;
use std::path::PathBuf;

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

/// The region of an S3 URL that names none: the one Garage is set up with.
pub const DEFAULT_REGION: &str = "garage";

impl StoreUrl {
    /// The S3 credentials, if the URL has any.
    pub fn credentials(&self) -> Option<&Credentials> {
        match self {
            StoreUrl::S3(s3) => s3.credentials.as_ref(),
            StoreUrl::Dir(_) | StoreUrl::Http(_) => None,
        }
    }
}

/// A URL as text. `userinfo` decides how much of the credentials is in it.
pub(super) fn text(url: &StoreUrl, userinfo: impl Fn(&Credentials) -> String) -> String {
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
