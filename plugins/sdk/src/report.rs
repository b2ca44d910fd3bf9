//! What a plugin has to say beside its answer. It goes into the build report; `flistry explain` shows it. In a native test
//! the test kit has it.

use crate::host::report as host;
use crate::{Entry, EntryId};

/// Why an entry is what it is. The last word on an entry counts.
pub fn explain(entry: &Entry, reason: &str) {
    explain_id(entry.id, reason);
}

/// The same by the entry's id.
pub fn explain_id(entry: EntryId, reason: &str) {
    host::explain(entry, reason);
}

/// Something found that is about no single entry. A key may be used again.
pub fn finding(key: &str, value: &str) {
    host::finding(key, value);
}
