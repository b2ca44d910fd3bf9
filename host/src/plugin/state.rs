//! What a store holds: the host's side of one run.

use std::sync::Arc;

use wasmtime::component::ResourceTable;

use super::imports::draft::Draft;
use super::imports::report::Said;
use super::limits::{Breach, Limit, Limits, MemoryMeter};
use super::remembered::Remembered;
use super::view::{TreeView, Trees};
use super::wasi::Wasi;
use crate::progress::Warning;

/// One run.
pub(super) struct State {
    /// The plugin's name in the configuration.
    pub plugin: Arc<str>,
    /// The flist that is built: its own tree needs no grant.
    pub flist: String,
    /// The trees that may be opened besides.
    pub grants: Arc<[String]>,
    pub trees: Trees,
    pub limits: Arc<Limits>,
    pub table: ResourceTable,
    pub memory: MemoryMeter,
    pub modules: Arc<Remembered>,
    /// What a post-pack hook works on.
    pub draft: Option<Draft>,
    /// How many entries it was called with.
    pub entries: usize,
    pub said: Said,
    pub warnings: Vec<Warning>,
    /// What was said in this call, in bytes.
    pub logged: u64,
    /// What was read in this run, in bytes.
    pub read: u64,
    /// Bytes that went to the plugin.
    pub bytes_in: u64,
    /// Bytes that came from it.
    pub bytes_out: u64,
    pub wasi: Wasi,
}

impl State {
    /// Fails where `amount` is more than the limit.
    pub fn check(&self, limit: Limit, amount: u64) -> wasmtime::Result<()> {
        if amount > limit.amount(&self.limits) {
            return Err(Breach(limit).into());
        }
        Ok(())
    }

    /// Counts what is about to be read.
    pub fn charge_read(&mut self, bytes: u64) -> wasmtime::Result<()> {
        self.read = self.read.saturating_add(bytes);
        self.check(Limit::Read, self.read)
    }

    /// A tree, unless it is not granted; the error is code and message.
    pub fn open_tree(&self, name: &str) -> Result<Arc<dyn TreeView>, (&'static str, String)> {
        if name != self.flist && !self.grants.iter().any(|grant| grant == name) {
            let shown = super::error::clean(name);
            let message = format!(
                "the tree of flist `{shown}` is not granted to this plugin; add \"{shown}\" to its `trees` in config/flistry.toml"
            );
            return Err(("not-granted", message));
        }
        let tree = self.trees.by_name.get(name).cloned();
        tree.ok_or_else(|| ("no-such-tree", format!("there is no tree of an flist `{name}` in this build")))
    }
}
