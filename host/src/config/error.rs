//! Why a configuration cannot be used. Each message names the file, and the line and key where there are any.

use std::path::PathBuf;

use flistry_common::text::NotText;

use super::assignments::AssignmentError;
use super::given::GivenCredential;
use super::layers::TomlError;
use super::rfs_conf::RfsConfError;
use crate::kernel::KernelVersionError;
use crate::kernel::kernel_config;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no `config` directory.
    #[error("{} is not a flistry project: it has no config directory", .0.display())]
    NotAProject(PathBuf),
    /// A file cannot be read.
    #[error("{file} cannot be read: {error}")]
    Read {
        /// Which one, from the project's directory.
        file: &'static str,
        /// What the system says.
        #[source]
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
    #[error("{file} {why}")]
    NotText {
        /// Which one.
        file: &'static str,
        /// What it is instead.
        #[source]
        why: NotText,
    },
    /// `build.conf` holds more than assignments.
    #[error("config/build.conf, {0}")]
    BuildConf(#[source] AssignmentError),
    /// `kernel.config` is malformed.
    #[error("config/kernel.config, {0}")]
    KernelConfig(#[source] kernel_config::ParseError),
    /// The kernel's version cannot be known.
    #[error(transparent)]
    Kernel(#[from] KernelVersionError),
    /// `rfs.conf` is malformed.
    #[error(transparent)]
    RfsConf(#[from] RfsConfError),
    /// `flistry.toml` is malformed.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// An flist names a plugin that does not exist.
    #[error("config/flistry.toml, [flist.{flist}]: there is no [plugin.{name}]")]
    UnknownPlugin {
        /// The flist.
        flist: String,
        /// What it names.
        name: String,
        /// What exists.
        known: Vec<String>,
    },
    /// A plugin is granted the tree of an flist that does not exist.
    #[error("config/flistry.toml, [plugin.{plugin}], trees: there is no [flist.{tree}]")]
    UnknownTree {
        /// The plugin.
        plugin: String,
        /// What it is granted.
        tree: String,
        /// What exists.
        known: Vec<String>,
    },
    /// Flists whose plugins need each other's trees.
    #[error("config/flistry.toml: flists need each other's trees: {}", .0.join(" needs "))]
    TreeCycle(Vec<String>),
    /// `SOURCE_DATE_EPOCH` is not a number of seconds.
    #[error("environment variable SOURCE_DATE_EPOCH: it is not a number of seconds since 1970")]
    SourceDateEpoch,
    /// `FIRMWARE_TAG` cannot be part of a name.
    #[error("environment variable FIRMWARE_TAG: it cannot be part of a file's name")]
    FirmwareTag,
    /// A plugin would be given a credential.
    #[error(transparent)]
    GivenCredential(#[from] GivenCredential),
    /// An flist without a `mount`.
    #[error("flist `{0}` is not mounted on any node")]
    NotMounted(String),
    /// An flist that is not configured.
    #[error("there is no flist `{name}` in config/flistry.toml")]
    UnknownFlist {
        /// What was asked for.
        name: String,
        /// What exists.
        known: Vec<String>,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::NotAProject(_) => {
                "run flistry in the project's directory, or name it with --project".to_owned()
            }
            ConfigError::Read { file, error } if error.kind() == std::io::ErrorKind::NotFound => {
                format!("a build needs {file}; is --project the right directory?")
            }
            ConfigError::Read { file, .. } => format!("make {file} a file that the build's user can read"),
            ConfigError::TooLarge { file, .. } => format!("check that {file} is the right file"),
            ConfigError::NotText { file, .. } => format!("save {file} as UTF-8"),
            ConfigError::BuildConf(error) => error.hint().to_owned(),
            ConfigError::KernelConfig(error) => error.hint().to_owned(),
            ConfigError::Kernel(error) => error.hint().to_owned(),
            ConfigError::RfsConf(error) => error.hint().to_owned(),
            ConfigError::Toml(error) => error.hint().to_owned(),
            ConfigError::GivenCredential(error) => error.hint(),
            ConfigError::UnknownPlugin { known, .. } | ConfigError::UnknownTree { known, .. } => {
                format!("there are: {}", known.join(", "))
            }
            ConfigError::TreeCycle(_) => "take one of the names out of `trees` of the plugins concerned".to_owned(),
            ConfigError::NotMounted(flist) => format!("write where it is mounted, as `mount`, under [flist.{flist}]"),
            ConfigError::SourceDateEpoch => "set it to the output of `git log -1 --format=%ct`, or unset it".to_owned(),
            ConfigError::FirmwareTag => super::rfs_conf::RELEASE_HINT.to_owned(),
            ConfigError::UnknownFlist { known, .. } => format!("there are: {}", known.join(", ")),
        }
    }
}
