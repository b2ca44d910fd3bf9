//! What a build is to do: `config/flistry.toml`, `build.conf`, `kernel.config` and `rfs.conf`, checked together into one
//! [`Config`].
//!
//! ```text
//! shipped and own flistry.toml ─▶ layers ─▶ flistry_toml (as written) ─▶ settings (checked) ─┐
//! build.conf ─▶ assignments ─▶ the kernel's version ─────────────────────────────────────────┼─▶ Config
//! rfs.conf ─▶ assignments ─▶ rfs_conf ───────────────────────────────────────────────────────┘
//! ```
//!
//! Each file has a parser of its own that takes text. Only [`Config::load`] reads files, apart from those that a plugin's
//! configuration names, which are read with the plugin. Nothing here reads the environment: the program passes it in.

pub mod assignments;
mod component;
mod cycle;
mod error;
mod flist_table;
mod flistry_toml;
mod given;
mod layers;
mod load;
mod path_template;
mod plugin_config;
mod plugin_table;
pub mod rfs_conf;
mod settings;
mod surroundings;
#[cfg(test)]
mod tests;
mod zinit_table;

pub use component::{ComponentSource, UnknownBuiltin};
pub use error::ConfigError;
pub use given::{GivenCredential, credential_in, credential_in_file, credential_in_variable};
pub use layers::{SHIPPED_TOML, TomlError};
pub use load::{kernel_version, project_secrets};
pub use plugin_config::{ConfigFileError, ConfigFileProblem, MAX_CONFIG_FILE, read_config_file};
pub use rfs_conf::RFS_CONF;
pub use settings::{Config, ConfigFile, Environment, Flist, PackSettings, PluginSettings, Storage};
