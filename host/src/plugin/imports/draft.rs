//! `draft`: collects what a post-pack hook wants changed. Nothing is changed here; see `operations`.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::Resource;

use super::super::bindings::flistry::plugin::draft::{Host, HostManifest};
use super::super::bindings::flistry::plugin::types::{Attributes, Entry};
use super::super::limits::Limit;
use super::super::operations::Operation;
use super::super::state::State;
use super::super::view::EntryView;
use super::places;
use crate::tree::EntryId;

/// What a post-pack hook sees and wants.
pub struct Draft {
    pub entries: Arc<[EntryView]>,
    pub tags: BTreeMap<String, String>,
    pub operations: Vec<Operation>,
}

/// The handle to the one draft of a run.
pub struct OpenManifest;

impl State {
    fn draft(&mut self) -> wasmtime::Result<&mut Draft> {
        self.draft.as_mut().ok_or_else(|| wasmtime::Error::msg("there is no manifest to edit"))
    }

    fn want(&mut self, operation: Operation, bytes: usize) -> wasmtime::Result<()> {
        self.bytes_out += bytes as u64;
        let draft = self.draft()?;
        draft.operations.push(operation);
        let wanted = draft.operations.len() as u64;
        self.check(Limit::Operations, wanted)
    }
}

impl Host for State {}

impl HostManifest for State {
    fn len(&mut self, _: Resource<OpenManifest>) -> wasmtime::Result<u32> {
        Ok(self.draft()?.entries.len() as u32)
    }

    fn entries(&mut self, _: Resource<OpenManifest>, start: u32, count: u32) -> wasmtime::Result<Vec<Entry>> {
        let entries = self.draft()?.entries.clone();
        let places = places(start, count, entries.len());
        self.bytes_in += places.clone().map(|id| entries[id as usize].bytes()).sum::<u64>();
        Ok(places.map(|id| entries[id as usize].to_wit(id)).collect())
    }

    fn tags(&mut self, _: Resource<OpenManifest>) -> wasmtime::Result<Attributes> {
        Ok(self.draft()?.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn remove(&mut self, _: Resource<OpenManifest>, id: u32) -> wasmtime::Result<()> {
        self.want(Operation::Remove(EntryId(id)), 4)
    }

    fn set_tag(&mut self, _: Resource<OpenManifest>, key: String, value: String) -> wasmtime::Result<()> {
        let bytes = key.len() + value.len();
        self.check(Limit::Tag, key.len().max(value.len()) as u64)?;
        self.want(Operation::SetTag { key, value }, bytes)
    }

    fn remove_tag(&mut self, _: Resource<OpenManifest>, key: String) -> wasmtime::Result<()> {
        self.check(Limit::Tag, key.len() as u64)?;
        let bytes = key.len();
        self.want(Operation::RemoveTag { key }, bytes)
    }

    fn add_symlink(&mut self, _: Resource<OpenManifest>, path: String, target: String) -> wasmtime::Result<()> {
        let bytes = path.len() + target.len();
        self.check(Limit::Path, path.len().max(target.len()) as u64)?;
        self.want(Operation::AddSymlink { path, target }, bytes)
    }

    fn drop(&mut self, _: Resource<OpenManifest>) -> wasmtime::Result<()> {
        // A hook only borrows the manifest.
        Ok(())
    }
}
