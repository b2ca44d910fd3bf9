//! What the stores over HTTP share: one exchange of request and answer, with limits on time and size.
//!
//! reqwest takes a proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` as most programs do. That is the one part
//! of the environment that the library lets matter, and [`StoreError::hint`] names it where a connection fails.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Method, Request, Response, StatusCode};
use tokio::runtime::Runtime;

use super::error::{Fault, StoreError};
use super::runtime;

/// A whole request, from the first byte sent to the last received. Half a megabyte goes through a very slow line
/// in that time.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// A probe's: a user waits for it.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(15);

/// Until a connection stands; a wrong address should not take a minute to be told.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of an error's explanation that are looked at.
const MAX_EXPLANATION: usize = 64 * 1024;

/// Bytes that are reserved on an answer's word that they will come. A whole blob fits.
const MAX_TRUSTED: u64 = 1024 * 1024;

/// A connection pool for one store.
pub(super) struct Client {
    http: reqwest::Client,
    runtime: &'static Runtime,
    /// The store's URL without credentials, for messages.
    store: String,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The contents on success, else what explains the error.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The header: of a HEAD's answer, reqwest's own count is that of the body, which is empty.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The whole's size, of an answer to a request for the first byte alone. `None` where that is an error, or does not say.
    pub(super) fn size_beside_first_byte(&self) -> Option<u64> {
        match self.status {
            // Only what is empty has no first byte.
            StatusCode::RANGE_NOT_SATISFIABLE => Some(0),
            // `Content-Range: bytes 0-0/SIZE`
            StatusCode::PARTIAL_CONTENT => {
                self.headers.get(CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
            }
            // Ranges are optional: this is the whole.
            status if status.is_success() => Some(self.body.len() as u64),
            _ => None,
        }
    }

    /// Whether there is something: an answer to a request for the first byte of what is empty is an error, too.
    pub(super) fn is_found(&self) -> bool {
        self.status.is_success() || self.status == StatusCode::RANGE_NOT_SATISFIABLE
    }
}

impl Client {
    pub(super) fn new(store: String, redirects: Policy) -> Result<Self, StoreError> {
        let unusable = |why: &dyn Error| StoreError::Strange {
            store: store.clone(),
            what: format!("can't be asked: {}", root_cause(why)),
        };
        let runtime = runtime::get().map_err(|error| unusable(&error))?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirects)
            .build()
            .map_err(|error| unusable(&error))?;
        Ok(Client { http, runtime, store })
    }

    pub(super) fn store(&self) -> &str {
        &self.store
    }

    /// Waits for a future on the calling thread.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        runtime::wait(self.runtime, future)
    }

    /// One exchange. A successful answer of more than `limit` bytes is [`StoreError::TooLarge`], as soon as that is
    /// known; `name` is for that message.
    pub(super) async fn exchange(&self, request: Request, name: &str, limit: u64) -> Result<Answer, StoreError> {
        let has_body = request.method() != Method::HEAD;
        let mut response = self.http.execute(request).await.map_err(|error| self.broken(error))?;
        let mut answer = Answer { status: response.status(), headers: response.headers().clone(), body: Vec::new() };
        if has_body && answer.status.is_success() {
            answer.body = self.contents(&mut response, name, limit).await?;
        } else if has_body {
            answer.body = explanation(&mut response).await;
        }
        Ok(answer)
    }

    async fn contents(&self, response: &mut Response, name: &str, limit: u64) -> Result<Vec<u8>, StoreError> {
        let announced = response.content_length().unwrap_or(0);
        StoreError::check_size(name, &self.store, announced, limit)?;
        let mut body = Vec::with_capacity(announced.min(MAX_TRUSTED) as usize);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            StoreError::check_size(name, &self.store, (body.len() + chunk.len()) as u64, limit)?;
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// No whole answer. The URL is left out of the text: it may hold more than [`Client::store`] shows.
    fn broken(&self, error: reqwest::Error) -> StoreError {
        let error = error.without_url();
        let fault = if error.is_connect() {
            Fault::Connect
        } else if error.is_timeout() {
            Fault::TimedOut
        } else if error.is_redirect() {
            return StoreError::Strange { store: self.store.clone(), what: "redirects too often".into() };
        } else {
            Fault::Broken
        };
        StoreError::Unreachable { store: self.store.clone(), fault, why: root_cause(&error) }
    }
}

/// An explanation that breaks off is as good as a short one.
async fn explanation(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MAX_EXPLANATION {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body
}

/// The innermost error: "Connection refused" says more than "error sending request".
fn root_cause(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
