//! `config/flistry.toml` as it is written: what is built, and how. Each setting has a value, the shipped file's where the
//! project's leaves it out, so that no default stands in two places.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::flist_table::FlistTable;
use super::layers::{Layers, TableAt, TomlError};
use super::plugin_table::PluginTable;
use super::settings::{Flist, PackSettings, PluginSettings, Storage};
use super::surroundings::Surroundings;
use super::zinit_table;
use crate::kernel::compatibility::NodeSettings;
use crate::store::url::{IdRange, Ranged, ReadUrl, StoreUrl, UrlError, WriteUrl};
use crate::verify::ReadBackLevel;
use crate::zinit::ZinitSettings;

/// More threads than any builder has processors: surely a mistake.
const MAX_WORKERS: usize = 1024;

/// The file. What its settings mean is in the shipped one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FlistryToml {
    pub output: String,
    pub store: StoreTable,
    pub pack: PackTable,
    pub read_back: ReadBackTable,
    pub publish: PublishTable,
    pub plugins: PluginsTable,
    pub node: NodeSettings,
    pub modules: ModulesTable,
    pub plugin: BTreeMap<String, PluginTable>,
    pub flist: BTreeMap<String, FlistTable>,
    pub zinit: ZinitSettings,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreTable {
    pub blobs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackTable {
    pub cache: String,
    /// 0 for as many as there are processors.
    pub workers: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadBackTable {
    pub level: ReadBackLevel,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishTable {
    pub directory: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginsTable {
    pub cache: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ModulesTable {
    pub system_map: Vec<String>,
    pub vmlinux: Vec<String>,
}

/// The file's settings, checked; all paths of this machine are absolute. The store is not among them: `config/rfs.conf` may
/// take its place.
#[derive(Debug)]
pub(super) struct TomlSettings {
    pub output: PathBuf,
    pub pack: PackSettings,
    pub read_back: ReadBackLevel,
    pub publish_directory: Option<PathBuf>,
    pub plugin_cache: PathBuf,
    pub node: NodeSettings,
    pub system_maps: Vec<PathBuf>,
    pub vmlinux: Vec<PathBuf>,
    pub plugins: Vec<PluginSettings>,
    pub flists: Vec<Flist>,
    pub zinit: ZinitSettings,
}

impl FlistryToml {
    /// Checks each setting by itself, and units and mount points against each other.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn resolve(self, layers: &Layers, surroundings: &Surroundings) -> Result<TomlSettings, TomlError> {
        let (root, project) = (layers.table(&[]), surroundings.project);
        if self.store.blobs.is_empty() {
            let hint = "name a directory, like [\"dist/blobs\"]";
            return Err(root.table("store").key_error("blobs", "there is no store for the blobs", hint));
        }
        let flists = flists(self.flist, layers, surroundings)?;
        let mut zinit = self.zinit;
        zinit_table::check(&mut zinit, &root.table("zinit"))?;
        zinit_table::check_units(&flists, &zinit, &root)?;
        zinit.output = project.join(&zinit.output);
        let publish = root.table("publish");
        let publish_directory = self.publish.directory.as_deref().map(|path| publish.not_empty("directory", path));
        let plugins = self.plugin.into_iter();
        let plugins = plugins.map(|(name, table)| table.resolve(&root.table("plugin").table(&name), project));
        let modules = root.table("modules");
        Ok(TomlSettings {
            output: project.join(root.not_empty("output", &self.output)?),
            pack: self.pack.resolve(&root.table("pack"), project)?,
            read_back: self.read_back.level,
            publish_directory: publish_directory.transpose()?.map(|path| project.join(path)),
            plugin_cache: project.join(root.table("plugins").not_empty("cache", &self.plugins.cache)?),
            node: self.node,
            system_maps: surroundings.paths(&modules, "system-map", "name a file", &self.modules.system_map)?,
            vmlinux: surroundings.paths(&modules, "vmlinux", "name a file", &self.modules.vmlinux)?,
            plugins: plugins.collect::<Result<_, _>>()?,
            flists,
            zinit,
        })
    }
}

/// The flists, in the order of the file.
fn flists(
    tables: BTreeMap<String, FlistTable>,
    layers: &Layers,
    surroundings: &Surroundings,
) -> Result<Vec<Flist>, TomlError> {
    let mut tables: Vec<_> = tables.into_iter().collect();
    tables.sort_by_key(|(name, _)| layers.table(&["flist", name]).offset());
    tables.into_iter().map(|(name, table)| table.resolve(&layers.table(&["flist", &name]), surroundings)).collect()
}

impl PackTable {
    fn resolve(&self, at: &TableAt, project: &Path) -> Result<PackSettings, TomlError> {
        if self.workers > MAX_WORKERS {
            let hint = "write 0 for as many as there are processors";
            return Err(at.key_error("workers", "there are too many", hint));
        }
        let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(PackSettings {
            cache: project.join(at.not_empty("cache", &self.cache)?),
            workers: NonZeroUsize::new(self.workers).unwrap_or_else(all),
        })
    }
}

impl StoreTable {
    /// Local directories, which are read where they are written.
    pub fn resolve(&self, at: &TableAt, project: &Path) -> Result<Storage, TomlError> {
        let (mut write, mut route) = (Vec::new(), Vec::new());
        for (index, text) in self.blobs.iter().enumerate() {
            let failed = |error: UrlError| at.item_error("blobs", index, error.to_string(), error.hint());
            let Ranged { range, value } = Ranged::parse_or_directory(text, project).map_err(failed)?;
            if !matches!(value, StoreUrl::Dir(_)) {
                let hint = "name a directory or a dir:// URL; a store on the network is set up in config/rfs.conf";
                return Err(at.item_error("blobs", index, "it is not a directory", hint));
            }
            route.push(Ranged { range, value: ReadUrl::new(value.clone()).map_err(failed)? });
            write.push(Ranged { range, value: WriteUrl(value) });
        }
        match IdRange::first_gap(write.iter().map(|store| store.range)) {
            Some(gap) => {
                let what = format!("no store is for blob ids that begin with {gap}");
                Err(at.key_error("blobs", what, "make the ranges cover 00-ff, or leave them out"))
            }
            None => Ok(Storage { write, route, write_credentials: Vec::new() }),
        }
    }
}

#[cfg(test)]
#[path = "flistry_toml_tests.rs"]
mod tests;
