//! The report as a value and as a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decisions::Decisions;
use crate::manifest::name::FlistName;
use crate::pack::PackStats;
use crate::printable::printable_json;
use crate::tree::{Counts, Owner};
use crate::verify::ReadBackLevel;

/// Changes when a key changes its meaning or goes away. A key that is added while it stays the same needs a default: the
/// reports of earlier builds must remain readable.
pub const SCHEMA: u32 = 1;

/// The report of one flist's build.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct BuildReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of flistry that built it.
    pub flistry: String,
    /// What was built.
    #[serde(flatten)]
    pub subject: Subject,
    /// When the build ended; UTC.
    pub built: String,
    /// Where blobs went, masked.
    pub store: Vec<String>,
    /// The routes in the manifest, masked.
    pub route: Vec<String>,
    /// What is in the flist.
    pub entries: Counts,
    /// What plugins decided.
    #[serde(flatten)]
    pub decisions: Decisions,
    /// Why the module indexes were made again, and by what; none where those of the source fit.
    pub indexes: Option<IndexesMade>,
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

/// What a report is about.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// The flist's name in the configuration.
    pub flist: String,
    /// The manifest's file name.
    pub file: FlistName,
    /// Other names that it was published under.
    pub aliases: Vec<FlistName>,
    /// The kernel version of the build.
    pub kernel: String,
    /// The directory that it was packed from.
    pub source: String,
    /// Whom its entries belong to.
    pub owner: Owner,
    /// `SOURCE_DATE_EPOCH`, if it was set; seconds since 1970.
    pub source_date_epoch: Option<i64>,
}

/// Module indexes that the build made.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct ReadBack {
    /// The verification level.
    pub level: ReadBackLevel,
    /// Blobs that were asked for through the route.
    pub blobs: u64,
    /// Blobs that were fetched and opened.
    pub fetched: u64,
}

/// The manifest's facts.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl BuildReport {
    /// The report as it is written: indented, for people and for machines.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("a report has no map with other keys than strings");
        printable_json(&json) + "\n"
    }
}

/// The report's name beside the manifest `file`.
pub fn file_name(file: &str) -> String {
    format!("{file}.report.json")
}
