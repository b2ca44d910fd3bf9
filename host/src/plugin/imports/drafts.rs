//! `drafts`: collects what a post-pack hook wants changed. Nothing is changed here; see `operations`.

use wasmtime::component::Resource;

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::drafts::{Host, HostDraft};
use crate::plugin::bindings::flistry::plugin::types::{Attributes, Entry};
use crate::plugin::limits::Limit;
use crate::plugin::operations::Operation;
use crate::plugin::resources::Draft;
use crate::plugin::wire::ids;
use crate::tree::EntryId;

/// The interface keeps nothing of its own: a draft is what its handle stands for.
pub struct DraftsState;

impl Context<'_, DraftsState> {
    fn want(&mut self, handle: &Resource<Draft>, operation: Operation, bytes: usize) -> wasmtime::Result<()> {
        self.meter.bytes_out += bytes as u64;
        let total = match &operation {
            Operation::AddSymlink { .. } => Some(Limit::TotalPaths),
            Operation::SetTag { .. } | Operation::RemoveTag { .. } => Some(Limit::TotalTags),
            Operation::Remove(_) => None,
        };
        total.map_or(Ok(()), |total| self.meter.charge(total, bytes as u64))?;
        operation.texts().iter().try_for_each(|text| self.secrecy.check(text))?;
        let draft = self.handles.get_mut(handle)?;
        draft.operations.push(operation);
        self.meter.check(Limit::Operations, draft.operations.len() as u64)
    }
}

impl Host for Context<'_, DraftsState> {}

impl HostDraft for Context<'_, DraftsState> {
    fn len(&mut self, handle: Resource<Draft>) -> wasmtime::Result<u32> {
        Ok(self.handles.get(&handle)?.entries.len() as u32)
    }

    fn entries(&mut self, handle: Resource<Draft>, start: u32, count: u32) -> wasmtime::Result<Vec<Entry>> {
        let entries = &self.handles.get(&handle)?.entries;
        let ids = ids(start, count, entries.len());
        self.meter.bytes_in += ids.clone().map(|id| entries[id as usize].bytes()).sum::<u64>();
        Ok(ids.map(|id| entries[id as usize].to_wit(id)).collect())
    }

    fn tags(&mut self, handle: Resource<Draft>) -> wasmtime::Result<Attributes> {
        Ok(self.handles.get(&handle)?.tags.clone().into_iter().collect())
    }

    fn remove(&mut self, handle: Resource<Draft>, id: u32) -> wasmtime::Result<()> {
        self.want(&handle, Operation::Remove(EntryId(id)), 4)
    }

    fn set_tag(&mut self, handle: Resource<Draft>, key: String, value: String) -> wasmtime::Result<()> {
        let bytes = key.len() + value.len();
        self.meter.check(Limit::Tag, key.len().max(value.len()) as u64)?;
        self.want(&handle, Operation::SetTag { key, value }, bytes)
    }

    fn remove_tag(&mut self, handle: Resource<Draft>, key: String) -> wasmtime::Result<()> {
        let bytes = key.len();
        self.meter.check(Limit::Tag, bytes as u64)?;
        self.want(&handle, Operation::RemoveTag { key }, bytes)
    }

    fn add_symlink(&mut self, handle: Resource<Draft>, path: String, target: String) -> wasmtime::Result<()> {
        let bytes = path.len() + target.len();
        self.meter.check(Limit::Path, path.len().max(target.len()) as u64)?;
        self.want(&handle, Operation::AddSymlink { path, target }, bytes)
    }

    fn drop(&mut self, _: Resource<Draft>) -> wasmtime::Result<()> {
        // A hook only borrows the draft.
        Ok(())
    }
}
