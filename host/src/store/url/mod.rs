//! Store URLs, as stock rfs spells them in a route and on its command line.
//!
//! Three types keep write and read credentials apart: a [`StoreUrl`] is what was parsed, a [`WriteUrl`] is where a
//! build puts blobs, a [`ReadUrl`] is what a node reads through. Only a [`ReadUrl`] has a text form that holds
//! credentials, so a write credential has no way into a route.

mod access;
mod check;
mod error;
mod id_range;
mod parse;
mod store_url;
#[cfg(test)]
mod tests;

pub use access::{ReadUrl, WriteUrl};
pub(crate) use check::{region as is_region, s3_name as is_s3_name, s3_path as is_s3_path};
pub use error::UrlError;
pub use id_range::{IdRange, Ranged};
pub use store_url::{Credentials, DEFAULT_REGION, Endpoint, HttpUrl, S3Url, StoreUrl};
