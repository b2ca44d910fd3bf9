//! Applies the operations of all plugins together, or none of them.

use std::collections::BTreeMap;

use super::kept_symlinks::check_kept;
use super::new_symlinks::{AddedSymlink, Placed, check_places, check_targets};
use super::operation::{Operation, Wanted};
use super::refusal::refused;
use super::tag_changes::change_tags;
use crate::plugin::error::PluginError;
use crate::tree::edit::TreeEdit;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, Input, Kind, LeftOut, LeftOutStage};

/// The outcome of the operations.
pub struct Applied {
    /// What will be packed.
    pub input: Input,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// What went, with what was in removed directories, in the tree's order.
    pub removed: Vec<LeftOut>,
    /// What was added.
    pub added: Vec<AddedSymlink>,
}

/// Applies the operations of all plugins, in the plugins' order. They all refer to the tree and the tags as given here. A node
/// sees the tree at `seen_at`.
///
/// # Errors
/// Where an operation can't be carried out, or two plugins want different things. Nothing is changed then.
pub fn apply(
    input: Input,
    tags: BTreeMap<String, String>,
    wanted: &[Wanted],
    seen_at: &[String],
) -> Result<Applied, PluginError> {
    let tags = change_tags(tags, wanted)?;
    let removed = removals(&input, wanted)?;
    let symlinks = check_places(&input.tree, &removed, wanted)?;
    let report = report(&input, &removed, wanted);
    let added = symlinks.iter().map(Placed::report).collect();
    if report.is_empty() && symlinks.is_empty() {
        return Ok(Applied { input, tags, removed: report, added });
    }
    let mut edit = TreeEdit::default();
    let gone = removed.iter().zip(input.tree.iter()).filter(|(by, _)| by.is_some());
    gone.for_each(|(_, (id, _))| edit.remove(id));
    symlinks
        .iter()
        .for_each(|symlink| edit.add_symlink(&input, symlink.directory, symlink.name, symlink.target.as_bytes()));
    let before = input.tree.clone();
    // The places and names of the symlinks were checked, and only directories that stay have any.
    let edited = edit.apply(input).expect("what is added has a directory and a name of its own");
    let after = &edited.input.tree;
    let (old, new) = (NameIndex::from_tree(&before).seen_at(seen_at), NameIndex::from_tree(after).seen_at(seen_at));
    check_targets(&new, &edited.places, &symlinks)?;
    check_kept(&before, (&old, &new), &edited.places, &removed)?;
    Ok(Applied { input: edited.input, tags, removed: report, added })
}

/// What goes, with the reasons.
fn report(input: &Input, removed: &[Option<&str>], wanted: &[Wanted]) -> Vec<LeftOut> {
    let mut reasons: Vec<Option<&str>> = vec![None; input.tree.len()];
    let mut report = Vec::new();
    for (id, entry) in input.tree.iter() {
        let Some(by) = removed[id.index()] else { continue };
        let said = wanted.iter().filter(|wanted| wanted.by == by).find_map(|wanted| wanted.reasons.get(&id.0));
        // Directories come before what is in them.
        let reason = said.map(String::as_str).or(reasons[entry.parent.index()]);
        reasons[id.index()] = reason;
        report.push(LeftOut {
            path: input.tree.path(id),
            stage: LeftOutStage::PostPack,
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
            bytes: match entry.kind {
                Kind::File { size } => Some(size),
                _ => None,
            },
        });
    }
    report
}

/// Each entry with the plugin that removes it, itself or with its directory.
fn removals<'a>(input: &Input, wanted: &'a [Wanted]) -> Result<Vec<Option<&'a str>>, PluginError> {
    let mut removed: Vec<Option<&str>> = vec![None; input.tree.len()];
    for Wanted { by: plugin, operations, .. } in wanted {
        for operation in operations {
            let Operation::Remove(id) = operation else { continue };
            let refuse = |operation: String, what: &str| refused(plugin, operation, what);
            match removed.get_mut(id.index()) {
                None => return Err(refuse(format!("remove entry {}", id.0), "it does not exist")),
                Some(_) if *id == EntryId::ROOT => return Err(refuse("remove the root".into(), "an flist has one")),
                // Two that want the same agree; the first is named.
                Some(by) => *by = by.or(Some(plugin)),
            }
        }
    }
    for (id, entry) in input.tree.iter().skip(1) {
        removed[id.index()] = removed[id.index()].or(removed[entry.parent.index()]);
    }
    Ok(removed)
}
