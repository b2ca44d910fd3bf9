//! From a URL to a store.

use super::blobs::{ReadBlobs, WriteBlobs};
use super::dir::DirStore;
use super::error::StoreError;
use super::http::HttpStore;
use super::ranges::Ranges;
use super::s3::S3Store;
use super::url::{IdRange, Ranged, ReadUrl, StoreUrl, WriteUrl};

/// The store at `url`, for reading. A `dir` store must exist; of a store over the network nothing is asked yet
/// ([`ReadBlobs::probe`] does).
pub fn open_read(url: &StoreUrl) -> Result<Box<dyn ReadBlobs>, StoreError> {
    Ok(match url {
        StoreUrl::Dir(path) => Box::new(DirStore::open_ambient(path)?),
        StoreUrl::S3(url) => Box::new(S3Store::new(url)?),
        StoreUrl::Http(url) => Box::new(HttpStore::new(url)?),
    })
}

/// The store at a route's URL, with the credentials that a node would use.
pub fn open_route(url: &ReadUrl) -> Result<Box<dyn ReadBlobs>, StoreError> {
    open_read(&url.0)
}

/// The store at `url`, for writing. The directory of a `dir` store is made where it does not exist; an `http` store is
/// [`StoreError::ReadOnly`].
pub fn open_write(url: &WriteUrl) -> Result<Box<dyn WriteBlobs>, StoreError> {
    Ok(match &url.0 {
        StoreUrl::Dir(path) => Box::new(DirStore::create_ambient(path)?),
        StoreUrl::S3(url) => Box::new(S3Store::new(url)?),
        StoreUrl::Http(url) => return Err(StoreError::ReadOnly { store: HttpStore::new(url)?.describe() }),
    })
}

/// The stores at `urls` as one, for reading. Ids without a store are [`StoreError::Gap`].
pub fn open_read_ranges(urls: &[Ranged<StoreUrl>]) -> Result<Box<dyn ReadBlobs>, StoreError> {
    match opened(urls, open_read)? {
        Opened::One(store) => Ok(store),
        Opened::Many(ranges) => Ok(Box::new(ranges)),
    }
}

/// The stores at the routes' URLs as one. Ids without a store are [`StoreError::Gap`].
pub fn open_route_ranges(urls: &[Ranged<ReadUrl>]) -> Result<Box<dyn ReadBlobs>, StoreError> {
    match opened(urls, open_route)? {
        Opened::One(store) => Ok(store),
        Opened::Many(ranges) => Ok(Box::new(ranges)),
    }
}

/// The stores at `urls` as one, for writing. Ids without a store are [`StoreError::Gap`].
pub fn open_write_ranges(urls: &[Ranged<WriteUrl>]) -> Result<Box<dyn WriteBlobs>, StoreError> {
    match opened(urls, open_write)? {
        Opened::One(store) => Ok(store),
        Opened::Many(ranges) => Ok(Box::new(ranges)),
    }
}

/// One store for everything needs nothing around it.
enum Opened<S: ?Sized> {
    One(Box<S>),
    Many(Ranges<S>),
}

fn opened<U, S: ReadBlobs + ?Sized>(
    urls: &[Ranged<U>],
    open: impl Fn(&U) -> Result<Box<S>, StoreError>,
) -> Result<Opened<S>, StoreError> {
    if let [Ranged { range: IdRange::ALL, value }] = urls {
        return open(value).map(Opened::One);
    }
    let stores = urls
        .iter()
        .map(|Ranged { range, value }| Ok(Ranged { range: *range, value: open(value)? }))
        .collect::<Result<_, StoreError>>()?;
    Ranges::new(stores).map(Opened::Many)
}
