//! What becomes of a firmware tree.

use std::collections::BTreeMap;

use flistry_plugin::EntryId;

use crate::reasons::cut;

/// What becomes of a firmware tree.
#[derive(Debug, Default)]
pub struct Decision {
    /// Entries to remove; what is in a removed directory goes with it and is not among them.
    pub remove: Vec<EntryId>,
    /// Why each file and symlink is kept, and each entry that goes is not.
    pub reasons: BTreeMap<EntryId, String>,
    /// Key and value, in order.
    pub findings: Vec<(&'static str, String)>,
    /// Firmware that is named and not there, each with who names it; without what may be missing.
    pub missing: Vec<String>,
    /// Files and symlinks that stay.
    pub kept: u64,
    /// Files and symlinks that go.
    pub removed: u64,
    /// Bytes of the files that go.
    pub removed_bytes: u64,
}

impl Decision {
    /// Adds something that was found, cut to what the host takes.
    pub(super) fn finding(&mut self, key: &'static str, value: String) {
        self.findings.push((key, cut(value)));
    }
}
