//! `trees`: the entries and the files of the trees that are granted.

use std::sync::Arc;

use wasmtime::component::{Resource, ResourceTable};

use super::context::Context;
use crate::plugin::bindings::flistry::plugin::trees::{Host, HostTree};
use crate::plugin::bindings::flistry::plugin::types::{Entry, Error};
use crate::plugin::error::clean;
use crate::plugin::resources::OpenTree;
use crate::plugin::secrecy::secret_stands_in_it;
use crate::plugin::view::{TreeView, Trees};
use crate::plugin::wire::{error, ids};

/// The most that one call reads.
const MAX_READ: u32 = 1 << 20;

/// What a read counts as at the least.
pub const MIN_CHARGE: u64 = 4096;

/// The trees of a build, and which of them a plugin may open.
pub struct TreesState {
    /// The flist that is built: its own tree needs no grant.
    pub flist: String,
    /// The flists whose trees may be opened besides.
    pub grants: Arc<[String]>,
    pub trees: Trees,
}

impl TreesState {
    /// A tree, unless it is not granted; the error is code and message.
    fn open(&self, name: &str) -> Result<Arc<dyn TreeView>, (&'static str, String)> {
        let shown = clean(name);
        if name != self.flist && !self.grants.iter().any(|grant| grant == name) {
            let message = format!(
                "the tree of flist `{shown}` is not granted to this plugin; add \"{shown}\" to its `trees` in config/flistry.toml"
            );
            return Err(("not-granted", message));
        }
        let tree = self.trees.by_name.get(name).cloned();
        tree.ok_or_else(|| ("no-such-tree", format!("this build has no tree of an flist `{shown}`")))
    }
}

/// The tree behind a handle.
pub fn tree(handles: &ResourceTable, tree: &Resource<OpenTree>) -> wasmtime::Result<Arc<dyn TreeView>> {
    Ok(handles.get(tree)?.0.clone())
}

impl Host for Context<'_, TreesState> {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<OpenTree>, Error>> {
        match self.own.open(&name) {
            Ok(tree) => Ok(Ok(self.handles.push(OpenTree(tree))?)),
            Err((code, message)) => Ok(Err(error(code, message, None))),
        }
    }
}

impl HostTree for Context<'_, TreesState> {
    fn len(&mut self, handle: Resource<OpenTree>) -> wasmtime::Result<u32> {
        Ok(tree(self.handles, &handle)?.len() as u32)
    }

    fn entries(&mut self, handle: Resource<OpenTree>, start: u32, count: u32) -> wasmtime::Result<Vec<Entry>> {
        let tree = tree(self.handles, &handle)?;
        let entries = ids(start, count, tree.len()).map(|id| (id, tree.entry(id)));
        Ok(entries
            .map(|(id, entry)| {
                self.meter.bytes_in += entry.bytes();
                entry.to_wit(id)
            })
            .collect())
    }

    fn find(&mut self, handle: Resource<OpenTree>, path: String) -> wasmtime::Result<Option<Entry>> {
        let tree = tree(self.handles, &handle)?;
        Ok(tree.find(&path).map(|id| tree.entry(id).to_wit(id)))
    }

    fn read(
        &mut self,
        handle: Resource<OpenTree>,
        id: u32,
        offset: u64,
        len: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let tree = tree(self.handles, &handle)?;
        if id as usize >= tree.len() {
            return Ok(Err(error("no-such-entry", format!("the tree has no entry {id}"), None)));
        }
        let len = len.min(MAX_READ);
        let wanted = u64::from(len).min(tree.entry(id).size.saturating_sub(offset));
        // A small read costs the host as much as a page: without a floor, reading one byte forever would be free.
        self.meter.charge_read(wanted.max(MIN_CHARGE))?;
        match self.secrecy.in_file(&*tree, id) {
            Ok(None) => {}
            Ok(Some(whose)) => {
                return Ok(Err(error("secret", secret_stands_in_it(whose), Some(id))));
            }
            Err(why) => return Ok(Err(error("unreadable", why.to_string(), Some(id)))),
        }
        Ok(match tree.read(id, offset, len as usize) {
            Ok(bytes) => {
                self.meter.bytes_in += bytes.len() as u64;
                Ok(bytes)
            }
            Err(why) => Err(error("unreadable", why.to_string(), Some(id))),
        })
    }

    fn drop(&mut self, handle: Resource<OpenTree>) -> wasmtime::Result<()> {
        self.handles.delete(handle)?;
        Ok(())
    }
}
