//! Why a configuration can't be used. Each message names the file, and the line and key where there are any.

use std::path::PathBuf;

use super::assignments;
use super::flistry_toml::TomlError;
use super::rfs_conf::RfsConfError;
use crate::kernel::KernelVersionError;
use crate::kernel::kernel_config;
use crate::store::url::{IdRange, UrlError};

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no `config` folder.
    #[error("{} is not a flistry project: it has no config folder", .0.display())]
    NotAProject(PathBuf),
    /// A file can't be read.
    #[error("{file} cannot be read: {error}")]
    Read {
        /// Which one, from the project's folder.
        file: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// A file is larger than any configuration.
    #[error("{file} is larger than {limit} bytes")]
    TooLarge {
        /// Which one.
        file: &'static str,
        /// The most that is read.
        limit: u64,
    },
    /// A file is not text.
    #[error("{0} is not UTF-8 text")]
    NotText(&'static str),
    /// `build.conf` holds more than assignments.
    #[error("config/build.conf, {0}")]
    BuildConf(assignments::ParseError),
    /// `kernel.config` is malformed.
    #[error("config/kernel.config, {0}")]
    KernelConfig(kernel_config::ParseError),
    /// The kernel's version can't be known.
    #[error(transparent)]
    Kernel(#[from] KernelVersionError),
    /// `rfs.conf` is malformed.
    #[error(transparent)]
    RfsConf(#[from] RfsConfError),
    /// `flistry.toml` is malformed.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// An flist names a plugin that there is not.
    #[error("config/flistry.toml, [flist.{flist}]: there is no [plugin.{name}]")]
    UnknownPlugin {
        /// The flist.
        flist: String,
        /// What it names.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A plugin is granted the tree of an flist that there is not.
    #[error("config/flistry.toml, [plugin.{plugin}], trees: there is no [flist.{tree}]")]
    UnknownTree {
        /// The plugin.
        plugin: String,
        /// What it is granted.
        tree: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Flists whose plugins need each other's trees.
    #[error("config/flistry.toml: flists need each other's trees: {}", .0.join(" needs "))]
    TreeCycle(Vec<String>),
    /// A store that is no folder.
    #[error("config/flistry.toml, {}blobs: {error}", in_line(*line))]
    Blobs {
        /// The line; none for the default.
        line: Option<usize>,
        /// Why.
        error: UrlError,
    },
    /// A store that only `rfs.conf` can describe.
    #[error("config/flistry.toml, {}blobs: it is no folder", in_line(*.0))]
    BlobsNotLocal(Option<usize>),
    /// Ids that no store is for.
    #[error("config/flistry.toml, blobs: no store is for blob ids that begin with {0}")]
    BlobsGap(IdRange),
    /// `SOURCE_DATE_EPOCH` is no number of seconds.
    #[error("environment variable SOURCE_DATE_EPOCH: it is no number of seconds since 1970")]
    SourceDateEpoch,
    /// `FIRMWARE_TAG` can't stand in a name.
    #[error("environment variable FIRMWARE_TAG: it cannot stand in a file's name")]
    FirmwareTag,
    /// An flist that is not configured.
    #[error("there is no flist `{name}` in config/flistry.toml")]
    UnknownFlist {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

fn in_line(line: Option<usize>) -> String {
    line.map_or("default of ".to_owned(), |line| format!("line {line}, "))
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::NotAProject(_) => "run flistry in the project's folder, or name it with --project".to_owned(),
            ConfigError::Read { file, error } if error.kind() == std::io::ErrorKind::NotFound => {
                format!("a build needs {file}; is --project the right folder?")
            }
            ConfigError::Read { file, .. } => format!("make {file} a file that the build's user can read"),
            ConfigError::TooLarge { file, .. } => format!("check that {file} is the right file"),
            ConfigError::NotText(file) => format!("save {file} as UTF-8"),
            ConfigError::BuildConf(error) => error.hint().to_owned(),
            ConfigError::KernelConfig(error) => error.hint().to_owned(),
            ConfigError::Kernel(error) => error.hint().to_owned(),
            ConfigError::RfsConf(error) => error.hint().to_owned(),
            ConfigError::Toml(error) => error.hint().to_owned(),
            ConfigError::UnknownPlugin { known, .. } | ConfigError::UnknownTree { known, .. } => {
                format!("there are: {}", known.join(", "))
            }
            ConfigError::TreeCycle(_) => "take one of the names out of `trees` of the plugins concerned".to_owned(),
            ConfigError::Blobs { error, .. } => error.hint(),
            ConfigError::BlobsNotLocal(_) => {
                "name a folder or a dir:// URL; a store on the network is set up in config/rfs.conf".to_owned()
            }
            ConfigError::BlobsGap(_) => "make the ranges cover 00-ff, or leave them out".to_owned(),
            ConfigError::SourceDateEpoch => "set it to the output of `git log -1 --format=%ct`, or unset it".to_owned(),
            ConfigError::FirmwareTag => super::rfs_conf::RELEASE_HINT.to_owned(),
            ConfigError::UnknownFlist { known, .. } => format!("there are: {}", known.join(", ")),
        }
    }
}
