//! What a run has used so far, held against its limits.

use std::collections::HashMap;
use std::sync::Arc;

use super::limits::{Breach, Limit, Limits};

/// The accounts of one run.
pub(super) struct Meter {
    limits: Arc<Limits>,
    /// Bytes that went to the plugin.
    pub bytes_in: u64,
    /// Bytes that came from it.
    pub bytes_out: u64,
    /// What counts for a whole run.
    totals: HashMap<Limit, u64>,
}

impl Meter {
    pub fn new(limits: Arc<Limits>) -> Meter {
        Meter { limits, bytes_in: 0, bytes_out: 0, totals: HashMap::new() }
    }

    /// Fails where `amount` is more than the limit.
    pub fn check(&self, limit: Limit, amount: u64) -> wasmtime::Result<()> {
        if amount > limit.amount(&self.limits) {
            return Err(Breach(limit).into());
        }
        Ok(())
    }

    /// Counts what is limited for a whole run.
    pub fn charge(&mut self, limit: Limit, amount: u64) -> wasmtime::Result<()> {
        let total = self.totals.entry(limit).or_default();
        *total = total.saturating_add(amount);
        let total = *total;
        self.check(limit, total)
    }

    /// Counts what is about to be read from a tree.
    pub fn charge_read(&mut self, bytes: u64) -> wasmtime::Result<()> {
        self.charge(Limit::Read, bytes)
    }
}
