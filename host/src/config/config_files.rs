//! `config-files` of a `[plugin.NAME]`: files of the project whose text the plugin gets with its configuration. A list that
//! a builder keeps anyway need not be written into flistry.toml again, and the configuration's digest covers it.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use toml::Spanned;

use super::{Config, PluginSettings};
use crate::files;
use crate::store::url::Credentials;

/// Bytes of the largest file. All of it goes to the plugin with each call.
pub const MAX_CONFIG_FILE: u64 = 1024 * 1024;

/// The builder's own file of credentials, from the project's folder.
pub(super) const RFS_CONF: &str = "config/rfs.conf";

/// A file and the key of the plugin's configuration that its text stands under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// The key.
    pub key: String,
    /// The file, as it was written: a relative path starts at the project's folder.
    pub path: PathBuf,
}

/// A mistake in flistry.toml: where it is, what it is, what to do about it.
pub(super) type Mistake = (Range<usize>, String, &'static str);

/// The files of a table, in the order of their keys.
pub(super) fn files(
    raw: BTreeMap<Spanned<String>, Spanned<String>>,
    config: &Map<String, Value>,
) -> Result<Vec<ConfigFile>, Mistake> {
    let file = |(key, path): (Spanned<String>, Spanned<String>)| {
        if path.get_ref().is_empty() {
            return Err((path.span(), format!("`{}` is empty", key.get_ref()), "name a file of the project"));
        }
        if config.contains_key(key.get_ref()) {
            let what = format!("`{}` stands in `config`, too", key.get_ref());
            return Err((key.span(), what, "set it in one of the two"));
        }
        Ok(ConfigFile { key: key.into_inner(), path: path.into_inner().into() })
    };
    raw.into_iter().map(file).collect()
}

impl PluginSettings {
    /// What the plugin is given as its configuration: [`PluginSettings::config`] and the texts of its files.
    ///
    /// # Errors
    /// A file that is not text that a plugin may see.
    pub fn whole_config(&self, project: &Config) -> Result<Value, ConfigFileError> {
        let mut config = self.config.clone();
        for file in &self.config_files {
            let text = read_config_file(&project.project.join(&file.path)).and_then(|(text, identity)| {
                match project.holds_credentials(&text, identity) {
                    Some(whose) => Err(Unusable::Credential(whose)),
                    None => Ok(text),
                }
            });
            let text = text.map_err(|why| ConfigFileError {
                plugin: self.name.clone(),
                key: file.key.clone(),
                path: file.path.clone(),
                why,
            })?;
            if let Some(table) = config.as_object_mut() {
                table.insert(file.key.clone(), Value::String(text));
            }
        }
        Ok(config)
    }
}

impl Config {
    /// Whether a file is rfs.conf or has one of its keys in it: whose key. A link or a copy is no less secret.
    fn holds_credentials(&self, text: &str, identity: (u64, u64)) -> Option<&'static str> {
        let metadata = self.project.join(RFS_CONF).metadata();
        if metadata.is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == identity) {
            return Some("the write key");
        }
        let has = |key: &Credentials| !key.secret_key.expose().is_empty() && text.contains(key.secret_key.expose());
        if self.store.write_credentials.iter().any(has) {
            return Some("the write key");
        }
        let mut read = self.store.route.iter().filter_map(|route| route.value.url().credentials());
        read.any(has).then_some("the read key")
    }
}

/// A file's text, and its device and inode.
///
/// # Errors
/// Where it is no regular file that can be read, larger than [`MAX_CONFIG_FILE`], or not UTF-8.
pub fn read_config_file(path: &Path) -> Result<(String, (u64, u64)), Unusable> {
    let file = files::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(MAX_CONFIG_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_CONFIG_FILE {
        return Err(Unusable::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| Unusable::NotText)?;
    Ok((text, (metadata.dev(), metadata.ino())))
}

/// A file that no plugin gets.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`, config-files, `{key}`: {} {why}", path.display())]
pub struct ConfigFileError {
    /// The plugin's name in the configuration.
    pub plugin: String,
    /// The key that its text would stand under.
    pub key: String,
    /// The file, as it was written.
    pub path: PathBuf,
    /// Why not.
    pub why: Unusable,
}

/// Why a file's text can't go into a plugin's configuration.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The system says.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is larger than [`MAX_CONFIG_FILE`].
    #[error("is larger than {MAX_CONFIG_FILE} bytes")]
    TooLarge,
    /// It is not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// It is rfs.conf, or holds one of its secrets.
    #[error("holds {0}, and no plugin ever sees a credential")]
    Credential(&'static str),
}

impl ConfigFileError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let setting = format!("`config-files` of [plugin.{}] in config/flistry.toml", self.plugin);
        match self.why {
            Unusable::Read(_) => format!("correct {setting}; a path starts at the project's folder"),
            Unusable::TooLarge => format!("check that {setting} names the right file"),
            Unusable::NotText => "save it as UTF-8".to_owned(),
            Unusable::Credential(_) => format!("take it out of {setting}"),
        }
    }
}
