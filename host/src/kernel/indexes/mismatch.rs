//! How an index fails to fit the modules.

use std::fmt;

/// How an index fails to fit the modules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The index is not there.
    Missing {
        /// Its file name.
        index: &'static str,
    },
    /// It is not an index.
    Broken {
        /// Its file name.
        index: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It names something that is not there.
    Gone {
        /// Its file name.
        index: &'static str,
        /// What it names: a module's path or name.
        module: String,
    },
    /// It does not know something that is there.
    Unknown {
        /// Its file name.
        index: &'static str,
        /// A module's path, or the name of what is built in.
        module: String,
    },
}

impl Mismatch {
    /// The index's file name, which is its path in the tree.
    pub fn index(&self) -> &'static str {
        match self {
            Mismatch::Missing { index }
            | Mismatch::Broken { index, .. }
            | Mismatch::Gone { index, .. }
            | Mismatch::Unknown { index, .. } => index,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Missing { index } => write!(f, "{index} is missing"),
            Mismatch::Broken { index, why } => write!(f, "{index} is not an index: {why}"),
            Mismatch::Gone { index, module } => write!(f, "{index} names {module}, which is not there"),
            Mismatch::Unknown { index, module } => write!(f, "{index} does not know {module}"),
        }
    }
}
