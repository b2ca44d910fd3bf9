//! `trees`: the entries and the files of the trees that are granted.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::super::bindings::flistry::plugin::trees::{Host, HostTree};
use super::super::bindings::flistry::plugin::types::{Entry, Error};
use super::super::state::State;
use super::super::view::TreeView;
use super::{error, places};

/// The most that one call reads.
const MOST_READ: u32 = 1 << 20;

/// An open tree.
pub struct OpenTree(pub Arc<dyn TreeView>);

impl State {
    pub fn tree(&self, tree: &Resource<OpenTree>) -> wasmtime::Result<Arc<dyn TreeView>> {
        Ok(self.table.get(tree)?.0.clone())
    }
}

impl Host for State {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<OpenTree>, Error>> {
        match self.open_tree(&name) {
            Ok(tree) => Ok(Ok(self.table.push(OpenTree(tree))?)),
            Err((code, message)) => Ok(Err(error(code, message, None))),
        }
    }
}

/// What a read counts as at the least.
const LEAST_CHARGE: u64 = 4096;

impl HostTree for State {
    fn len(&mut self, tree: Resource<OpenTree>) -> wasmtime::Result<u32> {
        Ok(self.tree(&tree)?.len() as u32)
    }

    fn entries(&mut self, tree: Resource<OpenTree>, start: u32, count: u32) -> wasmtime::Result<Vec<Entry>> {
        let tree = self.tree(&tree)?;
        let entries = places(start, count, tree.len()).map(|id| (id, tree.entry(id)));
        Ok(entries
            .map(|(id, entry)| {
                self.bytes_in += entry.bytes();
                entry.to_wit(id)
            })
            .collect())
    }

    fn find(&mut self, tree: Resource<OpenTree>, path: String) -> wasmtime::Result<Option<Entry>> {
        let tree = self.tree(&tree)?;
        Ok(tree.find(&path).map(|id| tree.entry(id).to_wit(id)))
    }

    fn read(
        &mut self,
        tree: Resource<OpenTree>,
        id: u32,
        offset: u64,
        len: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let tree = self.tree(&tree)?;
        if id as usize >= tree.len() {
            return Ok(Err(error("no-such-entry", format!("the tree has no entry {id}"), None)));
        }
        let len = len.min(MOST_READ);
        let wanted = u64::from(len).min(tree.entry(id).size.saturating_sub(offset));
        // A small read costs the host as much as a page: without a floor, reading one byte forever would be free.
        self.charge_read(wanted.max(LEAST_CHARGE))?;
        Ok(match tree.read(id, offset, len as usize) {
            Ok(bytes) => {
                self.bytes_in += bytes.len() as u64;
                Ok(bytes)
            }
            Err(why) => Err(error("unreadable", why.to_string(), Some(id))),
        })
    }

    fn drop(&mut self, tree: Resource<OpenTree>) -> wasmtime::Result<()> {
        self.table.delete(tree)?;
        Ok(())
    }
}
