//! How long work tells what it is doing. The library calls, the program shows.

use std::fmt;

/// Receives progress and warnings, from several threads.
pub trait Progress: Sync {
    /// A step of `total` units begins; the one before is over.
    fn begin(&self, step: Step, total: u64);

    /// So many more units are done.
    fn advance(&self, units: u64);

    /// Something that the user should know.
    fn warn(&self, warning: Warning);
}

/// What is being done, and what its units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Walking the source; no units.
    Scan,
    /// Making module indexes; no units.
    Indexes,
    /// Reading, sealing and storing; bytes of the source.
    Pack,
    /// Looking whether the store has the blobs; blobs.
    Presence,
    /// Fetching blobs and proving them; blobs.
    ReadBack,
    /// Comparing with the source; bytes.
    Compare,
    /// Writing an unpacked tree; bytes.
    Unpack,
    /// Uploading the manifest; no units.
    Publish,
    /// Writing scripts and zinit's units; no units of progress.
    Units,
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Step, _: u64) {}
    fn advance(&self, _: u64) {}
    fn warn(&self, _: Warning) {}
}

/// One warning: what is the matter, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is the matter, and where.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Warning {
    /// A warning with a remedy.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Warning { what: what.into(), hint: Some(hint.into()) }
    }

    /// A warning that nothing can be done about.
    pub fn bare(what: impl Into<String>) -> Self {
        Warning { what: what.into(), hint: None }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
