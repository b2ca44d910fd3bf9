//! How long work tells what it is doing. The library calls, the program shows.

use crate::warning::Warning;

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
