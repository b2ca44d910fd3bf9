//! What verification finds, and what it proves.

use serde::{Serialize, Serializer};

use crate::block::BlobId;
use crate::kernel::indexes::Mismatch;
use crate::manifest::ManifestProblem;
use crate::manifest::diff::Difference;
use crate::printable::Printable;
use crate::store::fetch::FetchError;

/// One thing that is wrong with an flist.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// In the manifest.
    #[error("{0}")]
    Schema(#[from] ManifestProblem),
    /// With a blob.
    #[error("/{}: {why}", Printable(path))]
    Blob {
        /// The first file that needs it.
        path: String,
        /// The blob.
        id: BlobId,
        /// What is wrong with it.
        why: FetchError,
    },
    /// With a file's blocks, or with a module.
    #[error("/{}: {why}", Printable(path))]
    File {
        /// Its path.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// With an index of the modules.
    #[error("{}", Printable(&.0.to_string()))]
    Index(Mismatch),
    /// A difference to the source that the report does not explain.
    #[error("differs from the source: {0}")]
    Source(Difference),
    /// Something that stock rfs sees differently.
    #[error("stock rfs: {}", Printable(.0))]
    Rfs(String),
}

/// A finding is text for machines, too: what is wrong differs too much from one to the next.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was proven.
#[derive(Debug, Default, Serialize)]
pub struct Verification {
    /// What is wrong; nothing is good.
    pub findings: Vec<Finding>,
    /// Differences to the source that the build's report explains.
    pub explained: Vec<String>,
    /// Blobs that were asked for.
    pub blobs: u64,
    /// Blobs that were fetched and opened.
    pub fetched: u64,
}
