//! What of a source is not in its flist, with who decided that and why.

use serde::{Deserialize, Serialize};

/// An entry of the source that a plugin left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its path from the source's root, without a slash in front.
    pub path: String,
    /// Where in the pipeline it was left out.
    pub stage: LeftOutStage,
    /// The plugin's name in the configuration.
    pub by: String,
    /// Why, in the plugin's words, if it gave a reason for the entry or for the directory that it went with.
    pub reason: Option<String>,
    /// A regular file's length in bytes.
    pub bytes: Option<u64>,
}

/// The stages that can leave an entry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOutStage {
    /// A filter dropped it from the scan.
    Filter,
    /// A post-pack plugin removed it from the packed tree.
    PostPack,
}
