//! `flistry plugin list`

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use flistry::build::load_plugin;
use flistry::error::Error;
use flistry::kernel::module_memory::ModuleMemory;
use flistry::plugin::{Engine, Hook};
use flistry::printable::Printable;
use serde_json::json;

use super::Context;
use super::output::Outcome;

pub fn run(context: &Context) -> Result<Outcome, Error> {
    let config = context.config()?;
    let cache = config.plugin_cache.is_dir().then_some(&*config.plugin_cache);
    let engine = Engine::new(cache, Arc::new(ModuleMemory::of_one_run()))?;
    let mut text = String::new();
    let mut list = Vec::new();
    for settings in &config.plugins {
        let plugin = load_plugin(&engine, &config, settings)?;
        let metadata = plugin.metadata();
        let hooks: Vec<&str> = plugin.hooks().into_iter().map(Hook::as_str).collect();
        let users = config.flists.iter().filter(|flist| flist.plugins().any(|name| name == settings.name));
        let users: Vec<&str> = users.map(|flist| flist.name.as_str()).collect();
        writeln!(text, "{}", settings.name).expect("a string takes all");
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                writeln!(text, "  {name:<11} {}", Printable(value)).expect("a string takes all");
            }
        };
        line("component", &settings.component.to_string());
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        line("is", format!("{} {}", of(&metadata.name), of(&metadata.version)).trim());
        line("does", &of(&metadata.description));
        line("hooks", &hooks.join(", "));
        let pin = if settings.sha256.is_some() { " (pinned)" } else { "" };
        line("sha256", &format!("{}{pin}", plugin.digest()));
        let files = settings.config_files.iter().map(|file| (file.key.clone(), file.path.display().to_string()));
        let files: BTreeMap<String, String> = files.collect();
        let named: Vec<String> = files.iter().map(|(key, path)| format!("{key} = {path}")).collect();
        line("files", &named.join(", "));
        line("variables", &settings.variables.join(", "));
        line("trees", &settings.trees.join(", "));
        line("used by", &users.join(", "));
        list.push(json!({
            "name": settings.name,
            "component": settings.component.to_string(),
            "metadata": metadata,
            "hooks": hooks,
            "sha256": plugin.digest(),
            "pinned": settings.is_pinned(),
            "config": settings.config,
            "config-files": files,
            "variables": settings.variables,
            "trees": settings.trees,
            "used-by": users,
        }));
    }
    Ok(Outcome::done(text, json!({ "plugins": list })))
}
