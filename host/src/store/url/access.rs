//! URLs by what they are for: writing and reading never mix.

use std::fmt;

use super::check;
use super::error::UrlError;
use super::store_url::{Credentials, StoreUrl, text};
use crate::store::secret::Secret;

/// Where a build puts blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteUrl(pub StoreUrl);

/// What a node reads blobs through. Its credentials, if any, are read-only and survive rfs's parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadUrl(pub(crate) StoreUrl);

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
