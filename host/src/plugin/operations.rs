//! What post-pack hooks want changed: looked at together, then all of it applied or nothing.

mod links;

use std::collections::BTreeMap;

use super::PluginError;
use crate::tree::edit::TreeEdit;
use crate::tree::{EntryId, Input, Kind, LeftOut, LeftOutStage};

/// Bytes of the longest key of a tag; part of the interface.
const MOST_KEY: usize = 64;

/// Tags that begin so are the host's.
const RESERVED: &str = "flistry.";

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// An entry goes, a folder with what is in it.
    Remove(EntryId),
    /// A tag gets a value.
    SetTag {
        /// 1 to 64 bytes, not beginning with `flistry.`.
        key: String,
        /// Its value.
        value: String,
    },
    /// A tag goes.
    RemoveTag {
        /// Its key.
        key: String,
    },
    /// A link is added.
    AddSymlink {
        /// Its path from the root; its folder is there.
        path: String,
        /// Relative, leading to an entry of the flist.
        target: String,
    },
}

/// What one plugin wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The plugin's name.
    pub by: String,
    /// In its order.
    pub operations: Vec<Operation>,
    /// What it says of entries, by their ids.
    pub reasons: BTreeMap<u32, String>,
}

/// A link that a plugin added.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Added {
    /// Its path.
    pub path: String,
    /// What it leads to.
    pub target: String,
    /// The plugin's name.
    pub by: String,
}

/// What came of the operations.
pub struct Applied {
    /// What will be packed.
    pub input: Input,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// What went, with what was in removed directories, in the tree's order.
    pub removed: Vec<LeftOut>,
    /// What was added.
    pub added: Vec<Added>,
}

/// Applies the operations of all plugins, in the plugins' order. They all speak of the tree and the tags as given here.
///
/// # Errors
/// Nothing is changed then: an operation that can't be carried out, or two plugins that want different things.
pub fn apply(input: Input, tags: BTreeMap<String, String>, wanted: &[Wanted]) -> Result<Applied, PluginError> {
    let tags = change_tags(tags, wanted)?;
    let removed = removals(&input, wanted)?;
    let links = links::check_places(&input.tree, &removed, wanted)?;
    let report = report(&input, &removed, wanted);
    let added = links.iter().map(links::Link::report).collect();
    if report.is_empty() && links.is_empty() {
        return Ok(Applied { input, tags, removed: report, added });
    }
    let mut edit = TreeEdit::default();
    let gone = removed.iter().zip(input.tree.iter()).filter(|(by, _)| by.is_some());
    gone.for_each(|(_, (id, _))| edit.remove(id));
    links.iter().for_each(|link| edit.add_symlink(&input, link.folder, link.name, link.target.as_bytes()));
    let before = input.tree.clone();
    // The places and names of the links were checked, and only directories that stay have any.
    let edited = edit.apply(input).expect("what is added has a directory and a name of its own");
    links::check_targets(&before, &edited.input.tree, &edited.places, &removed, &links)?;
    Ok(Applied { input: edited.input, tags, removed: report, added })
}

/// What goes, with the reasons.
fn report(input: &Input, removed: &[Option<&str>], wanted: &[Wanted]) -> Vec<LeftOut> {
    let mut reasons: Vec<Option<&str>> = vec![None; input.tree.len()];
    let mut report = Vec::new();
    for (id, entry) in input.tree.iter() {
        let Some(by) = removed[id.index()] else { continue };
        let said = wanted.iter().filter(|wanted| wanted.by == by).find_map(|wanted| wanted.reasons.get(&id.0));
        // Folders come first.
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

/// Each entry with the plugin that removes it, itself or with its folder.
fn removals<'a>(input: &Input, wanted: &'a [Wanted]) -> Result<Vec<Option<&'a str>>, PluginError> {
    let mut removed: Vec<Option<&str>> = vec![None; input.tree.len()];
    for Wanted { by: plugin, operations, .. } in wanted {
        for operation in operations {
            let Operation::Remove(id) = operation else { continue };
            let refuse = |operation: String, what: &str| refused(plugin, operation, what);
            match removed.get_mut(id.index()) {
                None => return Err(refuse(format!("remove entry {}", id.0), "there is no such entry")),
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

fn change_tags(mut tags: BTreeMap<String, String>, wanted: &[Wanted]) -> Result<BTreeMap<String, String>, PluginError> {
    let mut decided: BTreeMap<String, (&str, Option<&str>)> = BTreeMap::new();
    for Wanted { by: plugin, operations, .. } in wanted {
        // Within one plugin the last word counts.
        let mut own: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for operation in operations {
            match operation {
                Operation::SetTag { key, value } => own.insert(check_key(plugin, key)?, Some(value)),
                Operation::RemoveTag { key } => own.insert(check_key(plugin, key)?, None),
                _ => None,
            };
        }
        for (key, value) in own {
            match decided.get(key) {
                Some((first, other)) if *other != value => {
                    let said = |value: Option<&str>| value.map_or("removes it".into(), |v| format!("sets {v:?}"));
                    let what = format!("tag `{key}`: the first {}, the second {}", said(*other), said(value));
                    return Err(conflict(first, plugin, &what));
                }
                Some(_) => {}
                None => {
                    decided.insert(key.to_owned(), (plugin, value));
                }
            }
        }
    }
    for (key, (_, value)) in decided {
        match value {
            Some(value) => tags.insert(key, value.to_owned()),
            None => tags.remove(&key),
        };
    }
    Ok(tags)
}

fn check_key<'a>(plugin: &str, key: &'a str) -> Result<&'a str, PluginError> {
    let refuse = |what: &str| Err(refused(plugin, format!("change the tag {key:?}"), what));
    if key.is_empty() || key.len() > MOST_KEY {
        return refuse("a key has 1 to 64 bytes");
    }
    if key.chars().any(char::is_control) {
        return refuse("it has control characters");
    }
    if key.starts_with(RESERVED) {
        return refuse("tags that begin with `flistry.` are the host's");
    }
    Ok(key)
}

fn refused(plugin: &str, operation: String, what: &str) -> PluginError {
    PluginError::Operation {
        plugin: plugin.to_owned(),
        operation: super::error::clean(&operation),
        what: what.to_owned(),
    }
}

fn conflict(first: &str, second: &str, what: &str) -> PluginError {
    let (first, second, what) = (first.to_owned(), second.to_owned(), super::error::clean(what));
    PluginError::Conflict { first, second, what }
}

#[cfg(test)]
mod tests;
