//! Servers inside the test process: S3 with real signatures over a directory, and a web server over a `dir` store's
//! directory. Both count what they are asked and can be made to fail.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use flistry::store::secret::Secret;
use flistry::store::url::{Credentials, Endpoint, HttpUrl, S3Url};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Result, s3_error};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The bucket that exists.
pub const BUCKET: &str = "blobs";
/// What requests must be signed for.
pub const REGION: &str = "garage";
/// A key that may do everything; id and secret.
pub const WRITE_KEY: (&str, &str) = ("GKwrite0000", "5ec4e7aaaa");
/// A key that may only read.
pub const READ_KEY: (&str, &str) = ("GKread00000", "5ec4e7bbbb");

/// What to do wrong, and what was asked.
#[derive(Default)]
pub struct Faults {
    unavailable: AtomicUsize,
    dropped: AtomicUsize,
    delay_ms: AtomicUsize,
    no_head: AtomicUsize,
    no_length: AtomicBool,
    page: AtomicBool,
    gets: AtomicUsize,
    puts: AtomicUsize,
    heads: AtomicUsize,
}

impl Faults {
    /// Answers the next `n` requests with 503.
    pub fn unavailable(&self, n: usize) {
        self.unavailable.store(n, SeqCst);
    }

    /// Closes the connection under the next `n` requests.
    pub fn drop_connections(&self, n: usize) {
        self.dropped.store(n, SeqCst);
    }

    /// Lets every answer wait.
    pub fn delay(&self, delay: Duration) {
        self.delay_ms.store(delay.as_millis() as usize, SeqCst);
    }

    /// Answers HEAD with this status; 0 for the right answer.
    pub fn answer_head_with(&self, status: u16) {
        self.no_head.store(status.into(), SeqCst);
    }

    /// Leaves the length out of the answers to HEAD, as Cloudflare does.
    pub fn leave_out_length(&self) {
        self.no_length.store(true, SeqCst);
    }

    /// Shows a page for whatever is not there, as web servers of single-page applications do.
    pub fn show_page(&self) {
        self.page.store(true, SeqCst);
    }

    /// What becomes of an answer on its way.
    fn spoil(&self, method: &Method, mut answer: Response<Body>) -> Response<Body> {
        if self.page.load(SeqCst) && answer.status() == StatusCode::NOT_FOUND {
            let page = "<!DOCTYPE html><title>Welcome</title>";
            let body = if method == Method::HEAD { Body::empty() } else { Body::from(page.as_bytes().to_vec()) };
            answer = Response::builder().header(CONTENT_LENGTH, page.len()).body(body).unwrap();
        }
        if self.no_length.load(SeqCst) && method == Method::HEAD {
            answer.headers_mut().remove(CONTENT_LENGTH);
        }
        answer
    }

    /// GET, PUT and HEAD requests since the last call, faulty ones included.
    pub fn take_counts(&self) -> (usize, usize, usize) {
        (self.gets.swap(0, SeqCst), self.puts.swap(0, SeqCst), self.heads.swap(0, SeqCst))
    }

    fn count(&self, method: &Method) {
        match *method {
            Method::GET => self.gets.fetch_add(1, SeqCst),
            Method::PUT => self.puts.fetch_add(1, SeqCst),
            Method::HEAD => self.heads.fetch_add(1, SeqCst),
            _ => 0,
        };
    }

    /// The fault to answer with; an error closes the connection.
    async fn apply(&self, method: &Method) -> Result<Option<Response<Body>>, Dropped> {
        self.count(method);
        tokio::time::sleep(Duration::from_millis(self.delay_ms.load(SeqCst) as u64)).await;
        let take = |counter: &AtomicUsize| counter.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok();
        if take(&self.dropped) {
            return Err(Dropped);
        }
        if take(&self.unavailable) {
            return Ok(Some(status(StatusCode::SERVICE_UNAVAILABLE)));
        }
        match self.no_head.load(SeqCst) as u16 {
            code if code != 0 && method == Method::HEAD => Ok(Some(status(StatusCode::from_u16(code).unwrap()))),
            _ => Ok(None),
        }
    }
}

#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A listening server. Gone when dropped.
struct Server {
    addr: SocketAddr,
    _runtime: Runtime,
}

/// Who answers the requests that no fault takes.
#[derive(Clone)]
enum Handler {
    S3(S3Service),
    Directory(Arc<Path>),
}

impl Server {
    fn start(handler: Handler, faults: Arc<Faults>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let addr = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (handler, faults) = (handler.clone(), faults.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (handler, faults) = (handler.clone(), faults.clone());
                    async move {
                        if let Some(response) = faults.apply(request.method()).await? {
                            return Ok(response);
                        }
                        let method = request.method().clone();
                        let answer = match handler {
                            Handler::S3(s3) => s3.call(request.map(Body::from)).await.map_err(|_| Dropped)?,
                            Handler::Directory(directory) => serve_file(&directory, &request),
                        };
                        Ok::<_, Dropped>(faults.spoil(&method, answer))
                    }
                });
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
            Ok::<(), Infallible>(())
        });
        Server { addr, _runtime: runtime }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint { tls: false, host: self.addr.ip().to_string(), port: self.addr.port() }
    }
}

/// An S3 server with one bucket, a key that may write, and one that may not.
pub struct S3Server {
    server: Server,
    /// What to do wrong, and what was asked.
    pub faults: Arc<Faults>,
    directory: tempfile::TempDir,
}

impl S3Server {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_with(Rights { reader_writes: false })
    }

    /// Starts one on which the read key may write, too: a mistake that a build must find.
    pub fn start_with_writing_reader() -> Self {
        Self::start_with(Rights { reader_writes: true })
    }

    fn start_with(rights: Rights) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(directory.path()).unwrap());
        service.set_auth(TwoKeys);
        service.set_access(rights);
        let faults = Arc::new(Faults::default());
        S3Server { server: Server::start(Handler::S3(service.build()), faults.clone()), faults, directory }
    }

    /// The URL of [`BUCKET`] with a key.
    pub fn url(&self, prefix: &str, (id, secret): (&str, &str)) -> S3Url {
        S3Url {
            endpoint: self.server.endpoint(),
            bucket: BUCKET.into(),
            prefix: prefix.into(),
            region: REGION.into(),
            credentials: Some(Credentials { access_key: id.into(), secret_key: Secret::new(secret) }),
        }
    }

    /// Where the bucket's objects lie as files.
    pub fn bucket_directory(&self) -> PathBuf {
        self.directory.path().join(BUCKET)
    }
}

/// The secrets that s3s checks signatures with.
struct TwoKeys;

#[async_trait::async_trait]
impl S3Auth for TwoKeys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let known = [WRITE_KEY, READ_KEY].into_iter().find(|(id, _)| *id == access_key);
        known.map(|(_, secret)| secret.into()).ok_or_else(|| s3_error!(InvalidAccessKeyId))
    }
}

/// s3s checks the signatures; this says what each key may do.
struct Rights {
    reader_writes: bool,
}

#[async_trait::async_trait]
impl S3Access for Rights {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        };
        let may_write = self.reader_writes || credentials.access_key == WRITE_KEY.0;
        if !may_write && !matches!(*cx.method(), Method::GET | Method::HEAD) {
            return Err(s3_error!(AccessDenied, "Operation is not allowed for this key."));
        }
        if cx.s3_path().get_bucket_name().is_some_and(|bucket| bucket != BUCKET) {
            return Err(s3_error!(NoSuchBucket));
        }
        Ok(())
    }
}

/// A web server over a directory; it knows HEAD and the first-byte range.
pub struct WebServer {
    server: Server,
    /// What to do wrong, and what was asked.
    pub faults: Arc<Faults>,
}

impl WebServer {
    /// Serves `directory` on a free port.
    pub fn start(directory: &Path) -> Self {
        let faults = Arc::new(Faults::default());
        WebServer { server: Server::start(Handler::Directory(directory.into()), faults.clone()), faults }
    }

    /// The directory's URL, or that of a directory in it.
    pub fn url(&self, path: &str) -> HttpUrl {
        HttpUrl { endpoint: self.server.endpoint(), path: path.into() }
    }
}

fn serve_file(directory: &Path, request: &Request<Incoming>) -> Response<Body> {
    let Ok(contents) = fs::read(directory.join(request.uri().path().trim_start_matches('/'))) else {
        return status(StatusCode::NOT_FOUND);
    };
    let len = contents.len();
    if request.headers().contains_key(RANGE) {
        let (code, range) = match len {
            0 => (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */0".to_owned()),
            _ => (StatusCode::PARTIAL_CONTENT, format!("bytes 0-0/{len}")),
        };
        let first = contents.into_iter().take(1).collect::<Vec<u8>>();
        return Response::builder().status(code).header(CONTENT_RANGE, range).body(Body::from(first)).unwrap();
    }
    let body = if request.method() == Method::HEAD { Body::empty() } else { Body::from(contents) };
    Response::builder().header(CONTENT_LENGTH, len).body(body).unwrap()
}
