//! What a build is to do: `config/flistry.toml`, `build.conf`, `kernel.config` and `rfs.conf`, checked together
//! into one [`Config`]. Each file has a parser of its own that takes text; only [`Config::load`] reads files, but for those
//! that a plugin's configuration names, which are read with the plugin. Nothing reads the environment: the program passes it
//! in.

pub mod assignments;
mod config_files;
mod error;
pub mod flistry_toml;
mod load;
mod node;
mod plugin_toml;
mod plugins;
pub mod rfs_conf;
mod template;
#[cfg(test)]
mod tests;
mod zinit;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::kernel::compatibility::NodeSettings;
pub use config_files::{ConfigFile, ConfigFileError, MAX_CONFIG_FILE, Unusable, read_config_file};
pub use error::ConfigError;
pub use load::kernel_version;
pub use plugins::{ComponentSource, PluginSettings};

use crate::kernel::KernelVersion;
use crate::kernel::kernel_config::KernelConfig;
use crate::progress::Warning;
use crate::publish::PublishSettings;
use crate::store::url::{Credentials, Ranged, ReadUrl, WriteUrl};
use crate::tree::{FlistKind, Owner};
use crate::verify::Level;
use crate::zinit::Settings as ZinitSettings;
use crate::zinit::kernel_text::KernelText;

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
    /// How that kernel was configured.
    pub kernel_config: KernelConfig,
    /// What nodes can do with what is packed.
    pub node: NodeSettings,
    /// Where the kernel's symbol table may lie: absolute, the first that exists counts.
    pub system_maps: Vec<PathBuf>,
    /// Where programs are looked for: the folders of `PATH`, and those that hold a system's own programs.
    pub search_path: Vec<PathBuf>,
    /// The build's date in UTC, `YYYYMMDD`: of [`Config::source_date_epoch`] where that is set, else of now.
    pub date: String,
    /// The variables that plugins are granted and that are set. No credential is among them.
    pub variables: BTreeMap<String, String>,
    /// All plugins, in the order of their names.
    pub plugins: Vec<PluginSettings>,
    /// The folder of compiled plugins, absolute.
    pub plugin_cache: PathBuf,
    /// `SOURCE_DATE_EPOCH`, in seconds: no entry is younger.
    pub source_date_epoch: Option<i64>,
    /// In the file's order.
    pub flists: Vec<Flist>,
    /// The folder of finished flists, absolute.
    pub output: PathBuf,
    /// Where blobs lie.
    pub store: Storage,
    /// Where finished flists go besides.
    pub publish: PublishSettings,
    /// How contents are packed.
    pub pack: PackSettings,
    /// How thoroughly a build reads back what it wrote.
    pub read_back: Level,
    /// The folder of scripts and units, absolute.
    pub zinit_output: PathBuf,
    /// What a node runs.
    pub zinit: ZinitSettings,
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

/// How contents are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackSettings {
    /// The pack cache's file, absolute.
    pub cache: PathBuf,
    /// How many threads.
    pub workers: NonZeroUsize,
}

/// One flist to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flist {
    /// What it is called in the configuration and on the command line.
    pub name: String,
    /// What kind of tree it packs.
    pub kind: FlistKind,
    /// Where the tree may lie: absolute, the first that exists is packed.
    pub sources: Vec<PathBuf>,
    /// The plugins that decide what goes in, in order.
    pub filters: Vec<String>,
    /// The plugin that names it.
    pub naming: String,
    /// The plugins that change it at last.
    pub post_pack: Vec<String>,
    /// Whom the entries belong to.
    pub owner: Owner,
    /// Where a node mounts it, if one does.
    pub mount: Option<KernelText>,
    /// The unit that mounts it.
    pub unit: String,
}

impl Flist {
    /// All its plugins.
    pub fn plugins(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().chain([&self.naming]).chain(&self.post_pack).map(String::as_str)
    }
}

impl Config {
    /// A plugin that an flist names; loading the configuration made sure that there is one.
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

    /// The flist of that name; the error lists the names there are.
    pub fn flist(&self, name: &str) -> Result<&Flist, ConfigError> {
        self.flists.iter().find(|flist| flist.name == name).ok_or_else(|| ConfigError::UnknownFlist {
            name: name.to_owned(),
            known: self.flists.iter().map(|flist| flist.name.clone()).collect(),
        })
    }
}
