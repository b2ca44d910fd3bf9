//! Blobs behind a web server, read only: `/path/<2 hex digits>/<64 hex digits>`, and `/path/<64 hex digits>` where
//! that is 404. What serves a `dir` store's directory is such a server.
//!
//! A proxy named by `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` is used, as by most programs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderValue, RANGE};
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
    /// It is known to say of what is not there that it is not.
    tells_apart: AtomicBool,
}

impl HttpStore {
    /// Nothing is sent yet.
    pub fn new(url: &HttpUrl) -> Result<Self, StoreError> {
        let client = Client::new(describe(url), Policy::limited(MAX_REDIRECTS))?;
        Ok(HttpStore { client, retry: Retry::default(), timeout: TIMEOUT, tells_apart: AtomicBool::new(false) })
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
            status if status.is_success() => match answer.content_length() {
                Some(len) => Ok(Looked::Found(len)),
                None => self.length_by_get(name, path),
            },
            _ => self.explain(&answer),
        }
    }

    /// For servers that know no HEAD, or leave the length out of its answer: the first byte, with the whole's length beside
    /// it.
    fn length_by_get(&self, name: &str, path: &str) -> Result<Looked<u64>, StoreError> {
        let answer = self.ask(Method::GET, name, path, Some("bytes=0-0"), self.timeout)?;
        if !answer.is_found() {
            return self.explain(&answer);
        }
        let size = answer.size_beside_first_byte();
        size.map(Looked::Found).ok_or_else(|| StoreError::no_size(self.client.store(), name))
    }

    /// Asks, once, for what can't be there. A server that finds that, too, shows some page where nothing is, and what it
    /// says of blobs means nothing.
    fn tell_apart(&self, policy: &Retry, timeout: Duration) -> Result<Probed, StoreError> {
        let id = BlobId::from(NO_BLOB);
        match self.look(&id, |hex, path| retry(policy, || self.body(hex, path, timeout))) {
            Ok(Looked::Nothing { forbidden }) => {
                self.tells_apart.store(true, Ordering::Relaxed);
                Ok(if forbidden { Probed::Forbids } else { Probed::Reads })
            }
            Ok(Looked::Found(_)) | Err(StoreError::TooLarge { .. }) => {
                Err(StoreError::FindsAnything { store: self.describe(), name: id.hex() })
            }
            Err(error) => Err(error),
        }
    }

    /// What was found, by a server that tells what is there from what is not.
    fn found<T>(&self, something: T) -> Result<T, StoreError> {
        if !self.tells_apart.load(Ordering::Relaxed) {
            self.tell_apart(&self.retry, self.timeout)?;
        }
        Ok(something)
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
            Looked::Found(blob) => self.found(blob),
            Looked::Nothing { forbidden } => Err(self.missing(id, forbidden)),
        }
    }

    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        match self.look(id, |hex, path| retry(&self.retry, || self.length(hex, path)))? {
            Looked::Found(len) => self.found(Some(len)),
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
        self.tell_apart(&Retry::NEVER, PROBE_TIMEOUT.min(self.timeout))
    }
}

fn describe(url: &HttpUrl) -> String {
    let scheme = if url.endpoint.tls { "https" } else { "http" };
    let slash = if url.path.is_empty() { "" } else { "/" };
    format!("{scheme}://{}:{}{slash}{}", url.endpoint.host, url.endpoint.port, url.path)
}
