//! `flistry plugin check`: proving that a component fits, without a build of flists.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use flistry::error::Error;
use flistry::plugin::PluginError;
use flistry::printable::Printable;
use flistry::tree::FlistKind;
use serde::Serialize;

use super::component::ComponentArgs;
use super::description::Description;
use super::hooks::{facts, run_hooks};
use super::trial::Trial;
use crate::cli::context::CommandContext;
use crate::cli::outcome::Outcome;
use crate::cli::style::bytes;

#[derive(clap::Args)]
pub struct CheckPluginArgs {
    #[command(flatten)]
    component: ComponentArgs,
}

#[derive(Serialize)]
pub struct CheckOutcome {
    #[serde(flatten)]
    description: Description,
    result: CheckResult,
}

/// What came of running the component on a small plain tree.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It answered, twice the same.
    Used { fuel: u64, peak_memory: u64 },
    /// It does not take such a tree, which is an answer, too.
    Refused(String),
    /// It was not run, because it needs a configuration.
    NotRun(String),
}

pub fn run(args: CheckPluginArgs, context: &CommandContext) -> Result<CheckOutcome, Error> {
    check(&args.component, context)
}

/// Checks a component; one that needs a configuration is only described.
pub fn check_if_configured(args: &ComponentArgs, context: &CommandContext) -> Result<CheckOutcome, Error> {
    match check(args, context) {
        Err(Error::Plugin(error)) if matches!(*error, PluginError::Configuration { .. }) => {
            let description = Description::of(&args.load(&[], context)?, &args.component);
            Ok(CheckOutcome { description, result: CheckResult::NotRun(error.to_string()) })
        }
        other => other,
    }
}

fn check(args: &ComponentArgs, context: &CommandContext) -> Result<CheckOutcome, Error> {
    let plugin = args.load(&[], context)?;
    plugin.validate()?;
    // A tree of its own: what is proven must not depend on where the command runs.
    let scratch = tempfile::tempdir().map_err(|error| Error::Write { path: std::env::temp_dir(), error })?;
    for (name, text) in [("a", "1"), ("b/c", "22"), ("b/d.ko", "333")] {
        let path = scratch.path().join(name);
        let written =
            std::fs::create_dir_all(path.parent().unwrap_or(scratch.path())).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| Error::Write { path, error })?;
    }
    let facts = facts("modules", FlistKind::Plain, "6.12.44-Zero-OS", BTreeMap::new());
    let first = answer(run_hooks(&plugin, facts.clone(), &context.project, scratch.path(), &[]))?;
    let second = answer(run_hooks(&plugin, facts, &context.project, scratch.path(), &[]))?;
    if first.as_ref().map(Trial::without_seconds) != second.as_ref().map(Trial::without_seconds) {
        return Err(Error::Usage {
            what: format!("{} gives other answers to the same questions", args.component),
            hint: "a plugin must not depend on a clock, on random numbers or on the order of a hash map".into(),
        });
    }
    let result = match first {
        Ok(trial) => CheckResult::Used { fuel: trial.fuel(), peak_memory: trial.peak_memory() },
        Err(refusal) => CheckResult::Refused(refusal),
    };
    Ok(CheckOutcome { description: Description::of(&plugin, &args.component), result })
}

/// Takes a plugin's refusal for an answer.
fn answer(run: Result<Trial, Error>) -> Result<Result<Trial, String>, Error> {
    match run {
        Ok(trial) => Ok(Ok(trial)),
        Err(Error::Plugin(error)) => match &*error {
            PluginError::Refused { message, code, .. } => Ok(Err(format!("{message} ({code})"))),
            _ => Err(Error::Plugin(error)),
        },
        Err(error) => Err(error),
    }
}

impl Outcome for CheckOutcome {}

impl Display for CheckOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.result {
            CheckResult::Used { fuel, peak_memory } => {
                writeln!(f, "{:<12} {fuel} fuel, {} of memory", "used", bytes(*peak_memory))?;
            }
            CheckResult::Refused(message) => {
                writeln!(f, "{:<12} it refuses the small plain tree of this check: {}", "answer", Printable(message))?;
            }
            CheckResult::NotRun(why) => {
                writeln!(f, "{:<12} not run: {why}; `flistry plugin check --config` runs it", "answer")?;
            }
        }
        self.description.fmt(f)
    }
}
