//! Setting and removing tags.

use std::collections::BTreeMap;

use super::operation::{Operation, Wanted};
use super::refusal::{conflict, refused};
use crate::plugin::error::PluginError;

/// Bytes of the longest key of a tag; part of the interface.
const MAX_KEY: usize = 64;

/// Tags whose keys begin like this are the host's.
const RESERVED: &str = "flistry.";

/// The tags as all plugins together want them.
pub fn change_tags(
    mut tags: BTreeMap<String, String>,
    wanted: &[Wanted],
) -> Result<BTreeMap<String, String>, PluginError> {
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
    if key.is_empty() || key.len() > MAX_KEY {
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
