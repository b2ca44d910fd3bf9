//! How long work tells what it is doing. The library calls, the program shows.

use std::fmt;
use std::sync::Mutex;

/// Receives progress and warnings, from several threads.
pub trait Progress: Sync {
    /// A step of `total` units begins; the one before is over.
    fn begin(&self, step: Step, total: u64);

    /// So many more units are done.
    fn advance(&self, units: u64);

    /// Something that the user should know.
    fn warn(&self, warning: Warning);

    /// What the next steps are about: an flist's name, or nothing where they are about all.
    fn about(&self, _subject: &str) {}
}

/// What is being done, and what its units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Compiling a plugin; the component's bytes, of which none is done before all are.
    Compile,
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
    /// Writing scripts and units for zinit; nothing is counted.
    Units,
}

/// Passes progress on and remembers the warnings, for the report.
pub struct Recorder<'a> {
    inner: &'a dyn Progress,
    warnings: Mutex<Vec<Warning>>,
}

impl<'a> Recorder<'a> {
    /// Records what goes to `inner`, beside the warnings that were recorded before.
    pub fn new(inner: &'a dyn Progress, warnings: Vec<Warning>) -> Self {
        Recorder { inner, warnings: Mutex::new(warnings) }
    }

    /// What was warned of so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().expect("no holder panics").clone()
    }
}

impl Progress for Recorder<'_> {
    fn begin(&self, step: Step, total: u64) {
        self.inner.begin(step, total);
    }

    fn advance(&self, units: u64) {
        self.inner.advance(units);
    }

    fn warn(&self, warning: Warning) {
        self.warnings.lock().expect("no holder panics").push(warning.clone());
        self.inner.warn(warning);
    }

    fn about(&self, subject: &str) {
        self.inner.about(subject);
    }
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
#[non_exhaustive]
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
