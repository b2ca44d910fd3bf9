//! `flistry default-config`

use flistry::config::flistry_toml;
use flistry::error::Error;
use serde_json::json;

use super::output::Outcome;

pub fn run() -> Result<Outcome, Error> {
    let text = flistry_toml::DEFAULT;
    Ok(Outcome::done(text.to_owned(), json!({ "file": "config/flistry.toml", "text": text })))
}
