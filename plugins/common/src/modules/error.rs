//! Index files that are damaged.

use std::fmt;

/// A line that has no place in its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexError {
    /// A line of `modules.dep` without a module.
    Dep {
        /// The line's number, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A line of `modules.softdep` or `modules.weakdep` that is neither a softdep nor a weakdep.
    Softdep {
        /// The line's number, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A line of `modules.alias` that is not an alias.
    Alias {
        /// The line's number, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
}

impl IndexError {
    /// A short word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            IndexError::Dep { .. } => "bad-modules-dep",
            IndexError::Softdep { .. } => "bad-softdep",
            IndexError::Alias { .. } => "bad-modules-alias",
        }
    }
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IndexError::Dep { line, text } => write!(f, "line {line} of modules.dep names no module: {text}"),
            IndexError::Softdep { line, text } => {
                write!(f, "line {line} is neither a softdep nor a weakdep: {text}")
            }
            IndexError::Alias { line, text } => write!(f, "line {line} of modules.alias is not an alias: {text}"),
        }
    }
}

impl std::error::Error for IndexError {}

/// A record of `modules.builtin.modinfo` that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModinfoError {
    /// The file ends within it.
    Truncated,
    /// It is not `MODULE.KEY=VALUE`.
    Malformed(String),
}

impl fmt::Display for ModinfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModinfoError::Truncated => f.write_str("its last record is truncated"),
            ModinfoError::Malformed(record) => write!(f, "`{record}` is not MODULE.KEY=VALUE"),
        }
    }
}

impl std::error::Error for ModinfoError {}
