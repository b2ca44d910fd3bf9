//! The naming hook.

use std::collections::BTreeSet;

use flistry_common::names::is_plain;

use super::error::{PluginError, clean};
use super::facts::BuildFacts;
use super::hook::Hook;
use super::limits::Limit;
use super::load::Plugin;
use super::run::{Account, Run};
use super::view::Trees;
use crate::manifest::name::FlistName;

/// No flist needs more aliases; each is a file.
const MAX_ALIASES: usize = 64;

/// An flist's names, fit for files, keys and scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlistNames {
    /// The manifest's file name.
    pub file: FlistName,
    /// Other names for it; all different.
    pub aliases: Vec<FlistName>,
    /// A line for people; not empty.
    pub title: Option<String>,
}

impl Plugin {
    /// Asks for the names.
    ///
    /// # Errors
    /// Where the plugin fails, or what it answers can't be a name.
    pub fn name(&self, facts: &BuildFacts, trees: &Trees) -> Result<(FlistNames, Account), PluginError> {
        let hook = self.hooks.naming.as_ref().ok_or_else(|| self.no_hook(Hook::Naming))?;
        let mut run = Run::begin(self, Hook::Naming.as_str(), Some(facts), trees, 0)?;
        let naming = run.call(|store, instance| hook.load(store, instance))?;
        let names = run.call(|store, _| naming.call_name(store))?;
        let names = names.map_err(|error| run.refused(error, &[]))?;

        if names.aliases.len() > MAX_ALIASES {
            return Err(
                run.bad_answer(format!("it wants {} aliases; at most {MAX_ALIASES} are allowed", names.aliases.len()))
            );
        }
        let title = names.title.filter(|title| !title.is_empty());
        let title_len = title.as_ref().map_or(0, String::len);
        run.check(Limit::Tag, title_len as u64)?;
        let valid = |name: &String| {
            run.hear(name)?;
            FlistName::new(name).map_err(|error| {
                let what = format!("{error}: {}", error.hint());
                bad_name(&run, facts, name, &what, |value| !is_plain(value))
            })
        };
        let file = valid(&names.file)?;
        let aliases = names.aliases.iter().map(valid).collect::<Result<Vec<_>, _>>()?;
        let mut taken = BTreeSet::from([&file]);
        if let Some(twice) = aliases.iter().find(|alias| !taken.insert(alias)) {
            let what = format!("it gives the name `{twice}` twice");
            return Err(bad_name(&run, facts, twice.as_str(), &what, |_| true));
        }
        let texts = aliases.iter().chain([&file]).map(|name| name.as_str().len()).sum::<usize>() + title_len;
        run.take(texts as u64);
        let title = title.map(|title| run.hear(&title)).transpose()?;
        Ok((FlistNames { file, aliases, title }, run.end()))
    }
}

/// What is wrong with a name: the fault of a variable whose value stands in it, if it is one that `spoils` names; else the
/// plugin's.
fn bad_name(run: &Run<'_>, facts: &BuildFacts, name: &str, what: &str, spoils: impl Fn(&str) -> bool) -> PluginError {
    let in_name = |(_, value): &(&String, &String)| !value.is_empty() && name.contains(value.as_str()) && spoils(value);
    // Of several the longest: a short one may stand there by chance.
    match facts.variables.iter().filter(in_name).max_by_key(|(_, value)| value.len()) {
        Some((variable, value)) => run.bad_variable(clean(what), variable, value),
        None => run.bad_answer(clean(what)),
    }
}
