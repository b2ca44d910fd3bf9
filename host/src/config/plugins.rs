//! `[plugin.NAME]`: which component it is, what it is given and what it may see.

use std::path::PathBuf;

use serde_json::Value;

use super::ConfigFile;
use crate::plugin::Limits;

/// One plugin of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// What flists and messages call it.
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

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentSource {
    /// Embedded in the program, under this name.
    Builtin(String),
    /// A file, absolute.
    File(PathBuf),
}

impl std::fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ComponentSource::Builtin(name) => write!(f, "builtin:{name}"),
            ComponentSource::File(path) => path.display().fmt(f),
        }
    }
}

/// Whether a variable's name is that of a credential, which no plugin is ever given.
pub(super) fn is_secret(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    ["KEY", "SECRET", "TOKEN", "PASSW", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn credentials_are_known_by_their_names() {
        for name in ["S3_SECRET_KEY", "READ_ACCESS_KEY", "aws_session_token", "DB_PASSWORD"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["FIRMWARE_TAG", "KERNEL_VERSION", "S3_BUCKET"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
