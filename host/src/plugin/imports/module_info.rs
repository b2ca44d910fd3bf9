//! `module-info`: what the files of modules tell, read and decompressed on all cores and remembered.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::thread::available_parallelism;

use wasmtime::component::Resource;

use super::context::Context;
use super::trees::{MIN_CHARGE, tree};
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_facts::{ModuleFacts, StringSet};
use crate::kernel::module_memory::{ModuleMemory, NotRead};
use crate::plugin::bindings::flistry::plugin::module_info::Host;
use crate::plugin::bindings::flistry::plugin::types::{Attributes, Error};
use crate::plugin::limits::Limit;
use crate::plugin::resources::OpenTree;
use crate::plugin::view::TreeView;
use crate::plugin::wire::error;
use crate::tree::source::FileIdentity;

/// What is known of modules and of the kernel, shared by all plugins of an engine.
pub struct ModuleInfoState {
    modules: Arc<ModuleMemory>,
    kernel: Arc<KernelImage>,
    /// The modules that this run looked into.
    looked_into: HashSet<FileIdentity>,
}

impl ModuleInfoState {
    pub fn new(modules: Arc<ModuleMemory>, kernel: Arc<KernelImage>) -> ModuleInfoState {
        ModuleInfoState { modules, kernel, looked_into: HashSet::new() }
    }
}

impl Host for Context<'_, ModuleInfoState> {
    fn read(&mut self, tree: Resource<OpenTree>, ids: Vec<u32>) -> wasmtime::Result<Vec<Result<Attributes, Error>>> {
        let bytes = |pairs: &Attributes| pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        self.of_modules(&tree, &ids, |facts| facts.modinfo.clone(), bytes)
    }

    fn holds(
        &mut self,
        tree: Resource<OpenTree>,
        ids: Vec<u32>,
        strings: Vec<String>,
    ) -> wasmtime::Result<Vec<Result<Vec<u32>, Error>>> {
        let places = Places::new(&strings);
        self.of_modules(&tree, &ids, |facts| places.held_by(&facts.strings), |places| place_bytes(places))
    }

    fn imports(
        &mut self,
        tree: Resource<OpenTree>,
        ids: Vec<u32>,
        symbols: Vec<String>,
    ) -> wasmtime::Result<Vec<Result<Vec<u32>, Error>>> {
        let places = Places::new(&symbols);
        self.of_modules(&tree, &ids, |facts| places.held_by(&facts.imports), |places| place_bytes(places))
    }

    fn strings_with(
        &mut self,
        tree: Resource<OpenTree>,
        ids: Vec<u32>,
        characters: String,
    ) -> wasmtime::Result<Vec<Result<Vec<String>, Error>>> {
        self.of_modules(&tree, &ids, |facts| with(&facts.strings, &characters), |strings| string_bytes(strings))
    }

    fn kernel_holds(&mut self, strings: Vec<String>) -> wasmtime::Result<Result<Option<Vec<u32>>, Error>> {
        let places = Places::new(&strings);
        self.of_kernel(|kernel| places.held_by(kernel), |places| place_bytes(places))
    }

    fn kernel_strings_with(&mut self, characters: String) -> wasmtime::Result<Result<Option<Vec<String>>, Error>> {
        self.of_kernel(|kernel| with(kernel, &characters), |strings| string_bytes(strings))
    }
}

impl Context<'_, ModuleInfoState> {
    /// What `look` finds in each of these modules; `bytes` is what it takes to tell the plugin.
    fn of_modules<T: Send>(
        &mut self,
        handle: &Resource<OpenTree>,
        ids: &[u32],
        look: impl Fn(&ModuleFacts) -> T + Sync,
        bytes: impl Fn(&T) -> usize,
    ) -> wasmtime::Result<Vec<Result<T, Error>>> {
        let tree = tree(self.handles, handle)?;
        // The answer is made before the plugin has room for it: the same ones again and again must not fill the host.
        if ids.len() > tree.len() {
            return Err(wasmtime::Error::msg("it asked for more modules than the tree has entries"));
        }
        let charge = ids.iter().map(|id| self.charge(&*tree, *id)).sum();
        self.meter.charge_read(charge)?;
        let memory = &self.own.modules;
        let threads = available_parallelism().map_or(1, usize::from);
        let found = crate::store::parallel::map(ids, threads, |id| {
            Ok::<_, Infallible>(match (*id as usize) < tree.len() {
                true => {
                    let path = tree.entry(*id).path;
                    let facts = memory.facts(&path, tree.identity(*id), |size| tree.read(*id, 0, size as usize));
                    facts.map(|facts| look(&facts)).map_err(|why| (code(&why), why.to_string()))
                }
                false => Err(("no-such-entry", format!("the tree has no entry {id}"))),
            })
        });
        let Ok(found) = found;
        self.answer(found.iter().flatten().map(bytes).sum())?;
        let answers = found.into_iter().zip(ids);
        Ok(answers.map(|(found, id)| found.map_err(|(code, message)| error(code, message, Some(*id)))).collect())
    }

    /// What `look` finds in the kernel, where there is one.
    fn of_kernel<T>(
        &mut self,
        look: impl FnOnce(&StringSet) -> T,
        bytes: impl Fn(&T) -> usize,
    ) -> wasmtime::Result<Result<Option<T>, Error>> {
        let found = match self.own.kernel.strings() {
            Ok(strings) => strings.map(look),
            Err(why) => return Ok(Err(error("bad-kernel", why.to_string(), None))),
        };
        self.answer(found.iter().map(bytes).sum())?;
        Ok(Ok(found))
    }

    /// What looking into a module counts as: its size the first time, whether or not it is remembered, so that a limit is
    /// reached in every run or in none; later little more than nothing.
    fn charge(&mut self, tree: &dyn TreeView, id: u32) -> u64 {
        let identity = ((id as usize) < tree.len()).then(|| tree.identity(id)).flatten();
        match identity {
            Some(identity) if self.own.looked_into.insert(identity) => identity.size.max(MIN_CHARGE),
            _ => MIN_CHARGE,
        }
    }

    fn answer(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.meter.check(Limit::Memory, bytes as u64)?;
        self.meter.bytes_in += bytes as u64;
        Ok(())
    }
}

/// The places of strings in a list.
struct Places<'a>(HashMap<&'a str, Vec<u32>>);

impl<'a> Places<'a> {
    fn new(strings: &'a [String]) -> Places<'a> {
        let mut places: HashMap<&str, Vec<u32>> = HashMap::with_capacity(strings.len());
        for (place, string) in (0..).zip(strings) {
            places.entry(string).or_default().push(place);
        }
        Places(places)
    }

    /// Those that a set has, in order.
    fn held_by(&self, set: &StringSet) -> Vec<u32> {
        let mut held: Vec<u32> = set.iter().filter_map(|string| self.0.get(string)).flatten().copied().collect();
        held.sort_unstable();
        held
    }
}

fn with(set: &StringSet, characters: &str) -> Vec<String> {
    let meant = |string: &&str| characters.is_empty() || string.contains(|c| characters.contains(c));
    set.iter().filter(meant).map(str::to_owned).collect()
}

fn place_bytes(places: &[u32]) -> usize {
    size_of_val(places)
}

fn string_bytes(strings: &[String]) -> usize {
    // What the guest needs for each: an address and a length.
    strings.iter().map(|string| string.len() + 8).sum()
}

/// The interface's code of an error.
fn code(why: &NotRead) -> &'static str {
    match why {
        NotRead::NotAModule { .. } | NotRead::TooLarge { .. } | NotRead::Malformed(_) => "not-a-module",
        NotRead::Unreadable(_) => "unreadable",
    }
}
