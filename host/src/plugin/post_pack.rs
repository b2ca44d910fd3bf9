//! The post-pack hook: collects operations, which `operations` carries out.

use std::collections::BTreeMap;

use wasmtime::component::Resource;

use super::error::PluginError;
use super::facts::BuildFacts;
use super::hook::Hook;
use super::load::Plugin;
use super::operations::Operation;
use super::resources::Draft;
use super::run::{Account, Run};
use super::view::{EntryView, Trees};

impl Plugin {
    /// Asks what is to be changed. An entry's id is its place in `entries`.
    ///
    /// # Errors
    /// Where the plugin fails. Whether the operations can be carried out, [`apply`](super::apply) says.
    pub fn edit(
        &self,
        facts: &BuildFacts,
        trees: &Trees,
        entries: &[EntryView],
        tags: &BTreeMap<String, String>,
    ) -> Result<(Vec<Operation>, Account), PluginError> {
        let hook = self.hooks.post_pack.as_ref().ok_or_else(|| self.no_hook(Hook::PostPack))?;
        let mut run = Run::begin(self, Hook::PostPack.as_str(), Some(facts), trees, entries.len())?;
        let post_pack = run.call(|store, instance| hook.load(store, instance))?;
        let draft = run.lend(Draft { entries: entries.into(), tags: tags.clone(), operations: Vec::new() })?;
        let borrowed = Resource::new_borrow(draft.rep());
        run.call(|store, _| post_pack.call_edit(store, borrowed))?.map_err(|error| run.refused(error, entries))?;
        let operations = run.take_back(draft)?.operations;
        Ok((operations, run.end()))
    }
}
