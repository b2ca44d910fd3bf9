//! Files to blobs: read, hash, compress, encrypt, hash again, store.
//!
//! ```text
//! files ─▶ batches of blocks ─▶ workers: read, key, seal, id ─▶ bounded queue ─▶ storers: ask, put
//!   └─ unchanged since the last pack: blocks from the file cache, if the store still has them
//! ```
//!
//! Workers are more than the cores and storers are threads of their own, so that the disk, the processor and the
//! network all have something to do. Memory is bounded by batches and queue, whatever the tree's size: what grows is
//! one reference for each block. A block that another batch has sealed already is not sealed again.

mod cache;
mod error;
mod packer;
mod read;
mod run;
mod sealed;
mod stats;
mod workers;

pub use error::PackError;
pub use packer::Packer;
pub use stats::PackStats;
