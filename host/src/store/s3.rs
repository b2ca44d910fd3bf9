//! Objects in an S3 bucket: blobs as `/BUCKET/PREFIX/<64 hex digits>`, and other objects beside them.
//!
//! Addressing is path-style: to stock rfs bucket and prefix are one path. rust-s3 signs the requests; they are sent
//! by the client that all stores share, because rust-s3's own loses a failed PUT's explanation, reads answers of
//! any length, and waits for connections without a limit.
//!
//! A proxy named by `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` is used, as by most programs.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Body, Method};
use s3::command::Command;
use s3::error::S3Error;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;
use s3::{Bucket, Region};

use super::blobs::{NO_BLOB, Probed, ReadBlobs, WriteBlobs};
use super::client::{Answer, Client, PROBE_TIMEOUT, TIMEOUT};
use super::error::StoreError;
use super::retry::{Retry, retry};
use super::s3_answer::{Asked, code, explain};
use super::url::S3Url;
use crate::block::{BlobId, MAX_BLOB_SIZE};

/// Requests worth having under way: beyond it a Garage on one disk gets no faster.
const PARALLELISM: usize = 16;

/// Objects under one prefix of one bucket. Many threads may use it at once.
pub struct S3Bucket {
    signer: Box<Bucket>,
    client: Client,
    prefix: String,
    anonymous: bool,
    retry: Retry,
    timeout: Duration,
}

impl S3Bucket {
    /// Nothing is sent yet.
    pub fn new(url: &S3Url) -> Result<Self, StoreError> {
        let store = describe(url);
        // A redirected request would carry a signature for another host: the answer is reported instead.
        let client = Client::new(store.clone(), Policy::none())?;
        let signer = signer(url).map_err(|error| unusable(&store, &error))?;
        Ok(S3Bucket {
            signer,
            client,
            prefix: url.prefix.clone(),
            anonymous: url.credentials.is_none(),
            retry: Retry::default(),
            timeout: TIMEOUT,
        })
    }

    /// The same with another patience.
    pub fn with_retry(self, retry: Retry) -> Self {
        S3Bucket { retry, ..self }
    }

    /// The same with another limit on the time of one request; 60 seconds if not set.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        S3Bucket { timeout, ..self }
    }

    /// The bucket's and prefix's URL without credentials.
    pub fn describe(&self) -> String {
        self.client.store().to_owned()
    }

    /// An object's bytes, if they are not more than `limit`.
    pub fn get(&self, name: &str, limit: u64) -> Result<Vec<u8>, StoreError> {
        retry(&self.retry, || {
            let answer = self.ask(name, Command::GetObject, None, limit, self.timeout)?;
            if answer.status.is_success() { Ok(answer.body) } else { Err(self.explain(Asked::Read, name, &answer)) }
        })
    }

    /// An object's size in bytes; `None` where it is missing, or the whole bucket is: a HEAD can't tell.
    pub fn head(&self, name: &str) -> Result<Option<u64>, StoreError> {
        retry(&self.retry, || {
            let answer = self.ask(name, Command::HeadObject, None, 0, self.timeout)?;
            if answer.status.is_success() {
                return match answer.content_length() {
                    Some(size) => Ok(Some(size)),
                    None => self.size_by_get(name),
                };
            }
            match self.explain(Asked::Read, name, &answer) {
                StoreError::Missing { forbidden: false, .. } => Ok(None),
                error => Err(error),
            }
        })
    }

    /// For servers (or what stands before them) that leave the length out of a HEAD's answer: the first byte, with the whole's
    /// length beside it.
    fn size_by_get(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let first = Command::GetObjectRange { start: 0, end: Some(0) };
        let answer = self.ask(name, first, None, MAX_BLOB_SIZE as u64, self.timeout)?;
        if answer.is_found() {
            let size = answer.size_beside_first_byte();
            return size.map(Some).ok_or_else(|| StoreError::no_size(self.client.store(), name));
        }
        match self.explain(Asked::Read, name, &answer) {
            StoreError::Missing { forbidden: false, .. } => Ok(None),
            error => Err(error),
        }
    }

    /// Stores an object; an existing one is replaced.
    pub fn put(&self, name: &str, bytes: &[u8], content_type: &str) -> Result<(), StoreError> {
        retry(&self.retry, || {
            let command = Command::PutObject { content: bytes, content_type, custom_headers: None, multipart: None };
            let answer = self.ask(name, command, Some(bytes), MAX_BLOB_SIZE as u64, self.timeout)?;
            if answer.status.is_success() { Ok(()) } else { Err(self.explain(Asked::Write, name, &answer)) }
        })
    }

    /// Asks once for an object that can't exist: see [`ReadBlobs::probe`].
    pub fn probe(&self) -> Result<Probed, StoreError> {
        let name = BlobId::from(NO_BLOB).hex();
        let limit = MAX_BLOB_SIZE as u64;
        let finds_anything = || StoreError::FindsAnything { store: self.describe(), name: name.clone() };
        let answer = match self.ask(&name, Command::GetObject, None, limit, PROBE_TIMEOUT.min(self.timeout)) {
            Err(StoreError::TooLarge { .. }) => return Err(finds_anything()),
            answer => answer?,
        };
        if answer.status.is_success() {
            return Err(finds_anything());
        }
        match self.explain(Asked::Read, &name, &answer) {
            StoreError::Missing { forbidden: true, .. } => Ok(Probed::Forbids),
            StoreError::Missing { .. } if code(&answer.body).is_none() => {
                Err(StoreError::Strange { store: self.describe(), what: "does not answer like an S3 server".into() })
            }
            StoreError::Missing { .. } => Ok(Probed::Reads),
            error => Err(error),
        }
    }

    /// One signed exchange.
    fn ask(
        &self,
        name: &str,
        command: Command<'_>,
        body: Option<&[u8]>,
        limit: u64,
        timeout: Duration,
    ) -> Result<Answer, StoreError> {
        let key = if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        let method = match command {
            Command::PutObject { .. } => Method::PUT,
            Command::HeadObject => Method::HEAD,
            _ => Method::GET,
        };
        self.client.wait(async {
            let signed = async {
                let request = ReqwestRequest::new(&self.signer, &key, command).await?;
                Ok((request.url()?, request.headers().await?))
            };
            let (url, headers) = signed.await.map_err(|error: S3Error| unusable(self.client.store(), &error))?;
            let mut request = reqwest::Request::new(method, url);
            *request.headers_mut() = headers;
            *request.body_mut() = body.map(|bytes| Body::from(bytes.to_vec()));
            *request.timeout_mut() = Some(timeout);
            self.client.exchange(request, name, limit).await
        })
    }

    fn explain(&self, asked: Asked, name: &str, answer: &Answer) -> StoreError {
        explain(asked, name, self.client.store(), &self.signer.name, self.anonymous, answer)
    }
}

/// Blobs in a bucket.
pub struct S3Store(S3Bucket);

impl S3Store {
    /// Nothing is sent yet.
    pub fn new(url: &S3Url) -> Result<Self, StoreError> {
        S3Bucket::new(url).map(S3Store)
    }
}

impl From<S3Bucket> for S3Store {
    fn from(bucket: S3Bucket) -> Self {
        S3Store(bucket)
    }
}

impl ReadBlobs for S3Store {
    fn get(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        self.0.get(&id.hex(), MAX_BLOB_SIZE as u64)
    }

    fn size(&self, id: &BlobId) -> Result<Option<u64>, StoreError> {
        self.0.head(&id.hex())
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn parallelism(&self) -> usize {
        PARALLELISM
    }

    fn probe(&self) -> Result<Probed, StoreError> {
        self.0.probe()
    }
}

impl WriteBlobs for S3Store {
    fn put(&self, id: &BlobId, blob: &[u8]) -> Result<(), StoreError> {
        let name = id.hex();
        StoreError::check_size(&name, self.0.client.store(), blob.len() as u64, MAX_BLOB_SIZE as u64)?;
        self.0.put(&name, blob, "application/octet-stream")
    }

    /// A server that acknowledged a PUT has it.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// rust-s3's bucket, for its signatures. Credentials are given outright: with none, its usual constructor would
/// look for some in the environment and in the user's home.
fn signer(url: &S3Url) -> Result<Box<Bucket>, S3Error> {
    let scheme = if url.endpoint.tls { "https" } else { "http" };
    let region = Region::Custom {
        region: url.region.clone(),
        endpoint: format!("{scheme}://{}:{}", url.endpoint.host, url.endpoint.port),
    };
    let mut credentials = s3::creds::Credentials::anonymous()?;
    if let Some(pair) = &url.credentials {
        credentials.access_key = Some(pair.access_key.clone());
        credentials.secret_key = Some(pair.secret_key.expose().to_owned());
    }
    Ok(Bucket::new(&url.bucket, region, credentials)?.with_path_style())
}

fn describe(url: &S3Url) -> String {
    let scheme = if url.endpoint.tls { "s3s" } else { "s3" };
    let slash = if url.prefix.is_empty() { "" } else { "/" };
    let (host, port) = (&url.endpoint.host, url.endpoint.port);
    format!("{scheme}://{host}:{port}/{}{slash}{}", url.bucket, url.prefix)
}

fn unusable(store: &str, error: &S3Error) -> StoreError {
    StoreError::Strange { store: store.into(), what: format!("can't be asked: {error}") }
}
