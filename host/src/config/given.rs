//! What plugins are given, looked through for credentials: by name, and by value after it was parsed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rfs_conf::sets_credential;
use crate::store::secrets::Secrets;

/// Whether a shell takes it for a variable's name: a pattern or a list would grant what nobody looked at.
pub(super) fn is_variable(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a variable's name is that of a credential, which no plugin is ever given. Credentials under other names are known
/// by their values.
pub(super) fn is_secret(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    ["KEY", "SECRET", "TOKEN", "PASSW", "PASSPHRASE", "CREDENTIAL"].iter().any(|word| name.contains(word))
        || name.split('_').any(|word| ["PAT", "PASS", "AUTH", "JWT"].contains(&word))
}

/// Whose credential stands in a value of a plugin's configuration.
pub fn credential_in(secrets: &Secrets, value: &Value) -> Option<&'static str> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| credential_in(secrets, item)),
        Value::Object(table) => {
            table.iter().find_map(|(key, value)| secrets.find(key.as_bytes()).or_else(|| credential_in(secrets, value)))
        }
        Value::String(text) => secrets.find(text.as_bytes()),
        other => secrets.find(other.to_string().as_bytes()),
    }
}

/// Whose credential stands in the text of a file that a plugin would be given.
pub fn credential_in_file(secrets: &Secrets, text: &str) -> Option<&'static str> {
    secrets.find(text.as_bytes()).or_else(|| sets_credential(text))
}

/// Whose credential a variable is: by its value, which may be that of a variable whose own name says so, or by its name.
pub fn credential_in_variable(
    secrets: &Secrets,
    name: &str,
    value: &str,
    env: &BTreeMap<String, String>,
) -> Option<&'static str> {
    if is_secret(name) {
        return Some("a credential");
    }
    let is_same = |(other, secret): (&String, &String)| is_secret(other) && secret.len() >= 8 && secret == value;
    secrets.find(value.as_bytes()).or_else(|| env.iter().any(is_same).then_some("a credential"))
}

/// Something in the configuration of a plugin in which a credential stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin `{plugin}`, {setting}, `{key}`: it holds {whose}, and no plugin ever sees a credential")]
pub struct GivenCredential {
    /// The plugin's name in the configuration.
    pub plugin: String,
    /// `config` or `variables`.
    pub setting: &'static str,
    /// What of it.
    pub key: String,
    /// Whose credential.
    pub whose: &'static str,
}

impl GivenCredential {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("take it out of `{}` of [plugin.{}] in config/flistry.toml", self.setting, self.plugin)
    }
}

#[cfg(test)]
mod tests {
    use super::{is_secret, is_variable};

    #[test]
    fn a_grant_is_one_variable_s_name() {
        for name in ["FIRMWARE_TAG", "_x", "a1"] {
            assert!(is_variable(name), "{name}");
        }
        for name in ["", "*", "A B", "A*", "1A", "A=B", "A,B", "$A", "É"] {
            assert!(!is_variable(name), "{name}");
        }
    }

    #[test]
    fn credentials_are_known_by_their_names() {
        for name in ["S3_SECRET_KEY", "READ_ACCESS_KEY", "aws_session_token", "DB_PASSWORD", "GH_PAT", "GPG_PASS"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["FIRMWARE_TAG", "KERNEL_VERSION", "S3_BUCKET", "PATH", "COMPAT", "BUILD_ID"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
