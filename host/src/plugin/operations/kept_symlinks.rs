//! Symlinks that stay while what they lead to or through is removed.

use flistry_common::symlinks::Resolved;

use super::refusal::refused;
use crate::plugin::error::PluginError;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, Kind, Tree};

/// No kept symlink has lost its way, unless what was added in its place leads on.
pub fn check_kept(
    before: &Tree,
    (old, new): (&NameIndex<'_, EntryId>, &NameIndex<'_, EntryId>),
    places: &[Option<EntryId>],
    removed: &[Option<&str>],
) -> Result<(), PluginError> {
    for (id, _) in before.iter().filter(|(_, entry)| matches!(entry.kind, Kind::Symlink { .. })) {
        let Some(place) = places[id.index()] else { continue };
        let gone = old.needs(id).into_iter().find_map(|passed| Some((passed, removed[passed.index()]?)));
        if let Some((gone, by)) = gone
            && !matches!(new.resolve(place), Resolved::Found(_) | Resolved::Escaping)
        {
            let what = format!("the symlink /{} would dangle; remove it as well", before.path(id));
            return Err(refused(by, format!("remove /{}", before.path(gone)), &what));
        }
    }
    Ok(())
}
