//! What a build goes by: plain values, checked, with absolute paths.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::component::ComponentSource;
use super::error::ConfigError;
use crate::kernel::KernelVersion;
use crate::kernel::compatibility::{self, NodeSettings};
use crate::kernel::kernel_config::KernelConfig;
use crate::plugin::{Compiler, Limits};
use crate::progress::Warning;
use crate::publish::PublishSettings;
use crate::store::secrets::Secrets;
use crate::store::url::{Credentials, Ranged, ReadUrl, WriteUrl};
use crate::tree::{FlistKind, Owner};
use crate::verify::ReadBackLevel;
use crate::zinit::kernel_text::KernelText;
use crate::zinit::{MountPoint, ZinitSettings};

/// The environment variables, as the program found them. May hold credentials, hence no `Debug`.
#[derive(Clone, Default)]
pub struct Environment(pub BTreeMap<String, String>);

/// All that a build goes by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The project's directory: absolute, without symlinks.
    pub project: PathBuf,
    /// The kernel that is built for.
    pub kernel: KernelVersion,
    /// How that kernel was configured.
    pub kernel_config: Arc<KernelConfig>,
    /// What nodes can do with what is packed.
    pub node: NodeSettings,
    /// Where the kernel's symbol table may be: absolute, the first that exists counts.
    pub system_maps: Vec<PathBuf>,
    /// Where the kernel's own ELF file may be: absolute, the first that exists counts.
    pub vmlinux: Vec<PathBuf>,
    /// Where programs are looked for: the directories of `PATH`, and those of a system's own programs.
    pub search_path: Vec<PathBuf>,
    /// The build's date in UTC, `YYYYMMDD`: of [`Config::source_date_epoch`] where that is set, else of now.
    pub date: String,
    /// The variables that plugins are granted and that are set. None of them is a credential.
    pub variables: BTreeMap<String, String>,
    /// The project's credentials, which no plugin may read or say.
    pub secrets: Secrets,
    /// All plugins, sorted by name.
    pub plugins: Vec<PluginSettings>,
    /// The directory of compiled plugins, absolute.
    pub plugin_cache: PathBuf,
    /// What compiles plugins; [`Config::load`] says [`Compiler::InProcess`], which puts no limit on time and memory.
    pub plugin_compiler: Compiler,
    /// `SOURCE_DATE_EPOCH`, in seconds: no entry is younger.
    pub source_date_epoch: Option<i64>,
    /// In the order of the file.
    pub flists: Vec<Flist>,
    /// The directory of finished flists, absolute.
    pub output: PathBuf,
    /// Where blobs are.
    pub store: Storage,
    /// Where else finished flists go.
    pub publish: PublishSettings,
    /// How contents are packed.
    pub pack: PackSettings,
    /// How thoroughly a build reads back what it wrote.
    pub read_back: ReadBackLevel,
    /// What a node runs.
    pub zinit: ZinitSettings,
    /// What is odd, but not an error.
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

/// How contents are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackSettings {
    /// The file cache, absolute.
    pub cache: PathBuf,
    /// How many threads.
    pub workers: NonZeroUsize,
}

/// One flist to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flist {
    /// Its name in the configuration and on the command line.
    pub name: String,
    /// What kind of tree it packs.
    pub kind: FlistKind,
    /// Where the tree may be: absolute, the first that exists and has something in it is packed.
    pub sources: Vec<PathBuf>,
    /// The plugins that decide what goes in, in order.
    pub filters: Vec<String>,
    /// The plugin that names it.
    pub naming: String,
    /// The plugins that make the last changes, in order.
    pub post_pack: Vec<String>,
    /// Who owns the entries.
    pub owner: Owner,
    /// Whether it may be one without a file.
    pub allow_empty: bool,
    /// The directory on which a node mounts it, if one does.
    pub mount: Option<KernelText>,
    /// The unit that mounts it.
    pub unit: String,
}

/// One plugin of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// Its name in flists and messages.
    pub name: String,
    /// Where its component is.
    pub component: ComponentSource,
    /// The pin: the component's SHA-256 in hexadecimal.
    pub sha256: Option<String>,
    /// What it is given as its configuration.
    pub config: Value,
    /// The files whose texts are put into that, in the order of their keys.
    pub config_files: Vec<ConfigFile>,
    /// The variables that it may see.
    pub variables: Vec<String>,
    /// The flists whose trees it may open, besides the one that is built.
    pub trees: Vec<String>,
    /// What it may use up.
    pub limits: Limits,
}

/// A file and the key of the plugin's configuration that its text is put under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// The key.
    pub key: String,
    /// The file, as it was written: a relative path starts at the project's directory.
    pub path: PathBuf,
}

impl PluginSettings {
    /// Whether nobody can put another component in its place unnoticed: what is built in changes with the program alone.
    pub fn is_pinned(&self) -> bool {
        self.sha256.is_some() || matches!(self.component, ComponentSource::Builtin(_))
    }
}

impl Flist {
    /// All its plugins.
    pub fn plugins(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().chain([&self.naming]).chain(&self.post_pack).map(String::as_str)
    }

    /// Where a node with the kernel of the configuration mounts it, if one does.
    pub fn mount_on(&self, config: &Config) -> Option<String> {
        self.mount.as_ref().map(|mount| mount.with(&config.kernel.to_string()))
    }

    /// Where such a node sees it.
    pub fn places(&self, config: &Config) -> Vec<String> {
        compatibility::places(self.kind, config.kernel.as_str(), self.mount_on(config).as_deref())
    }

    /// Where a node mounts it.
    ///
    /// # Errors
    /// No node mounts it.
    pub fn mount_point(&self) -> Result<MountPoint, ConfigError> {
        let target = self.mount.clone().ok_or_else(|| ConfigError::NotMounted(self.name.clone()))?;
        Ok(MountPoint { flist: self.name.clone(), kind: self.kind, target, unit: self.unit.clone() })
    }
}

impl Config {
    /// A plugin that an flist names; loading the configuration made sure that it exists.
    pub(crate) fn plugin(&self, name: &str) -> &PluginSettings {
        self.plugins.iter().find(|plugin| plugin.name == name).expect("each plugin that an flist names was looked for")
    }

    /// The other flists whose trees an flist's plugins may open.
    pub fn needs<'a>(&'a self, flist: &'a Flist) -> impl Iterator<Item = &'a Flist> {
        let trees = flist.plugins().flat_map(|plugin| &self.plugin(plugin).trees);
        trees
            .filter(|tree| **tree != flist.name)
            .filter_map(|tree| self.flists.iter().find(|other| other.name == *tree))
    }

    /// The flists, and with them those whose trees they need.
    pub fn with_needed<'a>(&'a self, flists: &[&'a Flist]) -> Vec<&'a Flist> {
        let mut all: Vec<&Flist> = flists.to_vec();
        let mut at = 0;
        while let Some(flist) = all.get(at).copied() {
            for needed in self.needs(flist) {
                if !all.iter().any(|known| known.name == needed.name) {
                    all.push(needed);
                }
            }
            at += 1;
        }
        all
    }

    /// The named flists in the order in which they are named, each once; all flists where none is named.
    ///
    /// # Errors
    /// [`ConfigError::UnknownFlist`] for the first name that is not configured.
    pub fn chosen(&self, names: &[String]) -> Result<Vec<&Flist>, ConfigError> {
        if names.is_empty() {
            return Ok(self.flists.iter().collect());
        }
        let mut chosen: Vec<&Flist> = Vec::new();
        for name in names {
            let flist = self.flist(name)?;
            if !chosen.iter().any(|known| known.name == flist.name) {
                chosen.push(flist);
            }
        }
        Ok(chosen)
    }

    /// The flist of that name.
    ///
    /// # Errors
    /// [`ConfigError::UnknownFlist`], whose hint lists all names.
    pub fn flist(&self, name: &str) -> Result<&Flist, ConfigError> {
        self.flists.iter().find(|flist| flist.name == name).ok_or_else(|| ConfigError::UnknownFlist {
            name: name.to_owned(),
            known: self.flists.iter().map(|flist| flist.name.clone()).collect(),
        })
    }

    /// Where nodes mount those flists that have a `mount`.
    pub fn mount_points(&self) -> Vec<MountPoint> {
        self.flists.iter().filter_map(|flist| flist.mount_point().ok()).collect()
    }
}
