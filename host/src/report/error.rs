//! Why a report cannot be used.

use std::path::PathBuf;

use super::build_report::SCHEMA;
use crate::printable::Printable;

/// A report that is there and cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It cannot be read.
    #[error("cannot read the report {}: {error}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// No build wrote it, or it was damaged since.
    #[error("{} is not the report of a build: {}", path.display(), Printable(&error.to_string()))]
    Malformed {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it, and on which line.
        #[source]
        error: serde_json::Error,
    },
    /// Another version of flistry wrote it.
    #[error("{} is a report of schema {found}; this flistry reads schema {SCHEMA}", path.display())]
    Schema {
        /// Its path.
        path: PathBuf,
        /// The schema that it names.
        found: u64,
    },
}

impl ReportError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            ReportError::Read { .. } => {
                "make it a file that this user may read, or remove it and build again: a build writes a new one"
            }
            ReportError::Malformed { .. } => "build again; if it is not an flist's report, move it elsewhere",
            ReportError::Schema { .. } => "build again, or use the version of flistry that built the flist",
        }
    }
}
