//! `[flist.NAME]`: what an flist is made of, and where a node mounts it.

use serde::Deserialize;

use super::layers::{TableAt, TomlError};
use super::settings::Flist;
use super::surroundings::Surroundings;
use super::zinit_table::{node_path, unit_name};
use crate::tree::{FlistKind, Owner};
use crate::zinit::kernel_text::KernelText;

/// Bytes of an flist's longest name.
const MAX_FLIST_NAME: usize = 64;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FlistTable {
    contents: FlistKind,
    source: Vec<String>,
    #[serde(default)]
    filters: Vec<String>,
    naming: String,
    #[serde(default)]
    post_pack: Vec<String>,
    #[serde(default)]
    owner: Owner,
    #[serde(default)]
    allow_empty: bool,
    mount: Option<String>,
    unit: Option<String>,
}

impl FlistTable {
    /// Checks the table by itself, and expands its paths.
    pub fn resolve(self, at: &TableAt, surroundings: &Surroundings) -> Result<Flist, TomlError> {
        let name = at.plain_name("an flist", MAX_FLIST_NAME)?.to_owned();
        if self.source.is_empty() {
            let hint = "name the directory to pack, like [\"/lib/modules/{kernel}\"]";
            return Err(at.key_error("source", "there is no directory to look for", hint));
        }
        if let Some(unit) = &self.unit {
            unit_name(unit).map_err(|(what, hint)| at.key_error("unit", what, hint))?;
        }
        Ok(Flist {
            kind: self.contents,
            sources: surroundings.paths(at, "source", "name a directory", &self.source)?,
            filters: self.filters,
            naming: self.naming,
            post_pack: self.post_pack,
            owner: self.owner,
            allow_empty: self.allow_empty,
            mount: self.mount.map(|target| mount_target(&target, at)).transpose()?,
            unit: self.unit.unwrap_or_else(|| format!("rfs-{name}")),
            name,
        })
    }
}

fn mount_target(text: &str, at: &TableAt) -> Result<KernelText, TomlError> {
    node_path("mount", text, at)?;
    KernelText::parse(text).map_err(|error| {
        let hint = "the only placeholder is {kernel}, which each node replaces with its own kernel's version";
        at.key_error("mount", error.to_string(), hint)
    })
}
