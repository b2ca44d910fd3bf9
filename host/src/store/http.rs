//! Blobs behind a web server, read only: `/path/<2 hex digits>/<64 hex digits>`, and `/path/<64 hex digits>` where
//! that is 404. What serves a `dir` store's directory is such a server.
//!
//! A proxy named by `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` is used, as by most programs.

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};

use super::blobs::{NO_BLOB, Probed, ReadBlobs};
use super::client::{Answer, Client, PROBE_TIMEOUT, TIMEOUT};
use super::error::{Refusal, StoreError};
use super::retry::{Retry, retry};
use super::url::HttpUrl;
use crate::block::{BlobId, MAX_BLOB_SIZE};

/// Requests worth having under way.
const PARALLELISM: usize = 16;

/// Mirrors redirect once or twice; more is a circle.
const MAX_REDIRECTS: usize = 5;

/// Blobs that a web server hands out.
pub struct HttpStore {
    client: Client,
    retry: Retry,
    timeout: Duration,
}

impl HttpStore {
    /// Nothing is sent yet.
    pub fn new(url: &HttpUrl) -> Result<Self, StoreError> {
        let client = Client::new(describe(url), Policy::limited(MAX_REDIRECTS))?;
        Ok(HttpStore { client, retry: Retry::default(), timeout: TIMEOUT })
    }

    /// The same with another patience.
    pub fn with_retry(self, retry: Retry) -> Self {
        HttpStore { retry, ..self }
    }

    /// The same with another limit on the time of one request; 60 seconds if not set.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        HttpStore { timeout, ..self }
    }

    /// Asks for the blob's two places in turn; `found` says what to make of an answer, or that it is none.
    fn look<T>(
        &self,
        id: &BlobId,
        found: impl Fn(&str, &str) -> Result<Looked<T>, StoreError>,
    ) -> Result<Looked<T>, StoreError> {
        let hex = id.hex();
        let mut forbidden = false;
        for path in [format!("{}/{hex}", &hex[..2]), hex.clone()] {
            match found(&hex, &path)? {
                Looked::Nothing { forbidden: here } => forbidden |= here,
                something => return Ok(something),
            }
        }
        Ok(Looked::Nothing { forbidden })
    }

    fn body(&self, name: &str, path: &str, timeout: Duration) -> Result<Looked<Vec<u8>>, StoreError> {
        let answer = self.ask(Method::GET, name, path, None, timeout)?;
        if answer.status.is_success() { Ok(Looked::Found(answer.body)) } else { self.explain(&answer) }
    }

    fn length(&self, name: &str, path: &str) -> Result<Looked<u64>, StoreError> {
        let answer = self.ask(Method::HEAD, name, path, None, self.timeout)?;
        match answer.status {
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => self.length_by_get(name, path),
            status if status.is_success() => match content_length(&answer) {
                Some(len) => Ok(Looked::Found(len)),
                None => self.length_by_get(name, path),
            },
            _ => self.explain(&answer),
        }
    }

    /// For servers that know no HEAD: the first byte, with the whole's length beside it.
    fn length_by_get(&self, name: &str, path: &str) -> Result<Looked<u64>, StoreError> {
        let answer = self.ask(Method::GET, name, path, Some("bytes=0-0"), self.timeout)?;
        match answer.status {
            // An empty blob has no first byte.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => match total(&answer) {
                Some(len) => Ok(Looked::Found(len)),
                None => Err(StoreError::Strange {
                    store: self.describe(),
                    what: format!("does not say the size of {name}"),
                }),
            },
            // Ranges are optional: this is the whole blob.
            status if status.is_success() => Ok(Looked::Found(answer.body.len() as u64)),
            _ => self.explain(&answer),
        }
    }

    fn ask(
        &self,
        method: Method,
        name: &str,
        path: &str,
        range: Option<&'static str>,
        timeout: Duration,
    ) -> Result<Answer, StoreError> {
        let text = format!("{}/{path}", self.client.store());
        let url = Url::parse(&text)
            .map_err(|error| StoreError::Strange { store: self.describe(), what: format!("is not a URL: {error}") })?;
        let mut request = reqwest::Request::new(method, url);
        *request.timeout_mut() = Some(timeout);
        if let Some(range) = range {
            request.headers_mut().insert(RANGE, HeaderValue::from_static(range));
        }
        self.client.wait(self.client.exchange(request, name, MAX_BLOB_SIZE as u64))
    }

    fn explain<T>(&self, answer: &Answer) -> Result<Looked<T>, StoreError> {
        let store = self.describe();
        match answer.status.as_u16() {
            404 | 410 => Ok(Looked::Nothing { forbidden: false }),
            403 => Ok(Looked::Nothing { forbidden: true }),
            401 | 407 => Err(StoreError::Refused { store, reason: Refusal::Anonymous }),
            status => Err(StoreError::Server { store, status, code: None }),
        }
    }

    fn missing(&self, id: &BlobId, forbidden: bool) -> StoreError {
        StoreError::Missing { name: id.hex(), store: self.describe(), forbidden }
    }
}

/// What a look in one place gave.
enum Looked<T> {
    Found(T),
    Nothing { forbidden: bool },
}

impl ReadBlobs for HttpStore {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        let looked = self.look(id, |hex, path| retry(&self.retry, || self.body(hex, path, self.timeout)))?;
        match looked {
            Looked::Found(blob) => Ok(blob),
            Looked::Nothing { forbidden } => Err(self.missing(id, forbidden)),
        }
    }

    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        match self.look(id, |hex, path| retry(&self.retry, || self.length(hex, path)))? {
            Looked::Found(len) => Ok(Some(len)),
            Looked::Nothing { forbidden: false } => Ok(None),
            Looked::Nothing { forbidden: true } => Err(self.missing(id, true)),
        }
    }

    fn describe(&self) -> String {
        self.client.store().to_owned()
    }

    fn parallelism(&self) -> usize {
        PARALLELISM
    }

    fn probe(&self) -> Result<Probed, StoreError> {
        let timeout = PROBE_TIMEOUT.min(self.timeout);
        let hex = BlobId::from(NO_BLOB).hex();
        match self.body(&hex, &hex, timeout)? {
            Looked::Nothing { forbidden: true } => Ok(Probed::Forbids),
            _ => Ok(Probed::Reads),
        }
    }
}

fn describe(url: &HttpUrl) -> String {
    let scheme = if url.endpoint.tls { "https" } else { "http" };
    let slash = if url.path.is_empty() { "" } else { "/" };
    format!("{scheme}://{}:{}{slash}{}", url.endpoint.host, url.endpoint.port, url.path)
}

fn content_length(answer: &Answer) -> Option<u64> {
    answer.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole's length, from `Content-Range: bytes 0-0/LENGTH`.
fn total(answer: &Answer) -> Option<u64> {
    answer.headers.get(CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
}
