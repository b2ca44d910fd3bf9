//! `report`: what a plugin has to say beside its answer.

use std::collections::BTreeMap;

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::report::Host;
use crate::plugin::error::{Misuse, clean};
use crate::plugin::limits::Limit;

/// Bytes of the longest key of a finding.
const MAX_KEY: usize = 64;

/// What was said in a run.
pub struct ReportState {
    /// How many entries the hook was called with: those that it may speak of.
    entries: usize,
    /// The last reason for each entry.
    pub reasons: BTreeMap<u32, String>,
    /// Key and value, in order.
    pub findings: Vec<(String, String)>,
    /// How often the plugin spoke.
    count: u64,
}

impl ReportState {
    pub fn new(entries: usize) -> ReportState {
        ReportState { entries, reasons: BTreeMap::new(), findings: Vec::new(), count: 0 }
    }
}

impl Context<'_, ReportState> {
    fn count(&mut self, text: &str) -> wasmtime::Result<()> {
        self.meter.bytes_out += text.len() as u64;
        self.own.count += 1;
        self.secrecy.check(text)?;
        self.meter.check(Limit::Reason, text.len() as u64)?;
        self.meter.check(Limit::Operations, self.own.count)
    }
}

impl Host for Context<'_, ReportState> {
    fn explain(&mut self, entry: u32, reason: String) -> wasmtime::Result<()> {
        self.count(&reason)?;
        self.meter.charge(Limit::TotalReasons, reason.len() as u64)?;
        if entry as usize >= self.own.entries {
            return Err(Misuse(format!("it explains entry {entry}, which does not exist")).into());
        }
        self.own.reasons.insert(entry, clean(&reason));
        Ok(())
    }

    fn finding(&mut self, key: String, value: String) -> wasmtime::Result<()> {
        self.count(&value)?;
        self.meter.charge(Limit::TotalFindings, (key.len() + value.len()) as u64)?;
        self.secrecy.check(&key)?;
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Misuse(format!("a finding's key has 1 to {MAX_KEY} bytes")).into());
        }
        self.own.findings.push((clean(&key), clean(&value)));
        Ok(())
    }
}
