//! `flistry default-config`

use flistry::config::SHIPPED_TOML;
use flistry::error::Error;
use serde_json::json;

use super::output::Outcome;

pub fn run() -> Result<Outcome, Error> {
    let text = SHIPPED_TOML;
    Ok(Outcome::done(text.to_owned(), json!({ "file": "config/flistry.toml", "text": text })))
}
