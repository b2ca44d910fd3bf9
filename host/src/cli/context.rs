//! What every command works with: the project, the environment, and where progress is shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flistry::config::{Config, Environment};
use flistry::error::Error;
use flistry::plugin::Compiler;
use flistry::progress::Progress;
use time::UtcDateTime;

use super::terminal::Terminal;

/// This program, also where its file was replaced since it started.
const THIS_PROGRAM: &str = "/proc/self/exe";

pub struct CommandContext {
    pub project: PathBuf,
    pub environment: Environment,
    pub terminal: Terminal,
}

impl CommandContext {
    pub fn new(project: PathBuf, environment: BTreeMap<String, String>, terminal: Terminal) -> Self {
        CommandContext { project, environment: Environment(environment), terminal }
    }

    /// The project's configuration. What it warns of is shown.
    pub fn config(&self) -> Result<Config, Error> {
        let config = self.quiet_config()?;
        config.warnings.iter().for_each(|warning| self.terminal.warn(warning.clone()));
        Ok(config)
    }

    /// The project's configuration, for a command that only makes use of it where there is one.
    pub fn quiet_config(&self) -> Result<Config, Error> {
        let mut config = Config::load(&self.project, &self.environment, UtcDateTime::now())?;
        config.plugin_compiler = compiler();
        Ok(config)
    }

    /// An environment variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What compiles plugins for every command.
pub fn compiler() -> Compiler {
    Compiler::Program(THIS_PROGRAM.into())
}
