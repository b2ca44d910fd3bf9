//! `module-info`: what modules say of themselves, read and decompressed on all cores and remembered.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use wasmtime::component::Resource;

use super::super::bindings::flistry::plugin::module_info::Host;
use super::super::bindings::flistry::plugin::types::{Attributes, Error};
use super::super::limits::Limit;
use super::super::state::State;
use super::super::view::TreeView;
use super::error;
use super::trees::OpenTree;
use crate::modinfo::{Compression, pairs_of_module};
use crate::source::FileIdentity;

/// No module file is larger than this.
const MOST_MODULE: u64 = 256 << 20;

type Pairs = Arc<Vec<(String, String)>>;
/// The identity's fields, and the compression: a hard link may have another ending.
type Key = (u64, u64, u64, i64, i64, u8);

/// What was found, by file identity; shared by all plugins of an engine.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<Key, Pairs>>);

impl Remembered {
    fn get(&self, key: &Key) -> Option<Pairs> {
        self.0.lock().expect("no holder panics").get(key).cloned()
    }

    /// One module's pairs; code and message where it is none.
    fn pairs(&self, tree: &dyn TreeView, id: u32) -> Result<Pairs, (&'static str, String)> {
        let entry = tree.entry(id);
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let Some((compression, identity)) = Compression::of_module(name).zip(tree.identity(id)) else {
            return Err(("not-a-module", format!("{} is no module's file", entry.path)));
        };
        let key = key(identity, compression);
        if let Some(pairs) = self.get(&key) {
            return Ok(pairs);
        }
        if identity.size > MOST_MODULE {
            return Err(("not-a-module", format!("{} is larger than any module", entry.path)));
        }
        let bytes = tree.read(id, 0, identity.size as usize).map_err(|why| ("unreadable", why.to_string()))?;
        let pairs = pairs_of_module(&bytes, compression).map_err(|why| ("not-a-module", why.to_string()))?;
        let pairs = Arc::new(pairs);
        self.0.lock().expect("no holder panics").insert(key, pairs.clone());
        Ok(pairs)
    }
}

fn key(identity: FileIdentity, compression: Compression) -> Key {
    let FileIdentity { dev, ino, size, mtime_ns, ctime_ns } = identity;
    (dev, ino, size, mtime_ns, ctime_ns, compression as u8)
}

impl Host for State {
    fn read(
        &mut self,
        tree: Resource<OpenTree>,
        modules: Vec<u32>,
    ) -> wasmtime::Result<Vec<Result<Attributes, Error>>> {
        let tree = self.tree(&tree)?;
        // The answer is made before the plugin has room for it: the same ones again and again must not fill the host.
        if modules.len() > tree.len() {
            return Err(wasmtime::Error::msg("it asked for more modules than the tree has entries"));
        }
        let known = |id: &u32| (*id as usize) < tree.len();
        // Counted whether or not they are remembered, so that a limit is reached in every run or in none.
        let bytes = modules.iter().filter(|id| known(id)).map(|id| tree.entry(*id).size).sum();
        self.charge_read(bytes)?;
        let threads = available_parallelism().map_or(1, usize::from);
        let found = crate::parallel::map(&modules, threads, |id| {
            Ok::<_, Infallible>(match known(id) {
                true => self.modules.pairs(&*tree, *id),
                false => Err(("no-such-entry", format!("the tree has no entry {id}"))),
            })
        });
        let Ok(found) = found;
        let bytes = |pairs: &Pairs| pairs.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>();
        let answer = found.iter().flatten().map(bytes).sum::<u64>();
        self.check(Limit::Memory, answer)?;
        self.bytes_in += answer;
        let answers = found.into_iter().zip(modules).map(|(found, id)| match found {
            Ok(pairs) => Ok(pairs.to_vec()),
            Err((code, message)) => Err(error(code, message, Some(id))),
        });
        Ok(answers.collect())
    }
}
