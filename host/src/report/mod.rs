//! `NAME.fl.report.json`: how an flist was made. It stands beside the flist and holds what varies from run to run, which the
//! manifest must not; and no secret, since every URL in it was masked when it was written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pack::PackStats;
use crate::plugin::{Added, Hook, Plugin, Removed, Usage};
use crate::tree::Counts;
use crate::tree::filter::Dropped;

/// Changes when a field changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// The report of one flist's build.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of flistry that built it.
    pub flistry: String,
    /// The flist's name in the configuration.
    pub flist: String,
    /// The manifest's file name.
    pub file: String,
    /// Other names that it was published under.
    pub aliases: Vec<String>,
    /// The kernel version of the build.
    pub kernel: String,
    /// The folder that it was packed from.
    pub source: String,
    /// `root` or `preserve`.
    pub owner: String,
    /// `SOURCE_DATE_EPOCH`, if it was set; seconds since 1970.
    pub source_date_epoch: Option<i64>,
    /// When the build ended; UTC.
    pub built: String,
    /// Where blobs went, masked.
    pub store: Vec<String>,
    /// The routes in the manifest, masked.
    pub route: Vec<String>,
    /// What is in the flist.
    pub entries: Counts,
    /// What the filters left out.
    pub dropped: Vec<Dropped>,
    /// What post-pack plugins took out again.
    #[serde(default)]
    pub removed: Vec<Removed>,
    /// The links that post-pack plugins added.
    #[serde(default)]
    pub added: Vec<Added>,
    /// The plugins in the order in which they ran.
    #[serde(default)]
    pub plugins: Vec<PluginRun>,
    /// Why the module indexes were made again, and by what; none where those of the source fit.
    #[serde(default)]
    pub indexes: Option<IndexesMade>,
    /// What does not hinder a node and is worth knowing.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Paths that the build made itself.
    pub generated: Vec<String>,
    /// What packing did.
    pub pack: PackStats,
    /// What the read-back proved.
    pub read_back: ReadBack,
    /// The manifest.
    pub manifest: ManifestFacts,
    /// Seconds that each stage took, in order.
    pub stages: Vec<Stage>,
    /// What the user was warned about.
    pub warnings: Vec<String>,
}

/// Module indexes that the build made.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct IndexesMade {
    /// What made them, such as `kmod 30`.
    pub depmod: String,
    /// The kernel's symbol table that every symbol was found in; none where there was no table.
    pub system_map: Option<String>,
    /// In what the source's own did not fit.
    pub why: Vec<String>,
}

/// What the read-back proved.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct ReadBack {
    /// The verification level.
    pub level: String,
    /// Blobs that were asked for through the route.
    pub blobs: u64,
    /// Blobs that were fetched and opened.
    pub fetched: u64,
}

/// The manifest's facts.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct ManifestFacts {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One run of a plugin.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct PluginRun {
    /// What the configuration calls it.
    pub name: String,
    /// The hook that ran.
    pub hook: String,
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
    pub explained: Vec<Explained>,
    /// What it found: key and value.
    pub found: Vec<(String, String)>,
}

/// What a plugin says of an entry.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Explained {
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
            hook: hook.as_str().to_owned(),
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
        (format!("flistry.plugin.{name}"), format!("{component} {version} sha256:{sha256} config:{config_sha256}"))
    }
}

/// One stage of the pipeline.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Report {
    /// Why an entry is not in the flist, or what was said of it: one sentence for each plugin. Empty where no plugin has
    /// to do with it.
    pub fn explain(&self, path: &str) -> Vec<String> {
        let mut sentences = Vec::new();
        let generated = self.generated.iter().any(|made| made == path) && !self.added.iter().any(|a| a.path == path);
        if let (true, Some(made)) = (generated, &self.indexes) {
            // What a plugin said was about the source's file.
            return vec![format!("depmod ({}) made it for the modules that are in the flist", made.depmod)];
        }
        if let Some(Dropped { by, reason, .. }) = self.dropped.iter().find(|dropped| dropped.path == path) {
            sentences.push(format!("plugin `{by}` dropped it: {reason}"));
        }
        if let Some(Removed { by, reason, .. }) = self.removed.iter().find(|removed| removed.path == path) {
            let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            sentences.push(format!("plugin `{by}` removed it{why}"));
        }
        if let Some(Added { by, .. }) = self.added.iter().find(|added| added.path == path) {
            sentences.push(format!("plugin `{by}` added it"));
        }
        for run in &self.plugins {
            if let Some(Explained { reason, .. }) = run.explained.iter().find(|explained| explained.path == path) {
                sentences.push(format!("plugin `{}` ({}): {reason}", run.name, run.hook));
            }
        }
        sentences
    }

    /// The report as it is written: indented, for people and for machines.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has no map with other keys than strings");
        text.push('\n');
        text
    }
}

/// The report's name beside the manifest `file`.
pub fn file_name(file: &str) -> String {
    format!("{file}.report.json")
}
