//! Where blobs lie: a small ladder of traits, and one file for each kind of store.
//!
//! A store maps a [`BlobId`](crate::block::BlobId) to bytes and knows nothing of keys or files. [`ReadBlobs`] is all that a node needs;
//! [`WriteBlobs`] is what a build needs. All calls block; a store over the network runs its own async client
//! behind them and says by [`ReadBlobs::parallelism`] how many calls are worth having under way. Calls come from
//! plain threads; from inside an async task those over the network panic.
//!
//! | file | is |
//! |---|---|
//! | [`url`] | what a store URL says |
//! | [`open`] | from a URL to a store |
//! | [`dir`], [`s3`], [`http`], [`memory`] | one kind of store each |
//! | [`ranges`] | several stores behind one: shares of the ids, and replicas |
//! | [`error`], [`retry`] | what goes wrong, and what is tried again |
//! | [`secret`], [`secrets`] | credentials: shown nowhere, and found wherever they stand |
//! | `client`, `runtime` | what the stores over the network share |

mod blobs;
mod client;
pub mod dir;
pub mod error;
pub mod fetch;
pub mod http;
pub mod memory;
pub mod open;
pub mod parallel;
pub mod ranges;
pub mod retry;
mod runtime;
pub mod s3;
mod s3_answer;
pub mod secret;
pub mod secrets;
pub mod url;

pub use blobs::{Probed, ReadBlobs, WriteBlobs};
pub use error::{Fault, Refusal, StoreError};
