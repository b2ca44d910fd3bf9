//! `module-info`: what modules say of themselves, read and decompressed on all cores and remembered.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::available_parallelism;

use wasmtime::component::Resource;

use super::context::Context;
use super::trees::tree;
use crate::kernel::module_memory::{ModinfoPairs, ModuleMemory, NotRead};
use crate::plugin::bindings::flistry::plugin::module_info::Host;
use crate::plugin::bindings::flistry::plugin::types::{Attributes, Error};
use crate::plugin::limits::Limit;
use crate::plugin::resources::OpenTree;
use crate::plugin::wire::error;

/// What modules said of themselves, shared by all plugins of an engine.
pub struct ModuleInfoState(pub Arc<ModuleMemory>);

impl Host for Context<'_, ModuleInfoState> {
    fn read(
        &mut self,
        handle: Resource<OpenTree>,
        modules: Vec<u32>,
    ) -> wasmtime::Result<Vec<Result<Attributes, Error>>> {
        let tree = tree(self.handles, &handle)?;
        // The answer is made before the plugin has room for it: the same ones again and again must not fill the host.
        if modules.len() > tree.len() {
            return Err(wasmtime::Error::msg("it asked for more modules than the tree has entries"));
        }
        let known = |id: &u32| (*id as usize) < tree.len();
        // Counted whether or not they are remembered, so that a limit is reached in every run or in none.
        let bytes = modules.iter().filter(|id| known(id)).map(|id| tree.entry(*id).size).sum();
        self.meter.charge_read(bytes)?;
        let threads = available_parallelism().map_or(1, usize::from);
        let found = crate::store::parallel::map(&modules, threads, |id| {
            Ok::<_, Infallible>(match known(id) {
                true => {
                    let path = tree.entry(*id).path;
                    let pairs = self.own.0.pairs(&path, tree.identity(*id), |size| tree.read(*id, 0, size as usize));
                    pairs.map_err(|why| (code(&why), why.to_string()))
                }
                false => Err(("no-such-entry", format!("the tree has no entry {id}"))),
            })
        });
        let Ok(found) = found;
        let bytes =
            |pairs: &ModinfoPairs| pairs.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>();
        let answer = found.iter().flatten().map(bytes).sum::<u64>();
        self.meter.check(Limit::Memory, answer)?;
        self.meter.bytes_in += answer;
        let answers = found.into_iter().zip(modules).map(|(found, id)| match found {
            Ok(pairs) => Ok(pairs.to_vec()),
            Err((code, message)) => Err(error(code, message, Some(id))),
        });
        Ok(answers.collect())
    }
}

/// The interface's code of an error.
fn code(why: &NotRead) -> &'static str {
    match why {
        NotRead::NotAModule { .. } | NotRead::TooLarge { .. } | NotRead::Malformed(_) => "not-a-module",
        NotRead::Unreadable(_) => "unreadable",
    }
}
