//! `[plugin.NAME]` of `config/flistry.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::flistry_toml::{Lines, TomlError, is_plain};
use super::plugins::is_secret;
use super::{ComponentSource, ConfigFile, config_files};
use crate::plugin::Limits;

/// Bytes of a plugin's longest name: `flistry.plugin.NAME` is a tag's key.
const MAX_PLUGIN_NAME: usize = 40;

/// One `[plugin.NAME]`; what a path is relative to is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginToml {
    /// What flists call it.
    pub name: String,
    /// Its component: an embedded one, or a path as it was written.
    pub component: ComponentSource,
    /// The pin.
    pub sha256: Option<String>,
    /// What it is given.
    pub config: serde_json::Value,
    /// The files whose texts it is given, too.
    pub config_files: Vec<ConfigFile>,
    /// The variables that it may see.
    pub variables: Vec<String>,
    /// The flists whose trees it may open.
    pub trees: Vec<String>,
    /// What it may use up.
    pub limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlugin {
    component: Spanned<String>,
    sha256: Option<Spanned<String>>,
    #[serde(default)]
    config: serde_json::Map<String, serde_json::Value>,
    #[serde(default, rename = "config-files")]
    config_files: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    variables: Vec<Spanned<String>>,
    #[serde(default)]
    trees: Vec<String>,
    #[serde(default)]
    limits: Limits,
}

impl Lines<'_> {
    pub(super) fn plugins(
        &self,
        raw: BTreeMap<Spanned<String>, Spanned<RawPlugin>>,
    ) -> Result<BTreeMap<String, PluginToml>, TomlError> {
        let plugin = |(key, raw): (Spanned<String>, Spanned<RawPlugin>)| {
            let plugin = self.plugin(key, raw.into_inner())?;
            Ok((plugin.name.clone(), plugin))
        };
        raw.into_iter().map(plugin).collect()
    }

    fn plugin(&self, key: Spanned<String>, raw: RawPlugin) -> Result<PluginToml, TomlError> {
        let name = key.get_ref();
        if !is_plain(name) || name.len() > MAX_PLUGIN_NAME {
            let hint = format!("use up to {MAX_PLUGIN_NAME} letters, digits, `-` and `_`, not beginning with `-`");
            return Err(self.error(key.span(), "", format!("`{name}` cannot name a plugin"), hint));
        }
        if raw.component.get_ref().is_empty() {
            let hint = "name a file, or builtin:NAME";
            return Err(self.error(raw.component.span(), "component", "it is empty", hint));
        }
        let component = ComponentSource::parse(raw.component.get_ref())
            .map_err(|unknown| self.error(raw.component.span(), "component", unknown.to_string(), unknown.hint()))?;
        if let Some(pin) = &raw.sha256
            && (pin.get_ref().len() != 64 || !pin.get_ref().bytes().all(|b| b.is_ascii_hexdigit()))
        {
            let hint = "`flistry plugin check FILE` prints the line to paste";
            return Err(self.error(pin.span(), "sha256", "it is no SHA-256 in hexadecimal", hint));
        }
        if let Some(secret) = raw.variables.iter().find(|variable| is_secret(variable.get_ref())) {
            let what = format!("`{}` is a credential's name, and no plugin ever sees a credential", secret.get_ref());
            return Err(self.error(secret.span(), "variables", what, "grant variables with other names"));
        }
        let config_files = config_files::files(raw.config_files, &raw.config)
            .map_err(|(span, what, hint)| self.error(span, "config-files", what, hint))?;
        Ok(PluginToml {
            component,
            config_files,
            sha256: raw.sha256.map(Spanned::into_inner),
            config: serde_json::Value::Object(raw.config),
            variables: raw.variables.into_iter().map(Spanned::into_inner).collect(),
            trees: raw.trees,
            limits: raw.limits,
            name: key.into_inner(),
        })
    }
}
