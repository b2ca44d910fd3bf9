//! `report`: what a plugin has to say beside its answer.

use std::collections::BTreeMap;

use super::super::bindings::flistry::plugin::report::Host;
use super::super::error::clean;
use super::super::limits::Limit;
use super::super::state::State;

/// Bytes of the longest key of a finding.
const MOST_KEY: usize = 64;

/// What was said in a run.
#[derive(Default)]
pub struct Said {
    /// The last reason for each entry.
    pub reasons: BTreeMap<u32, String>,
    /// Key and value, in order.
    pub findings: Vec<(String, String)>,
    /// How often the plugin spoke.
    count: u64,
}

impl State {
    fn said(&mut self, text: &str) -> wasmtime::Result<()> {
        self.bytes_out += text.len() as u64;
        self.said.count += 1;
        self.check(Limit::Reason, text.len() as u64)?;
        self.check(Limit::Operations, self.said.count)
    }
}

impl Host for State {
    fn explain(&mut self, entry: u32, reason: String) -> wasmtime::Result<()> {
        self.said(&reason)?;
        if entry as usize >= self.entries {
            return Err(super::super::run::Fault(format!("it explains entry {entry}, which there is not")).into());
        }
        self.said.reasons.insert(entry, clean(&reason));
        Ok(())
    }

    fn finding(&mut self, key: String, value: String) -> wasmtime::Result<()> {
        self.said(&value)?;
        if key.is_empty() || key.len() > MOST_KEY {
            return Err(super::super::run::Fault(format!("a finding's key has 1 to {MOST_KEY} bytes")).into());
        }
        self.said.findings.push((clean(&key), clean(&value)));
        Ok(())
    }
}
