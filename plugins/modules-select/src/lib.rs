//! Selects kernel modules, and keeps what they need: hard, soft and weak dependencies, again and again until nothing is
//! missing. Everything else of the tree, such as `modules.order` and `modules.builtin`, is kept; the host makes the indexes
//! again.
//!
//! | setting | says |
//! |---|---|
//! | `rules = [{ include = SELECTOR }, { exclude = SELECTOR }]` | what is selected; of the rules that match a module the last one decides |
//! | `list` | the text of a list file, put here by `config-files = { list = "PATH" }`; without a rule on `listed` modules it is the first rule |
//! | `strict = true` | what matches nothing is an error, not a finding |
//! | `runtime = "include"` | what modules ask for while they run comes along; `"report"`: it is only found, `"off"`: it is not looked for |
//!
//! A selector is a table with one key, its value a text or a list of texts:
//!
//! | selector | matches |
//! |---|---|
//! | `path = "kernel/**/e1000*.ko"` | modules by a glob on their paths, compressed or not; a directory takes its contents along |
//! | `directory = "kernel/drivers/net"` | all modules below |
//! | `name = "snd_*"` | modules by a glob on their names, `-` and `_` being the same |
//! | `alias = "pci:v00008086*"` | modules with an alias that the pattern matches, or that matches it: a device's modalias |
//! | `listed = "stage1"` | what the list names in this stage; `*` for all its lines |
//!
//! What no rule matches is selected where the first rule excludes, and not where it includes. What is excluded and needed
//! all the same is kept, with a finding. Without rules and list everything is kept.

mod closure;
mod config;
mod list;
mod rules;
mod runtime;
mod selection;
#[cfg(test)]
mod tests;
mod tree;

use flistry_plugin::symlinks::modules_places;
use flistry_plugin::{Entry, Error, Facts, Filter, Plugin, Verdict, export, log, report, trees};

use config::Config;
use selection::{Fate, Selection};

/// The plugin; nothing is selected where nothing is configured.
struct ModulesSelect(Option<Selection>);

impl Plugin for ModulesSelect {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        config.choice().map(|_| ())
    }
}

impl Filter for ModulesSelect {
    fn new(facts: &Facts, config: Config) -> Result<Self, Error> {
        if facts.contents != "modules" {
            let what = format!(
                "it selects kernel modules, and [flist.{}] has `contents = \"{}\"`: take it out of the filters there",
                facts.flist, facts.contents
            );
            return Err(Error::new("not-modules", what));
        }
        let Some(choice) = config.choice()? else {
            report::finding("selected", "every module: neither rules nor a list are configured");
            return Ok(ModulesSelect(None));
        };
        let places: Vec<String> = modules_places(&facts.kernel).into_iter().chain(facts.mount.clone()).collect();
        let selection = Selection::make(&trees::open(&facts.flist)?, &places, &choice)?;
        for (key, value) in &selection.findings {
            report::finding(key, value);
        }
        selection.warnings().iter().for_each(|warning| log::warn(warning));
        Ok(ModulesSelect(Some(selection)))
    }

    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
        let fate = self.0.as_ref().and_then(|selection| selection.fates.get(entry.id as usize));
        Ok(match fate {
            Some(Fate::Drop(reason)) => Verdict::drop(reason),
            Some(Fate::KeepBecause(reason)) => {
                report::explain(entry, reason);
                Verdict::Keep
            }
            Some(Fate::Keep) | None => Verdict::Keep,
        })
    }
}

export!(ModulesSelect: filter);
