//! `NAME.fl.report.json`: how an flist was made. It stands beside the flist and holds what varies from run to run, which the
//! manifest must not; and no secret, since every URL in it was masked when it was written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::filter::Dropped;
use crate::pack::PackStats;
use crate::tree::Counts;

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

/// One stage of the pipeline.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Report {
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
