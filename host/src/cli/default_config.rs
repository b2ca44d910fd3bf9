//! `flistry default-config`

use flistry::config::SHIPPED_TOML;
use serde::Serialize;

use super::outcome::Outcome;

#[derive(Serialize)]
pub struct DefaultConfig {
    /// Where it goes in a project.
    file: &'static str,
    text: &'static str,
}

pub fn run() -> DefaultConfig {
    DefaultConfig { file: "config/flistry.toml", text: SHIPPED_TOML }
}

impl Outcome for DefaultConfig {}

impl std::fmt::Display for DefaultConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}
