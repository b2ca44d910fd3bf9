//! `log`: ends up in flistry's own log, with the plugin's name.

use std::sync::Arc;

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::log::{Host, Level};
use crate::plugin::error::clean;
use crate::plugin::limits::Limit;
use crate::progress::Warning;

/// What a plugin said.
pub struct LogState {
    plugin: Arc<str>,
    /// Bytes logged in this call.
    logged: u64,
    /// Its warnings, which the caller shows.
    pub warnings: Vec<Warning>,
}

impl LogState {
    pub fn new(plugin: Arc<str>) -> LogState {
        LogState { plugin, logged: 0, warnings: Vec::new() }
    }

    /// Begins a call: what may be logged is limited for each.
    pub fn begin_call(&mut self) {
        self.logged = 0;
    }
}

impl Context<'_, LogState> {
    /// One line of a plugin.
    pub fn say(&mut self, level: Level, message: &str) -> wasmtime::Result<()> {
        self.meter.bytes_out += message.len() as u64;
        // An empty line costs something too, or endlessly many of them would be free.
        self.own.logged = self.own.logged.saturating_add(message.len() as u64 + 1);
        self.meter.check(Limit::Log, self.own.logged)?;
        self.meter.charge(Limit::TotalLog, message.len() as u64 + 1)?;
        self.secrecy.check(message)?;
        let (plugin, message) = (&*self.own.plugin, clean(message));
        match level {
            Level::Trace => tracing::trace!(plugin, "{message}"),
            Level::Debug => tracing::debug!(plugin, "{message}"),
            Level::Info => tracing::info!(plugin, "{message}"),
            // The caller shows warnings itself, and keeps them for the report.
            Level::Warn => self.own.warnings.push(Warning::bare(format!("plugin `{plugin}`: {message}"))),
        }
        Ok(())
    }

    /// Fails where `bytes` more could not be logged in this call.
    pub fn check_room(&self, bytes: usize) -> wasmtime::Result<()> {
        self.meter.check(Limit::Log, self.own.logged.saturating_add(bytes as u64))
    }
}

impl Host for Context<'_, LogState> {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.say(level, &message)
    }
}
