//! The filter hook: one filter for a whole run, asked batch by batch.

use super::bindings::exports::flistry::plugin::filter as guest;
use super::error::PluginError;
use super::facts::BuildFacts;
use super::hook::Hook;
use super::limits::Limit;
use super::load::Plugin;
use super::run::{Account, Run};
use super::view::{EntryView, Trees};
use super::wire::MAX_ENTRIES_AT_ONCE;

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes in.
    Keep,
    /// It is left out, for this reason.
    Drop(String),
}

impl Plugin {
    /// Asks for a verdict on every entry but the root, which is always kept. An entry's id is its place in `entries`; the
    /// tree of the flist's own name in `trees` must have the same ones.
    ///
    /// # Errors
    /// Where the plugin fails, or does not answer with one verdict for each entry.
    pub fn filter(
        &self,
        facts: &BuildFacts,
        trees: &Trees,
        entries: &[EntryView],
    ) -> Result<(Vec<Verdict>, Account), PluginError> {
        let hook = self.hooks.filter.as_ref().ok_or_else(|| self.no_hook(Hook::Filter))?;
        let mut run = Run::begin(self, Hook::Filter.as_str(), Some(facts), trees, entries.len())?;
        let interface = run.call(|store, instance| hook.load(store, instance))?;
        // It goes with the store: its destructor has nothing to do that outlasts the run.
        let filter = run.call(|store, _| interface.filter().call_create(store))?;
        let filter = filter.map_err(|error| run.refused(error, entries))?;

        let mut verdicts: Vec<Verdict> = entries.first().map(|_| Verdict::Keep).into_iter().collect();
        while verdicts.len() < entries.len() {
            let from = verdicts.len();
            let asked = &entries[from..entries.len().min(from + MAX_ENTRIES_AT_ONCE as usize)];
            let batch: Vec<_> = asked.iter().zip(from as u32..).map(|(entry, id)| entry.to_wit(id)).collect();
            run.give(asked.iter().map(EntryView::bytes).sum());
            let answer = run.call(|store, _| interface.filter().call_decide(store, filter, &batch))?;
            let answer = answer.map_err(|error| run.refused(error, entries))?;
            if answer.len() != asked.len() {
                return Err(run.bad_answer(format!("it gave {} verdicts on {} entries", answer.len(), asked.len())));
            }
            for verdict in answer {
                verdicts.push(take(&mut run, verdict)?);
            }
        }
        Ok((verdicts, run.end()))
    }
}

fn take(run: &mut Run<'_>, verdict: guest::Verdict) -> Result<Verdict, PluginError> {
    // What the case takes in the answer.
    run.take(1);
    match verdict {
        guest::Verdict::Keep => Ok(Verdict::Keep),
        guest::Verdict::Drop(reason) => {
            run.check(Limit::Reason, reason.len() as u64)?;
            run.charge(Limit::TotalReasons, reason.len() as u64)?;
            run.take(reason.len() as u64);
            Ok(Verdict::Drop(run.hear(&reason)?))
        }
    }
}
