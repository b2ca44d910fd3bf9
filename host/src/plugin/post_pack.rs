//! The post-pack hook: collects operations, which `operations` carries out.

use std::collections::BTreeMap;

use wasmtime::component::Resource;

use super::imports::draft::Draft;
use super::load::{Hook, Plugin};
use super::operations::Operation;
use super::run::{Run, shared};
use super::{Account, EntryView, Facts, PluginError, Trees};

impl Plugin {
    /// Asks what is to be changed. An entry's id is its place in `entries`.
    ///
    /// # Errors
    /// Where the plugin fails. Whether the operations can be carried out, [`apply`](super::apply) says.
    pub fn edit(
        &self,
        facts: &Facts,
        trees: &Trees,
        entries: &[EntryView],
        tags: &BTreeMap<String, String>,
    ) -> Result<(Vec<Operation>, Account), PluginError> {
        let hook = self.hooks.post_pack.as_ref().ok_or_else(|| self.no_hook(Hook::PostPack))?;
        let draft = Draft { entries: shared(entries), tags: tags.clone(), operations: Vec::new() };
        let mut run = Run::begin(self, Hook::PostPack.as_str(), Some(facts), trees, entries.len(), Some(draft))?;
        let post_pack = run.call(|store, instance| hook.load(store, instance))?;
        let (facts, manifest) = (facts.to_wit(), run.manifest()?);
        let borrowed = Resource::new_borrow(manifest.rep());
        run.call(|store, _| post_pack.call_edit(store, &facts, &self.config, borrowed))?
            .map_err(|error| run.refused(error, entries))?;
        let (state, account) = run.end();
        Ok((state.draft.map(|draft| draft.operations).unwrap_or_default(), account))
    }
}
