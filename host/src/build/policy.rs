//! The plugins that a build's flists use: loaded, checked and ready before the first file is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Flist, PluginSettings};
use crate::error::Error;
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_memory::ModuleMemory;
use crate::plugin::{BuildFacts, Engine, LoadOptions, Plugin, TreeFigures};
use crate::progress::{Progress, Warning};

/// Loaded plugins by their names.
pub struct Policy {
    plugins: BTreeMap<String, Plugin>,
}

impl Policy {
    /// Loads what `flists` and the flists whose trees they need use, and asks each plugin whether its configuration is one.
    /// `cache` is the directory of compiled plugins; without one they are compiled again.
    ///
    /// # Errors
    /// The first plugin that can't be used.
    pub fn load(
        config: &Config,
        flists: &[&Flist],
        cache: Option<&Path>,
        modules: Arc<ModuleMemory>,
        progress: &dyn Progress,
    ) -> Result<Policy, Error> {
        let mut used = BTreeSet::new();
        for flist in config.with_needed(flists) {
            used.extend(flist.plugins());
        }
        let engine = Engine::new(
            &config.plugin_compiler,
            cache,
            modules,
            KernelImage::new(&config.vmlinux),
            config.secrets.clone(),
        )?;
        let mut plugins = BTreeMap::new();
        for name in used {
            let settings = config.plugin(name);
            let plugin = load(&engine, config, settings, progress)?;
            plugin.validate()?;
            if !settings.is_pinned() {
                let line = format!("add `sha256 = \"{}\"` to [plugin.{name}]", plugin.digest());
                progress.warn(Warning::new(
                    format!(
                        "plugin `{name}` is not pinned: whoever can write {} decides what is built",
                        settings.component
                    ),
                    line,
                ));
            }
            plugins.insert(name.to_owned(), plugin);
        }
        Ok(Policy { plugins })
    }

    /// A plugin that one of the flists uses.
    pub(crate) fn plugin(&self, name: &str) -> &Plugin {
        self.plugins.get(name).expect("all that the flists use were loaded")
    }
}

/// Loads one plugin of the configuration, with the files that its own configuration names. Nothing of it runs.
///
/// # Errors
/// Where a file can't be read, or is not what it should be.
pub fn load(
    engine: &Engine,
    config: &Config,
    settings: &PluginSettings,
    progress: &dyn Progress,
) -> Result<Plugin, Error> {
    let given = LoadOptions {
        config: config.plugin_config(settings)?,
        limits: settings.limits.clone(),
        grants: settings.trees.clone(),
        expected_sha256: settings.sha256.clone(),
    };
    let bytes = settings.component.read(settings.limits.component_bytes).map_err(|error| Error::Component {
        plugin: settings.name.clone(),
        component: settings.component.clone(),
        error,
    })?;
    Ok(engine.load(&settings.name, &bytes, given, progress)?)
}

/// What a plugin is told of an flist's build; `figures` are those of the tree at that point.
pub(crate) fn facts(config: &Config, flist: &Flist, plugin: &str, figures: TreeFigures) -> BuildFacts {
    let granted = &config.plugin(plugin).variables;
    let variable = |name: &String| Some((name.clone(), config.variables.get(name)?.clone()));
    BuildFacts {
        flist: flist.name.clone(),
        kind: flist.kind,
        kernel: config.kernel.to_string(),
        kernel_config: Arc::clone(&config.kernel_config),
        date: config.date.clone(),
        variables: granted.iter().filter_map(variable).collect(),
        figures,
        file_name: None,
        mount: flist.mount_on(config),
    }
}
