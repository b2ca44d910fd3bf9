//! When a plugin is called.

use serde::{Deserialize, Serialize};

/// The hooks of the interface, in the order of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// After the scan: what goes into the flist.
    Filter,
    /// Before the pack: what the flist is called.
    Naming,
    /// Before contents are read: last changes to the manifest.
    PostPack,
}

impl Hook {
    /// Every hook.
    pub const ALL: [Hook; 3] = [Hook::Filter, Hook::Naming, Hook::PostPack];

    /// Its name in the configuration, in messages and in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Filter => "filter",
            Hook::Naming => "naming",
            Hook::PostPack => "post-pack",
        }
    }
}
