//! `[plugin.NAME]`: which component a plugin is, what it is given and what it may see.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::component::ComponentSource;
use super::given::{is_secret, is_variable};
use super::layers::{TableAt, TomlError};
use super::settings::{ConfigFile, PluginSettings};
use crate::plugin::Limits;

/// Bytes of a plugin's longest name: `flistry.plugin.NAME` is a tag's key.
const MAX_PLUGIN_NAME: usize = 40;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PluginTable {
    component: String,
    sha256: Option<String>,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(default)]
    config_files: BTreeMap<String, String>,
    #[serde(default)]
    variables: Vec<String>,
    #[serde(default)]
    trees: Vec<String>,
    #[serde(default)]
    limits: Limits,
}

impl PluginTable {
    /// Checks the table by itself; a path is relative to the project.
    pub fn resolve(self, at: &TableAt, project: &Path) -> Result<PluginSettings, TomlError> {
        let name = at.plain_name("a plugin", MAX_PLUGIN_NAME)?.to_owned();
        if self.component.is_empty() {
            return Err(at.key_error("component", "it is empty", "name a file, or builtin:NAME"));
        }
        let component = match ComponentSource::parse(&self.component) {
            Ok(ComponentSource::File(path)) => ComponentSource::File(project.join(path)),
            Ok(builtin) => builtin,
            Err(unknown) => return Err(at.key_error("component", unknown.to_string(), unknown.hint())),
        };
        if let Some(pin) = &self.sha256
            && (pin.len() != 64 || !pin.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            let hint = "`flistry plugin check FILE` prints the line to paste";
            return Err(at.key_error("sha256", "it is not a SHA-256 in hexadecimal", hint));
        }
        for (index, variable) in self.variables.iter().enumerate() {
            if !is_variable(variable) {
                let hint = "name each variable by itself: letters, digits and `_`, no digit first";
                return Err(at.item_error("variables", index, format!("{variable:?} is no variable's name"), hint));
            }
            if is_secret(variable) {
                let what = format!("`{variable}` is a credential's name, and no plugin ever sees a credential");
                return Err(at.item_error("variables", index, what, "grant variables with other names"));
            }
        }
        Ok(PluginSettings {
            name,
            component,
            sha256: self.sha256,
            config_files: config_files(self.config_files, &self.config, at)?,
            config: Value::Object(self.config),
            variables: self.variables,
            trees: self.trees,
            limits: self.limits,
        })
    }
}

/// The files of `config-files`, in the order of their keys.
fn config_files(
    files: BTreeMap<String, String>,
    config: &Map<String, Value>,
    at: &TableAt,
) -> Result<Vec<ConfigFile>, TomlError> {
    let file = |(key, path): (String, String)| {
        let setting = format!("config-files.{key}");
        if path.is_empty() {
            return Err(at.key_error(&setting, "it is empty", "name a file of the project"));
        }
        if config.contains_key(&key) {
            let what = format!("`config` sets `{key}` as well");
            return Err(at.key_error(&setting, what, "set it in one of the two"));
        }
        Ok(ConfigFile { key, path: path.into() })
    };
    files.into_iter().map(file).collect()
}
