//! Asking a plugin about its configuration, before a build.

use super::error::{PluginError, clean};
use super::load::Plugin;
use super::run::{Account, Run};
use super::view::Trees;

impl Plugin {
    /// Asks the plugin whether its configuration is one, and checks the types of all its hooks.
    ///
    /// # Errors
    /// [`PluginError::Configuration`] in the plugin's own words.
    pub fn validate(&self) -> Result<Account, PluginError> {
        let mut run = Run::begin(self, "validate", None, &Trees::default(), 0)?;
        let misfit = |error: wasmtime::Error| PluginError::World {
            plugin: self.name.to_string(),
            what: clean(&format!("{error:#}")),
        };
        let answer = run.call(|store, instance| {
            let typed = || -> wasmtime::Result<_> {
                self.hooks.filter.as_ref().map(|hook| hook.load(&mut *store, instance)).transpose()?;
                self.hooks.naming.as_ref().map(|hook| hook.load(&mut *store, instance)).transpose()?;
                self.hooks.post_pack.as_ref().map(|hook| hook.load(&mut *store, instance)).transpose()?;
                self.hooks.validation.load(&mut *store, instance)
            };
            let guest = match { typed }() {
                Ok(guest) => guest,
                Err(error) => return Ok(Err(misfit(error))),
            };
            guest.call_validate(store).map(Ok)
        })??;
        match answer {
            Ok(()) => Ok(run.end()),
            Err(error) => Err(PluginError::Configuration {
                plugin: self.name.to_string(),
                code: run.hear(&error.code)?,
                message: run.hear(&error.message)?,
            }),
        }
    }
}
