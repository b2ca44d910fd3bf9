//! What a plugin is told of the build.

use std::collections::BTreeMap;

use crate::tree::FlistKind;

/// The facts of one flist's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildFacts {
    /// The flist's name in the configuration. A plugin may always open the tree of that name.
    pub flist: String,
    /// What kind of tree it packs.
    pub contents: FlistKind,
    /// The full kernel version.
    pub kernel: String,
    /// The build's date in UTC, `YYYYMMDD`.
    pub date: String,
    /// The variables that the configuration grants to the plugin and that are set.
    pub variables: BTreeMap<String, String>,
    /// `entries`, `files` and `bytes` as decimal numbers; for post-pack `file`, too.
    pub figures: BTreeMap<String, String>,
}
