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
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("a key has letters, digits and signs of ASCII, and no blanks");
    }
    if looks_reserved(key) {
        return refuse("tags that begin with `flistry.` are the host's, and those that look like it");
    }
    Ok(key)
}

/// Whether a reader could take a key for one of the host's: letters and digits that look alike count as one.
fn looks_reserved(key: &str) -> bool {
    let as_read = |b: &u8| match b.to_ascii_lowercase() {
        b'l' | b'1' | b'|' | b'!' => b'i',
        b'5' | b'$' => b's',
        b'7' => b't',
        other => other,
    };
    let (key, reserved) = (key.as_bytes().iter().map(as_read), RESERVED.as_bytes().iter().map(as_read));
    key.take(RESERVED.len()).eq(reserved)
}
