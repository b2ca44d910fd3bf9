//! What a build is to do: `config/flistry.toml`, `build.conf`, `kernel.config` and `rfs.conf`, checked together
//! into one [`Config`]. Each file has a parser of its own that takes text; only [`Config::load`] reads files, and
//! nothing reads the environment: the program passes it in.

pub mod assignments;
mod digest;
mod error;
mod exclude;
pub mod flistry_toml;
pub mod kernel_config;
mod load;
pub mod rfs_conf;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Deserialize;

pub use error::ConfigError;
pub use exclude::ExcludePattern;
pub use load::kernel_version;

use crate::kernel::KernelVersion;
use crate::naming::FlistName;
use crate::store::url::{Credentials, Ranged, ReadUrl, WriteUrl};
use crate::warning::Warning;

/// The environment variables, as the program found them. May hold credentials, hence no `Debug`.
#[derive(Clone, Default)]
pub struct Environment(pub BTreeMap<String, String>);

/// All that a build goes by.
#[derive(Clone, Debug)]
pub struct Config {
    /// The project's folder: absolute, without symlinks.
    pub project: PathBuf,
    /// The kernel that is built for.
    pub kernel: KernelVersion,
    /// `FIRMWARE_TAG`, else the build's date: `YYYYMMDD` in UTC.
    pub release: String,
    /// `SOURCE_DATE_EPOCH`, in seconds: no entry is younger.
    pub source_date_epoch: Option<i64>,
    /// In the file's order.
    pub flists: Vec<Flist>,
    /// The folder of finished flists, absolute.
    pub output: PathBuf,
    /// Where blobs lie.
    pub store: Storage,
    /// Where finished flists go besides.
    pub publish: Publish,
    /// How contents are packed.
    pub pack: PackSettings,
    /// How thoroughly a build reads back what it wrote.
    pub read_back: ReadBackLevel,
    /// What is odd but no error.
    pub warnings: Vec<Warning>,
}

/// Where blobs are written, and what nodes read them through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Every id is in at least one range; several are replicas.
    pub write: Vec<Ranged<WriteUrl>>,
    /// What goes into the route table.
    pub route: Vec<Ranged<ReadUrl>>,
    /// What no manifest may hold.
    pub write_credentials: Vec<Credentials>,
}

/// Where finished flists go besides [`Config::output`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// A folder that gets copies, absolute.
    pub folder: Option<PathBuf>,
    /// The bucket and folder for manifests, if the store is an S3 one.
    pub manifests: Option<WriteUrl>,
    /// Whether a build uploads them there: `UPLOAD_MANIFESTS`.
    pub upload: bool,
}

/// How contents are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackSettings {
    /// The pack cache's file, absolute.
    pub cache: PathBuf,
    /// How many threads.
    pub workers: NonZeroUsize,
}

/// How thoroughly a build reads back what it wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadBackLevel {
    /// Every blob is in the store.
    Presence,
    /// And some are read and checked.
    #[default]
    Sample,
    /// And all are.
    Full,
}

/// What kind of tree an flist packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contents {
    /// Kernel modules, which must be the kernel's.
    Modules,
    /// Device firmware.
    Firmware,
    /// Anything.
    Plain,
}

impl Contents {
    /// The word in the configuration and in manifests.
    pub fn word(self) -> &'static str {
        match self {
            Contents::Modules => "modules",
            Contents::Firmware => "firmware",
            Contents::Plain => "plain",
        }
    }
}

/// Whom an flist's entries belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// 0:0.
    #[default]
    Root,
    /// To whom they belong in the source.
    Preserve,
}

impl Owner {
    /// The word in the configuration and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Owner::Root => "root",
            Owner::Preserve => "preserve",
        }
    }
}

/// One flist to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flist {
    /// What it is called in the configuration and on the command line.
    pub name: String,
    /// What kind of tree it packs.
    pub contents: Contents,
    /// Where the tree may lie: absolute, the first that exists is packed.
    pub sources: Vec<PathBuf>,
    /// The manifest's file name.
    pub file_name: FlistName,
    /// Other names for it.
    pub aliases: Vec<FlistName>,
    /// What is left out.
    pub exclude: Vec<ExcludePattern>,
    /// Whom the entries belong to.
    pub owner: Owner,
    /// What goes into the manifest's tags.
    pub tags: BTreeMap<String, String>,
}

impl Config {
    /// The flist of that name; the error lists the names there are.
    pub fn flist(&self, name: &str) -> Result<&Flist, ConfigError> {
        self.flists.iter().find(|flist| flist.name == name).ok_or_else(|| ConfigError::UnknownFlist {
            name: name.to_owned(),
            known: self.flists.iter().map(|flist| flist.name.clone()).collect(),
        })
    }
}
