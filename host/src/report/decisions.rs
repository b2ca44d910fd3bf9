//! What plugins decided about an flist: what they left out and added, and what each run found.

use serde::{Deserialize, Serialize};

use crate::manifest::tags;
use crate::plugin::{AddedSymlink, Hook, Plugin, Usage};
use crate::tree::LeftOut;

/// Everything that plugins had to do with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// What of the source is not in the flist: first what the filters dropped, then what post-pack plugins removed.
    pub left_out: Vec<LeftOut>,
    /// The symlinks that post-pack plugins added.
    pub added: Vec<AddedSymlink>,
    /// The plugins in the order in which they ran.
    pub plugins: Vec<PluginRun>,
    /// What does not hinder a node and is worth knowing.
    pub notes: Vec<String>,
}

/// One run of a plugin.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct PluginRun {
    /// What the configuration calls it.
    pub name: String,
    /// The hook that ran.
    pub hook: Hook,
    /// What the component calls itself.
    pub component: String,
    /// Its version.
    pub version: String,
    /// The component's SHA-256, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the configuration that it was given.
    pub config_sha256: String,
    /// What the run used.
    pub used: Usage,
    /// Why entries are what they are.
    pub explained: Vec<EntryReason>,
    /// What it found: key and value.
    pub found: Vec<(String, String)>,
}

/// What a plugin says of an entry.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct EntryReason {
    /// The entry's path.
    pub path: String,
    /// Why it is what it is.
    pub reason: String,
}

impl PluginRun {
    /// A run without what was used or said in it.
    pub(crate) fn of(plugin: &Plugin, hook: Hook) -> Self {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        PluginRun {
            name: plugin.name_in_config().to_owned(),
            hook,
            component: known(&plugin.metadata().name),
            version: known(&plugin.metadata().version),
            sha256: plugin.digest().to_owned(),
            config_sha256: plugin.config_digest(),
            used: Usage::default(),
            explained: Vec::new(),
            found: Vec::new(),
        }
    }

    /// What a manifest records of it: key and value of a tag.
    pub fn tag(&self) -> (String, String) {
        let PluginRun { name, component, version, sha256, config_sha256, .. } = self;
        (tags::plugin(name), format!("{component} {version} sha256:{sha256} config:{config_sha256}"))
    }
}
