//! The filter hook: one instance for a whole run, asked batch by batch.

use super::bindings::exports::flistry::plugin::filter as guest;
use super::error::{PluginError, clean};
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
    /// Asks for every entry but the root, which is always kept. An entry's id is its place in `entries`; the tree
    /// of the flist's own name in `trees` must have the same ones.
    ///
    /// # Errors
    /// Where the plugin fails, or its verdicts are not one for each entry.
    pub fn filter(
        &self,
        facts: &BuildFacts,
        trees: &Trees,
        entries: &[EntryView],
    ) -> Result<(Vec<Verdict>, Account), PluginError> {
        let hook = self.hooks.filter.as_ref().ok_or_else(|| self.no_hook(Hook::Filter))?;
        let mut run = Run::begin(self, Hook::Filter.as_str(), Some(facts), trees, entries.len())?;
        let filter = run.call(|store, instance| hook.load(store, instance))?;
        let facts = facts.to_wit();
        run.call(|store, _| filter.call_begin(store, &facts, &self.config))?.map_err(|e| run.refused(e, entries))?;

        let mut verdicts: Vec<Option<Verdict>> = vec![None; entries.len()];
        if let Some(root) = verdicts.first_mut() {
            *root = Some(Verdict::Keep);
        }
        let mut from = 1;
        while from < entries.len() {
            let to = entries.len().min(from + MAX_ENTRIES_AT_ONCE as usize);
            let batch: Vec<_> = (from..to).map(|id| entries[id].to_wit(id as u32)).collect();
            run.give(entries[from..to].iter().map(EntryView::bytes).sum());
            let answer = run.call(|store, _| filter.call_decide(store, &batch))?;
            let answer = answer.map_err(|error| run.refused(error, entries))?;
            take(&mut run, answer, from..to, entries, &mut verdicts)?;
            from = to;
        }
        let verdicts = verdicts.into_iter().flatten().collect();
        Ok((verdicts, run.end()))
    }
}

/// Takes a batch's verdicts: exactly one for each entry of it.
fn take(
    run: &mut Run<'_>,
    answer: Vec<(u32, guest::Verdict)>,
    batch: std::ops::Range<usize>,
    entries: &[EntryView],
    verdicts: &mut [Option<Verdict>],
) -> Result<(), PluginError> {
    for (id, verdict) in answer {
        let at = id as usize;
        if !batch.contains(&at) {
            return Err(run.bad_answer(format!("it gave a verdict for entry {id}, which it was not asked for")));
        }
        if verdicts[at].is_some() {
            return Err(run.bad_answer(format!("it gave two verdicts for /{}", entries[at].path)));
        }
        verdicts[at] = Some(match verdict {
            guest::Verdict::Keep => Verdict::Keep,
            guest::Verdict::Drop(reason) => {
                run.check(Limit::Reason, reason.len() as u64)?;
                run.take(reason.len() as u64);
                Verdict::Drop(clean(&reason))
            }
        });
        run.take(5);
    }
    match batch.into_iter().find(|at| verdicts[*at].is_none()) {
        Some(at) => Err(run.bad_answer(format!("it gave no verdict for /{}", entries[at].path))),
        None => Ok(()),
    }
}
