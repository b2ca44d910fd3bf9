//! `configuration`: the plugin's own part of the project's configuration.

use std::sync::Arc;

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::configuration::Host;

/// The configuration as JSON.
pub struct ConfigurationState(pub Arc<str>);

impl Host for Context<'_, ConfigurationState> {
    fn json(&mut self) -> wasmtime::Result<String> {
        Ok(self.own.0.to_string())
    }
}
