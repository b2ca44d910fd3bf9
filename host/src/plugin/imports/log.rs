//! `log`: ends up in flistry's own log, with the plugin's name.

use super::super::bindings::flistry::plugin::log::{Host, Level};
use super::super::error::clean;
use super::super::limits::Limit;
use super::super::state::State;
use crate::progress::Warning;

impl Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.say(level, &message)
    }
}

impl State {
    /// One line of a plugin.
    pub fn say(&mut self, level: Level, message: &str) -> wasmtime::Result<()> {
        self.bytes_out += message.len() as u64;
        // An empty line costs something too, or endlessly many of them would be free.
        self.logged = self.logged.saturating_add(message.len() as u64 + 1);
        self.check(Limit::Log, self.logged)?;
        let (plugin, message) = (&*self.plugin, clean(message));
        match level {
            Level::Trace => tracing::trace!(plugin, "{message}"),
            Level::Debug => tracing::debug!(plugin, "{message}"),
            Level::Info => tracing::info!(plugin, "{message}"),
            // The caller shows warnings itself, and keeps them for the report.
            Level::Warn => self.warnings.push(Warning::bare(format!("plugin `{plugin}`: {message}"))),
        }
        Ok(())
    }
}
