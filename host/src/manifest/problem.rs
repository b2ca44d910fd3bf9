//! What can be wrong with a file that should be an flist.

/// One thing that is wrong with a manifest.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// Nothing to start from.
    #[error("it has no root: inode 1 is missing or is not a directory")]
    NoRoot,
    /// A value that an inode can't have.
    #[error("inode {ino}: {what}")]
    Inode {
        /// Its number.
        ino: i64,
        /// What is wrong with it.
        what: String,
    },
    /// Two entries of one directory with the same name: a node would see one of them.
    #[error("inodes {first} and {second} have the same name {name:?} in one directory")]
    DuplicateName {
        /// One of them.
        first: i64,
        /// The other.
        second: i64,
        /// Their name.
        name: String,
    },
    /// Entries that are their own ancestors.
    #[error("inode {ino} is in a cycle of directories that is not reachable from the root")]
    Cycle {
        /// One of them.
        ino: i64,
    },
    /// A file whose blocks are not those of its size.
    #[error("file {path:?} of {size} bytes needs {needed} blocks but has {found}")]
    BlockCount {
        /// Its path.
        path: String,
        /// By the inode.
        size: u64,
        /// By its size.
        needed: u64,
        /// By the block table.
        found: u64,
    },
    /// A row of the block table that no file can use.
    #[error("block row of inode {ino}: {what}")]
    Block {
        /// The inode it names.
        ino: i64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A row of the route table that matches nothing.
    #[error("route {start}..{end} is not a range of byte values")]
    Route {
        /// Its first value.
        start: i64,
        /// Its last value.
        end: i64,
    },
}

/// A file that is not an flist, or a broken one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Some other kind of file.
    #[error("it is not an flist: it is not an SQLite file")]
    NotSqlite,
    /// A part of an SQLite file.
    #[error("it is truncated: its header promises {promised} bytes, it has {found}")]
    Truncated {
        /// By the header.
        promised: u64,
        /// Its length.
        found: u64,
    },
    /// In write-ahead-log mode, which a read-only mount can't open.
    #[error("it is an SQLite file in WAL mode, which a node can't mount read-only")]
    Wal,
    /// An SQLite file with other tables.
    #[error("it is an SQLite file but not an flist: {0}")]
    Foreign(String),
    /// SQLite can't read it through.
    #[error("SQLite can't read it: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Its rows do not make a file tree.
    #[error("it is malformed: {first}{}", others_text(*.others))]
    Malformed {
        /// The first thing that is wrong.
        #[source]
        first: ManifestProblem,
        /// How many more there are.
        others: usize,
    },
}

impl ManifestError {
    /// Whether the file is an flist that was damaged, not something else.
    pub fn is_damage(&self) -> bool {
        match self {
            ManifestError::NotSqlite | ManifestError::Foreign(_) | ManifestError::Wal => false,
            ManifestError::Truncated { .. } | ManifestError::Sqlite(_) | ManifestError::Malformed { .. } => true,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            ManifestError::NotSqlite | ManifestError::Foreign(_) => "give the path of a .fl file",
            ManifestError::Truncated { .. } | ManifestError::Sqlite(_) => {
                "fetch or build it again; compare its .sha256"
            }
            ManifestError::Wal => "convert it: sqlite3 FILE 'PRAGMA journal_mode=DELETE'",
            ManifestError::Malformed { .. } => "`flistry verify --level schema` lists everything that is wrong",
        })
    }
}

fn others_text(others: usize) -> String {
    match others {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    }
}
