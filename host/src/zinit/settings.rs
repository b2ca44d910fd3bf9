//! `[zinit]` of the configuration: which units a node gets, and where things are on it.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Bytes of a unit's longest name.
const MAX_UNIT_NAME: usize = 64;

/// The image's own first coldplug, which [`BootOrder::BeforeUdevTrigger`] replaces.
pub const UDEV_TRIGGER: &str = "udev-trigger";

/// Which zinit a unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// zinit 0.2
    Yaml,
    /// zinit 0.3
    Toml,
}

impl Dialect {
    /// The word in the configuration; also the extension of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Yaml => "yaml",
            Dialect::Toml => "toml",
        }
    }
}

/// How a mount is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// rfs stays in the foreground; zinit starts it again when it dies
    Supervised,
    /// rfs goes to the background
    Oneshot,
}

impl Form {
    /// The word in the configuration and in scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Supervised => "supervised",
            Form::Oneshot => "oneshot",
        }
    }
}

/// When the mounts come in a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootOrder {
    /// After the first coldplug has brought the network up, with a coldplug of their own.
    AfterUdevTrigger,
    /// Before it, in images whose network is up earlier: it is replaced by one that waits for them, for a while.
    BeforeUdevTrigger,
}

/// All of `[zinit]`. Paths are those of the node, but for [`ZinitSettings::output`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ZinitSettings {
    /// The directory of generated scripts and units on this machine.
    pub output: PathBuf,
    /// For which zinits.
    pub dialects: Vec<Dialect>,
    /// How a mount is run.
    pub form: Form,
    /// When the mounts come in a boot.
    pub order: BootOrder,
    /// The directory of flists.
    pub manifests: String,
    /// The directory of scripts.
    pub scripts: String,
    /// The directory where rfs keeps blocks.
    pub cache: String,
    /// rfs: a command or a path.
    pub rfs: String,
    /// Seconds that the coldplug waits for mounts.
    pub wait_seconds: u32,
    /// Names of units of zinit 0.2.
    pub yaml: YamlUnitNames,
    /// Names of units of zinit 0.3.
    pub toml: TomlUnitNames,
}

/// `[zinit.yaml]`: names of units of zinit 0.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YamlUnitNames {
    /// What the mounts come after.
    pub network: Vec<String>,
    /// What a coldplug comes after as well.
    pub udevd: Vec<String>,
    /// The coldplug, where the mounts have one of their own.
    pub coldplug: String,
}

/// `[zinit.toml]`: names of units of zinit 0.3.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TomlUnitNames {
    /// What the mounts require.
    pub network: Vec<String>,
    /// What a coldplug comes after as well.
    pub udevd: Vec<String>,
    /// The coldplug, where the mounts have one of their own.
    pub coldplug: String,
    /// The target that groups the mounts.
    pub target: String,
}

impl ZinitSettings {
    /// The units of the image that generated units wait for.
    pub fn waited_for(&self, dialect: Dialect) -> impl Iterator<Item = &str> {
        let (network, udevd) = match dialect {
            Dialect::Yaml => (&self.yaml.network, &self.yaml.udevd),
            Dialect::Toml => (&self.toml.network, &self.toml.udevd),
        };
        network.iter().chain(udevd).map(String::as_str)
    }

    /// The name of the coldplug's unit.
    pub fn coldplug(&self, dialect: Dialect) -> &str {
        match (self.order, dialect) {
            (BootOrder::AfterUdevTrigger, Dialect::Yaml) => &self.yaml.coldplug,
            (BootOrder::AfterUdevTrigger, Dialect::Toml) => &self.toml.coldplug,
            (BootOrder::BeforeUdevTrigger, _) => UDEV_TRIGGER,
        }
    }
}

/// Whether both zinits take it as a unit's name, and a file can have it.
pub fn is_unit_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.len() <= MAX_UNIT_NAME && !name.starts_with(['.', '-']) && name.bytes().all(plain)
}
