//! What verification finds, and what it proves.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::block::BlobId;
use crate::kernel::indexes::Mismatch;
use crate::kernel::modinfo::ModinfoError;
use crate::manifest::ManifestProblem;
use crate::manifest::diff::Difference;
use crate::printable::Printable;
use crate::store::fetch::FetchError;

/// One thing that is wrong with an flist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
        #[source]
        why: FetchError,
    },
    /// With a file whose blobs are good.
    #[error("/{}: {why}", Printable(path))]
    File {
        /// Its path.
        path: String,
        /// What is wrong with it.
        #[source]
        why: FileDamage,
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

/// What is wrong with a file whose blobs are good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileDamage {
    /// A block that is too short or too long for its place. rfs finds a block by dividing: one in the middle moves
    /// everything behind it.
    #[error("block {index} has {found} bytes, not {expected}")]
    Block {
        /// Its number in the file, from 0.
        index: u64,
        /// How many bytes it has.
        found: usize,
        /// How many its place takes.
        expected: usize,
    },
    /// A module that cannot be read.
    #[error(transparent)]
    Module(#[from] ModinfoError),
    /// A module of another kernel.
    #[error("it was built for kernel {}, the flist is for {expected}", Printable(found))]
    Kernel {
        /// The module's.
        found: String,
        /// The flist's.
        expected: String,
    },
}

impl Finding {
    /// Where it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Finding::Schema(_) => "manifest",
            Finding::Blob { .. } => "blob",
            Finding::File { .. } => "file",
            Finding::Index(_) => "index",
            Finding::Source(_) => "source",
            Finding::Rfs(_) => "rfs",
        }
    }

    /// The entry that it is about, where it is about one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Finding::Blob { path, .. } | Finding::File { path, .. } => Some(path),
            Finding::Index(mismatch) => Some(mismatch.index()),
            Finding::Source(difference) => Some(&difference.path),
            Finding::Schema(_) | Finding::Rfs(_) => None,
        }
    }

    /// Whether it is about a module as the source itself has it: its blobs are good, and so are what was packed.
    pub fn is_of_the_source(&self) -> bool {
        matches!(self, Finding::File { why: FileDamage::Module(_) | FileDamage::Kernel { .. }, .. })
    }

    /// The blob that it is about, where it is about one.
    pub fn blob(&self) -> Option<BlobId> {
        match self {
            Finding::Blob { id, .. } => Some(*id),
            _ => None,
        }
    }
}

/// For machines: what all findings have in common, and the sentence.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Finding", 4)?;
        object.serialize_field("kind", self.kind())?;
        object.serialize_field("path", &self.path())?;
        object.serialize_field("blob", &self.blob().map(|id| id.hex()))?;
        object.serialize_field("message", &self.to_string())?;
        object.end()
    }
}

/// What was proven.
#[derive(Debug, Default, Serialize)]
#[non_exhaustive]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::diff::Change;
    use crate::store::StoreError;

    #[test]
    fn a_finding_says_what_it_is_about_and_what_is_wrong() {
        let json = |finding: Finding| serde_json::to_value(finding).unwrap();
        let blob = |kind: &str, path: Option<&str>, blob: Option<&str>, message: &str| serde_json::json!({ "kind": kind, "path": path, "blob": blob, "message": message });
        let path = || "lib/x.ko".to_owned();
        let id = BlobId::from([0xab; 32]);
        let missing = StoreError::Missing { name: id.hex(), store: "dir:///s".to_owned(), forbidden: false };
        let message = format!("/lib/x.ko: {missing}");
        assert_eq!(
            json(Finding::Blob { path: path(), id, why: missing.into() }),
            blob("blob", Some("lib/x.ko"), Some(&"ab".repeat(32)), &message)
        );
        let other = FileDamage::Kernel { found: "6.1\u{1b}".to_owned(), expected: "6.12".to_owned() };
        assert_eq!(
            json(Finding::File { path: path(), why: other }),
            blob(
                "file",
                Some("lib/x.ko"),
                None,
                "/lib/x.ko: it was built for kernel 6.1\\u{1b}, the flist is for 6.12"
            )
        );
        assert_eq!(
            json(Finding::Index(Mismatch::Missing { index: "modules.dep" })),
            blob("index", Some("modules.dep"), None, "modules.dep is missing")
        );
        assert_eq!(
            json(Finding::Source(Difference { path: path(), change: Change::Added })),
            blob("source", Some("lib/x.ko"), None, "differs from the source: + /lib/x.ko")
        );
        assert_eq!(json(Finding::Schema(ManifestProblem::Cycle { ino: 7 }))["kind"], "manifest");
        assert_eq!(json(Finding::Rfs("it fails".to_owned())), blob("rfs", None, None, "stock rfs: it fails"));
    }
}
