//! Whether `modules.builtin.modinfo` speaks of all that is built in.

use flistry_common::modules::without_records;
use flistry_common::text::without_mark;

use super::fit::MAX_INDEX_BYTES;
use crate::progress::Warning;
use crate::tree::{EntryId, Kind, Tree};

/// How many drivers are named.
const SHOWN: usize = 3;

/// A warning where `modules.builtin` lists drivers that the other file lacks: it was cut off. `read` gives the contents of one of
/// the tree's files.
///
/// # Errors
/// Those of `read`.
pub fn check<E>(tree: &Tree, read: impl Fn(EntryId) -> Result<Vec<u8>, E>) -> Result<Option<Warning>, E> {
    let file = |name: &str| {
        let mut entries = tree.iter().skip(1);
        let is_it = |kind: &Kind| matches!(kind, Kind::File { size } if *size <= MAX_INDEX_BYTES);
        let found =
            entries.find(|(_, entry)| entry.parent == EntryId::ROOT && &*entry.name == name && is_it(&entry.kind));
        found.map(|(id, _)| read(id)).transpose()
    };
    let Some((list, modinfo)) = file("modules.builtin")?.zip(file("modules.builtin.modinfo")?) else { return Ok(None) };
    let missing = without_records(&String::from_utf8_lossy(without_mark(&list)), &modinfo);
    if missing.is_empty() {
        return Ok(None);
    }
    let mut named = missing.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if missing.len() > SHOWN {
        named.push_str(&format!(", and {} more", missing.len() - SHOWN));
    }
    let what = format!(
        "modules.builtin.modinfo is not whole: it has no record of {} of the drivers in modules.builtin: {named}",
        missing.len()
    );
    let hint = "install the modules again: what these drivers are called by devices and what firmware they want stands nowhere else";
    Ok(Some(Warning::new(what, hint)))
}
