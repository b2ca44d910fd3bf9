//! What a plugin is given: its `config`, the texts of its `config-files`, files of the project, and its `variables`. A list
//! that a builder keeps anyway need not be copied into flistry.toml, and the configuration's digest covers it.
//!
//! Whatever is given is searched for the project's credentials, by value and after it was parsed: no plugin ever sees one.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use flistry_common::text::{NotText, text};
use serde_json::Value;

use super::given::{GivenCredential, credential_in, credential_in_file, credential_in_variable};
use super::rfs_conf::RFS_CONF;
use super::settings::{Config, PluginSettings};
use crate::files;

/// Bytes of the largest file. All of it goes to the plugin with each call.
pub const MAX_CONFIG_FILE: u64 = 1024 * 1024;

impl Config {
    /// A plugin's configuration with the texts of its files.
    ///
    /// # Errors
    /// A file that is not text that a plugin may see.
    pub fn plugin_config(&self, plugin: &PluginSettings) -> Result<Value, ConfigFileError> {
        let mut config = plugin.config.clone();
        for file in &plugin.config_files {
            let text = read_config_file(&self.project.join(&file.path)).and_then(|(text, identity)| {
                match self.holds_credentials(&text, identity) {
                    Some(whose) => Err(ConfigFileProblem::Credential(whose)),
                    None => Ok(text),
                }
            });
            let text = text.map_err(|problem| ConfigFileError {
                plugin: plugin.name.clone(),
                key: file.key.clone(),
                path: file.path.clone(),
                problem,
            })?;
            if let Some(table) = config.as_object_mut() {
                table.insert(file.key.clone(), Value::String(text));
            }
        }
        Ok(config)
    }

    /// Whether a file is rfs.conf, or another project's, or has one of this one's keys in it: whose key. A symlink or a copy
    /// is no less secret.
    fn holds_credentials(&self, text: &str, identity: (u64, u64)) -> Option<&'static str> {
        let metadata = self.project.join(RFS_CONF).metadata();
        if metadata.is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == identity) {
            return Some("the write key");
        }
        credential_in_file(&self.secrets, text)
    }

    /// Looks through what the configuration itself gives to plugins: each inline `config` and each variable.
    pub(super) fn check_given(&self, env: &BTreeMap<String, String>) -> Result<(), GivenCredential> {
        for plugin in &self.plugins {
            let given = |setting, key: &str, whose| GivenCredential {
                plugin: plugin.name.clone(),
                setting,
                key: key.to_owned(),
                whose,
            };
            for (key, value) in plugin.config.as_object().into_iter().flatten() {
                if let Some(whose) = self.secrets.find(key.as_bytes()).or(credential_in(&self.secrets, value)) {
                    return Err(given("config", key, whose));
                }
            }
            for name in &plugin.variables {
                let value = self.variables.get(name).map_or("", String::as_str);
                if let Some(whose) = credential_in_variable(&self.secrets, name, value, env) {
                    return Err(given("variables", name, whose));
                }
            }
        }
        Ok(())
    }
}

/// A file's text, and its device and inode.
///
/// # Errors
/// It is not a regular file that can be read, is larger than [`MAX_CONFIG_FILE`], or is not UTF-8.
pub fn read_config_file(path: &Path) -> Result<(String, (u64, u64)), ConfigFileProblem> {
    let file = files::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(MAX_CONFIG_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_CONFIG_FILE {
        return Err(ConfigFileProblem::TooLarge);
    }
    let text = text(bytes)?;
    Ok((text, (metadata.dev(), metadata.ino())))
}

/// A file whose text no plugin gets.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`, config-files, `{key}`: {} {problem}", path.display())]
#[non_exhaustive]
pub struct ConfigFileError {
    /// The plugin's name in the configuration.
    pub plugin: String,
    /// The key that its text would stand under.
    pub key: String,
    /// The file, as it was written.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub problem: ConfigFileProblem,
}

/// Why a file's text cannot go into a plugin's configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFileProblem {
    /// What the system says.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is larger than [`MAX_CONFIG_FILE`].
    #[error("is larger than {MAX_CONFIG_FILE} bytes")]
    TooLarge,
    /// It is not UTF-8.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// It is rfs.conf, or holds one of its secrets.
    #[error("holds {0}, and no plugin ever sees a credential")]
    Credential(&'static str),
}

impl ConfigFileError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let setting = format!("`config-files` of [plugin.{}] in config/flistry.toml", self.plugin);
        match self.problem {
            ConfigFileProblem::Read(_) => format!("correct {setting}; a path starts at the project's directory"),
            ConfigFileProblem::TooLarge => format!("check that {setting} names the right file"),
            ConfigFileProblem::NotText(_) => "save it as UTF-8".to_owned(),
            ConfigFileProblem::Credential(_) => format!("take it out of {setting}"),
        }
    }
}
