//! `[node]` and `[modules]`: what is known of the nodes that mount the flists, and of the kernel whose modules they hold.

use serde::Deserialize;
use toml::Spanned;

use super::template::PathTemplate;
use crate::kernel::compatibility::NodeSettings;
use crate::kernel::modinfo::Compression;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawNode {
    module_compression: Option<Vec<Compression>>,
    strict: Option<bool>,
}

impl RawNode {
    /// A setting that is left out has the shipped file's value.
    pub fn or(self, shipped: RawNode) -> NodeSettings {
        NodeSettings {
            module_compression: self.module_compression.or(shipped.module_compression).unwrap_or_default(),
            strict: self.strict.or(shipped.strict).unwrap_or_default(),
        }
    }
}

/// `[modules]`, as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawModules {
    /// Where the kernel's symbol table may lie.
    pub system_map: Option<Vec<Spanned<String>>>,
}

/// Where the kernel's symbol table may lie, before the kernel is known.
pub(super) type SystemMaps = Vec<PathTemplate>;
