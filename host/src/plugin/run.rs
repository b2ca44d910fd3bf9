//! One run of a plugin: a fresh store, an instance, calls, and what they used.

use std::collections::BTreeMap;
use std::time::Instant;

use wasmtime::component::{Instance, Resource};
use wasmtime::{Store, Trap};

use super::bindings::flistry::plugin::types;
use super::engine::EPOCH;
use super::error::{Misuse, PluginError, clean};
use super::facts::BuildFacts;
use super::imports::{BuildState, ConfigurationState, LogState, ModuleInfoState, ReportState, TreesState};
use super::limits::{Breach, Limit};
use super::load::Plugin;
use super::resources::Draft;
use super::secrecy::Leak;
use super::state::{Answers, State};
use super::view::{EntryView, Trees};
use crate::progress::Warning;

/// What a run used.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// Fuel of all its calls; the same in every run of the same input.
    pub fuel: u64,
    /// The most bytes that its memories and tables had together.
    pub peak_memory: u64,
    /// Bytes that it was given: entries, files, answers.
    pub bytes_in: u64,
    /// Bytes that it gave: verdicts, operations, lines of log.
    pub bytes_out: u64,
    /// Wall clock seconds, with its instantiation.
    pub seconds: f64,
}

/// What a run leaves beside its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// What it used.
    pub usage: Usage,
    /// What it warned of.
    pub warnings: Vec<Warning>,
    /// Why an entry is what it is, by the entry's id.
    pub reasons: BTreeMap<u32, String>,
    /// What it found: key and value, in the plugin's order.
    pub findings: Vec<(String, String)>,
}

/// A run in progress. It ends with the first error: a store is of no use after a trap.
pub(super) struct Run<'a> {
    plugin: &'a Plugin,
    hook: &'static str,
    store: Store<State>,
    instance: Instance,
    begun: Instant,
    fuel: u64,
}

impl<'a> Run<'a> {
    /// Instantiates the plugin. Its entries have the ids below `entries`.
    pub fn begin(
        plugin: &'a Plugin,
        hook: &'static str,
        facts: Option<&BuildFacts>,
        trees: &Trees,
        entries: usize,
    ) -> Result<Run<'a>, PluginError> {
        let begun = Instant::now();
        let limits = &plugin.limits;
        let answers = Answers {
            log: LogState::new(plugin.name.clone()),
            build: BuildState(facts.cloned()),
            configuration: ConfigurationState(plugin.config.clone()),
            trees: TreesState {
                flist: facts.map(|facts| facts.flist.clone()).unwrap_or_default(),
                grants: plugin.grants.clone(),
                trees: trees.clone(),
            },
            module_info: ModuleInfoState::new(plugin.shared.modules.clone(), plugin.shared.kernel.clone()),
            report: ReportState::new(entries),
        };
        let state = State::new(limits, plugin.shared.secrecy.clone(), answers);
        let mut store = Store::new(&plugin.shared.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(usize::try_from(limits.call_bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        let mut fuel = 0;
        let instance = metered(plugin, hook, &mut store, &mut fuel, |store| plugin.pre.instantiate(store))?;
        Ok(Run { plugin, hook, store, instance, begun, fuel })
    }

    /// Calls into the instance, with fuel, time and log of one call.
    pub fn call<R>(
        &mut self,
        work: impl FnOnce(&mut Store<State>, &Instance) -> wasmtime::Result<R>,
    ) -> Result<R, PluginError> {
        let instance = &self.instance;
        metered(self.plugin, self.hook, &mut self.store, &mut self.fuel, |store| work(store, instance))
    }

    /// Gives the plugin something to work on, of which it gets the handle.
    pub fn lend(&mut self, draft: Draft) -> Result<Resource<Draft>, PluginError> {
        let handle = self.store.data_mut().handles.push(draft);
        handle.map_err(|error| failure(self.plugin, self.hook, &error.into()))
    }

    /// Takes it back.
    pub fn take_back(&mut self, handle: Resource<Draft>) -> Result<Draft, PluginError> {
        let draft = self.store.data_mut().handles.delete(handle);
        draft.map_err(|error| failure(self.plugin, self.hook, &error.into()))
    }

    /// Counts bytes that go to the plugin beside its calls.
    pub fn give(&mut self, bytes: u64) {
        self.store.data_mut().meter.bytes_in += bytes;
    }

    /// Counts bytes of its answer.
    pub fn take(&mut self, bytes: u64) {
        self.store.data_mut().meter.bytes_out += bytes;
    }

    /// What the plugin says, fit to be shown and written.
    pub fn hear(&self, said: &str) -> Result<String, PluginError> {
        match self.plugin.shared.secrecy.check(said) {
            Ok(()) => Ok(clean(said)),
            Err(leak) => Err(failure(self.plugin, self.hook, &leak.into())),
        }
    }

    /// The plugin's own error as ours; `entries` are those that its entry is one of.
    pub fn refused(&self, error: types::Error, entries: &[EntryView]) -> PluginError {
        let (code, message) = match (self.hear(&error.code), self.hear(&error.message)) {
            (Ok(code), Ok(message)) => (code, message),
            (Err(leak), _) | (_, Err(leak)) => return leak,
        };
        PluginError::Refused {
            plugin: self.plugin.name.to_string(),
            hook: self.hook,
            code,
            message,
            entry: error.entry.and_then(|id| entries.get(id as usize)).map(|entry| clean(&entry.path)),
        }
    }

    /// The error of an answer that makes no sense.
    pub fn bad_answer(&self, what: impl Into<String>) -> PluginError {
        let what = what.into();
        match self.hear(&what) {
            Ok(_) => PluginError::Answer { plugin: self.plugin.name.to_string(), hook: self.hook, what },
            Err(leak) => leak,
        }
    }

    /// The error of a name that a variable of the configuration spoils.
    pub fn bad_variable(&self, what: String, variable: &str, value: &str) -> PluginError {
        let (variable, value) = (variable.to_owned(), clean(value));
        PluginError::Variable { plugin: self.plugin.name.to_string(), what, variable, value }
    }

    /// A limit that an answer reached.
    pub fn check(&mut self, limit: Limit, amount: u64) -> Result<(), PluginError> {
        let checked = self.store.data().meter.check(limit, amount);
        checked.map_err(|error| failure(self.plugin, self.hook, &error))
    }

    /// Counts what is limited for the whole run.
    pub fn charge(&mut self, limit: Limit, amount: u64) -> Result<(), PluginError> {
        let charged = self.store.data_mut().meter.charge(limit, amount);
        charged.map_err(|error| failure(self.plugin, self.hook, &error))
    }

    /// Ends the run.
    pub fn end(self) -> Account {
        let mut state = self.store.into_data();
        state.wasi().flush();
        let usage = Usage {
            fuel: self.fuel,
            peak_memory: state.memory.peak,
            bytes_in: state.meter.bytes_in,
            bytes_out: state.meter.bytes_out,
            seconds: self.begun.elapsed().as_secs_f64(),
        };
        let State { answers: Answers { log, report, .. }, .. } = state;
        Account { usage, warnings: log.warnings, reasons: report.reasons, findings: report.findings }
    }
}

fn metered<R>(
    plugin: &Plugin,
    hook: &'static str,
    store: &mut Store<State>,
    used: &mut u64,
    work: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
) -> Result<R, PluginError> {
    let fuel = plugin.limits.fuel;
    let epochs = plugin.limits.wall_seconds.saturating_mul(1000) / EPOCH.as_millis() as u64;
    // The present epoch is under way: without the one more, a deadline could be early.
    store.set_epoch_deadline(epochs.saturating_add(1));
    store.data_mut().answers.log.begin_call();
    let answer = store.set_fuel(fuel).and_then(|()| work(store));
    *used += fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    answer.map_err(|error| match failure(plugin, hook, &error) {
        PluginError::Trap { plugin, hook, what } => {
            PluginError::Trap { what: with_last_words(what, &plugin, &store.data().answers.log.warnings), plugin, hook }
        }
        other => other,
    })
}

/// A trap says only that it was one; the SDK has a panic's message warned of before.
fn with_last_words(what: String, plugin: &str, warnings: &[Warning]) -> String {
    match warnings.last() {
        Some(last) => {
            let last = last.what.strip_prefix(&format!("plugin `{plugin}`: ")).unwrap_or(&last.what);
            format!("{what}; it said last: {last}")
        }
        None => what,
    }
}

/// Tells limits from crashes.
fn failure(plugin: &Plugin, hook: &'static str, error: &wasmtime::Error) -> PluginError {
    let limit = |limit| PluginError::limit(&plugin.name, hook, Breach(limit), &plugin.limits);
    if let Some(Breach(reached)) = error.downcast_ref::<Breach>() {
        return limit(*reached);
    }
    if let Some(Leak(whose)) = error.downcast_ref() {
        return PluginError::Leak { plugin: plugin.name.to_string(), hook, whose };
    }
    if let Some(wasmtime::component::ResourceTableError::Full) = error.downcast_ref() {
        return limit(Limit::Handles);
    }
    if let Some(Misuse(what)) = error.downcast_ref() {
        return PluginError::Answer { plugin: plugin.name.to_string(), hook, what: what.clone() };
    }
    let root = error.root_cause().to_string();
    // These two have no public type.
    if root.contains("fuel allocated for hostcalls has been exhausted") {
        return limit(Limit::Call);
    }
    if root.contains("store handle limit exceeded") {
        return limit(Limit::Handles);
    }
    let what = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return limit(Limit::Fuel),
        Some(Trap::Interrupt) => return limit(Limit::WallClock),
        Some(Trap::StackOverflow) => "it called itself without end".to_owned(),
        Some(Trap::UnreachableCodeReached) => "it stopped itself, mostly the end of a panic".to_owned(),
        Some(Trap::MemoryOutOfBounds) => "it reached outside its memory, as calling itself without end does".to_owned(),
        Some(trap) => trap.to_string(),
        None => root,
    };
    PluginError::Trap { plugin: plugin.name.to_string(), hook, what: clean(&what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_comes_with_what_was_said_last() {
        let said = |warnings: &[Warning]| with_last_words("it stopped itself".to_owned(), "p", warnings);
        assert_eq!(said(&[]), "it stopped itself");
        let warnings = ["plugin `p`: first", "plugin `p`: panicked at src/lib.rs:28"].map(Warning::bare);
        assert_eq!(said(&warnings), "it stopped itself; it said last: panicked at src/lib.rs:28");
    }
}
