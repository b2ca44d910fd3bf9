//! What a plugin is told of the build.

use std::collections::BTreeMap;

use super::bindings::flistry::plugin::types;
use crate::tree::FlistKind;

/// The facts of one flist's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
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

impl Facts {
    pub(super) fn to_wit(&self) -> types::Facts {
        let pairs = |map: &BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        types::Facts {
            flist: self.flist.clone(),
            contents: self.contents.as_str().to_owned(),
            kernel: self.kernel.clone(),
            date: self.date.clone(),
            variables: pairs(&self.variables),
            figures: pairs(&self.figures),
        }
    }
}
