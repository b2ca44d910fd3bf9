//! `[plugin.NAME]`: which component it is, what it is given and what it may see.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use super::ConfigFile;
use crate::files;
use crate::plugin::{Limits, builtin};

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

impl PluginSettings {
    /// Whether no one can put another component in its place unnoticed: what is built in changes with the program alone.
    pub fn is_pinned(&self) -> bool {
        self.sha256.is_some() || matches!(self.component, ComponentSource::Builtin(_))
    }
}

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentSource {
    /// Embedded in the program, under this name.
    Builtin(String),
    /// A file, absolute.
    File(PathBuf),
}

impl ComponentSource {
    /// Understands `builtin:NAME` and a file's path.
    ///
    /// # Errors
    /// Where nothing of that name is built in.
    pub fn parse(text: &str) -> Result<ComponentSource, UnknownBuiltin> {
        match text.strip_prefix("builtin:") {
            Some(name) if builtin::component(name).is_some() => Ok(ComponentSource::Builtin(name.to_owned())),
            Some(unknown) => Err(UnknownBuiltin(unknown.to_owned())),
            None => Ok(ComponentSource::File(text.into())),
        }
    }

    /// The component's bytes; of a file that is larger than `most` bytes one more than that, which loading refuses.
    ///
    /// # Errors
    /// Where the file can't be read, or is no regular file.
    pub fn read(&self, most: u64) -> io::Result<Cow<'static, [u8]>> {
        match self {
            ComponentSource::Builtin(name) => {
                builtin::component(name).map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            ComponentSource::File(path) => files::read(path, most).map(Cow::Owned),
        }
    }
}

/// The name of a plugin that is not built in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no plugin `{0}` is built in")]
pub struct UnknownBuiltin(String);

impl UnknownBuiltin {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("there are: {}", builtin::names().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
