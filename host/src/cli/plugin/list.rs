//! `flistry plugin list`

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::sync::Arc;

use flistry::build::load_plugin;
use flistry::config::{Config, PluginSettings};
use flistry::error::Error;
use flistry::kernel::kernel_image::KernelImage;
use flistry::kernel::module_memory::ModuleMemory;
use flistry::plugin::{ComponentMetadata, Engine, Hook};
use flistry::printable::Printable;
use serde::Serialize;
use serde_json::Value;

use crate::cli::context::CommandContext;
use crate::cli::outcome::Outcome;

#[derive(Serialize)]
pub struct PluginList {
    plugins: Vec<ConfiguredPlugin>,
}

#[derive(Serialize)]
struct ConfiguredPlugin {
    name: String,
    /// A file, or `builtin:NAME`.
    component: String,
    metadata: ComponentMetadata,
    hooks: Vec<Hook>,
    sha256: String,
    /// Whether nobody can replace the component unnoticed.
    pinned: bool,
    /// Whether that is because the configuration has its digest.
    #[serde(skip)]
    has_digest: bool,
    config: Value,
    config_files: BTreeMap<String, PathBuf>,
    variables: Vec<String>,
    trees: Vec<String>,
    /// The flists that use it.
    used_by: Vec<String>,
}

pub fn run(context: &CommandContext) -> Result<PluginList, Error> {
    let config = context.config()?;
    let cache = config.plugin_cache.is_dir().then_some(&*config.plugin_cache);
    let engine = Engine::new(
        &config.plugin_compiler,
        cache,
        Arc::new(ModuleMemory::of_one_run()),
        KernelImage::default(),
        config.secrets.clone(),
    )?;
    let plugins = config.plugins.iter().map(|settings| ConfiguredPlugin::load(&engine, &config, settings, context));
    Ok(PluginList { plugins: plugins.collect::<Result<_, _>>()? })
}

impl ConfiguredPlugin {
    fn load(
        engine: &Engine,
        config: &Config,
        settings: &PluginSettings,
        context: &CommandContext,
    ) -> Result<Self, Error> {
        let plugin = load_plugin(engine, config, settings, &context.terminal)?;
        let users = config.flists.iter().filter(|flist| flist.plugins().any(|name| name == settings.name));
        let files = settings.config_files.iter().map(|file| (file.key.clone(), file.path.clone()));
        Ok(ConfiguredPlugin {
            name: settings.name.clone(),
            component: settings.component.to_string(),
            metadata: plugin.metadata().clone(),
            hooks: plugin.hooks().into_iter().collect(),
            sha256: plugin.digest().to_owned(),
            pinned: settings.is_pinned(),
            has_digest: settings.sha256.is_some(),
            config: settings.config.clone(),
            config_files: files.collect(),
            variables: settings.variables.clone(),
            trees: settings.trees.clone(),
            used_by: users.map(|flist| flist.name.clone()).collect(),
        })
    }
}

impl Outcome for PluginList {}

impl Display for PluginList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.plugins.iter().try_for_each(|plugin| plugin.fmt(f))
    }
}

impl Display for ConfiguredPlugin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        let mut line = |name: &str, value: &str| match value.is_empty() {
            true => Ok(()),
            false => writeln!(f, "  {name:<11} {}", Printable(value)),
        };
        let ComponentMetadata { name, version, description, .. } = &self.metadata;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        line("component", &self.component)?;
        line("is", format!("{} {}", text(name), text(version)).trim())?;
        line("does", &text(description))?;
        line("hooks", &self.hooks.iter().map(|hook| hook.as_str()).collect::<Vec<_>>().join(", "))?;
        line("sha256", &format!("{}{}", self.sha256, if self.has_digest { " (pinned)" } else { "" }))?;
        let files = self.config_files.iter().map(|(key, path)| format!("{key} = {}", path.display()));
        line("files", &files.collect::<Vec<_>>().join(", "))?;
        line("variables", &self.variables.join(", "))?;
        line("trees", &self.trees.join(", "))?;
        line("used by", &self.used_by.join(", "))
    }
}
