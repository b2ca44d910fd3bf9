//! `module-info`: what the files of modules tell, read and decompressed on all cores and remembered.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;

use wasmtime::component::Resource;

use super::context::Context;
use super::trees::{MIN_CHARGE, tree};
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_facts::ModuleFacts;
use crate::kernel::module_memory::{ModuleMemory, NotRead};
use crate::kernel::object_strings::{Fingerprint, FingerprintSet, ObjectStrings, StringSet, is_message};
use crate::plugin::bindings::flistry::plugin::module_info::Host;
use crate::plugin::bindings::flistry::plugin::types::{Attributes, Error};
use crate::plugin::limits::Limit;
use crate::plugin::resources::OpenTree;
use crate::plugin::secrecy::secret_stands_in_it;
use crate::plugin::view::TreeView;
use crate::plugin::wire::error;
use crate::store::parallel;
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
        let symbols = Fingerprints::new((0..).zip(&symbols));
        self.of_modules(
            &tree,
            &ids,
            |facts| symbols.held_by(&facts.imports).collect::<Vec<u32>>(),
            |places| place_bytes(places),
        )
    }

    fn strings_with(
        &mut self,
        tree: Resource<OpenTree>,
        ids: Vec<u32>,
        characters: String,
    ) -> wasmtime::Result<Vec<Result<Vec<String>, Error>>> {
        let chosen = Chosen::new(&characters);
        self.of_modules(&tree, &ids, |facts| chosen.of(&facts.strings.names), |strings| string_bytes(strings))
    }

    fn kernel_holds(&mut self, strings: Vec<String>) -> wasmtime::Result<Result<Option<Vec<u32>>, Error>> {
        let places = Places::new(&strings);
        self.of_kernel(|kernel| places.held_by(kernel), |places| place_bytes(places))
    }

    fn kernel_strings_with(&mut self, characters: String) -> wasmtime::Result<Result<Option<Vec<String>>, Error>> {
        let chosen = Chosen::new(&characters);
        self.of_kernel(|kernel| chosen.of(&kernel.names), |strings| string_bytes(strings))
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
        let (memory, secrecy) = (&self.own.modules, self.secrecy);
        let found = parallel::map(ids, parallel::cores(), |id| {
            Ok::<_, Infallible>(match (*id as usize) < tree.len() {
                true => {
                    let path = tree.entry(*id).path;
                    let file = tree.module_file(*id);
                    let identity = tree.identity(file);
                    let facts = memory.facts(&path, identity, |size| tree.read(file, 0, size as usize));
                    match facts {
                        Ok(facts) => match secrecy.in_module(identity, &facts) {
                            Some(whose) => Err(("secret", secret_stands_in_it(whose))),
                            None => Ok(look(&facts)),
                        },
                        Err(why) => Err((code(&why), why.to_string())),
                    }
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
        look: impl FnOnce(&ObjectStrings) -> T,
        bytes: impl Fn(&T) -> usize,
    ) -> wasmtime::Result<Result<Option<T>, Error>> {
        let found = match self.own.kernel.strings() {
            Ok(strings) => match strings.and_then(|strings| self.secrecy.in_strings(&strings.names)) {
                Some(whose) => return Ok(Err(error("secret", secret_stands_in_it(whose), None))),
                None => strings.map(look),
            },
            Err(why) => return Ok(Err(error("bad-kernel", why.to_string(), None))),
        };
        self.answer(found.iter().map(bytes).sum())?;
        Ok(Ok(found))
    }

    /// What looking into a module counts as: its size the first time, whether or not it is remembered, so that a limit is
    /// reached in every run or in none; later little more than nothing.
    fn charge(&mut self, tree: &dyn TreeView, id: u32) -> u64 {
        let identity = ((id as usize) < tree.len()).then(|| tree.identity(tree.module_file(id))).flatten();
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
struct Places<'a> {
    /// Hundreds of thousands of names are looked up here: the hash is a quick one.
    names: HashMap<&'a str, Vec<u32>, foldhash::fast::RandomState>,
    messages: Fingerprints,
}

impl<'a> Places<'a> {
    fn new(strings: &'a [String]) -> Places<'a> {
        let mut names: HashMap<&str, Vec<u32>, _> =
            HashMap::with_capacity_and_hasher(strings.len(), Default::default());
        for (place, string) in (0..).zip(strings) {
            names.entry(string).or_default().push(place);
        }
        let messages = (0..).zip(strings).filter(|(_, string)| is_message(string));
        Places { names, messages: Fingerprints::new(messages) }
    }

    /// Those that an object has, in order.
    fn held_by(&self, strings: &ObjectStrings) -> Vec<u32> {
        let names = strings.names.iter().filter_map(|name| self.names.get(name)).flatten().copied();
        let mut held: Vec<u32> = names.chain(self.messages.held_by(&strings.messages)).collect();
        held.sort_unstable();
        held
    }
}

/// The places of strings in a list, with their fingerprints.
struct Fingerprints(Vec<(u32, Fingerprint)>);

impl Fingerprints {
    fn new<'a>(strings: impl Iterator<Item = (u32, &'a String)>) -> Fingerprints {
        Fingerprints(strings.map(|(place, string)| (place, Fingerprint::of(string))).collect())
    }

    /// Those that a set has, in order.
    fn held_by(&self, set: &FingerprintSet) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|(_, fingerprint)| set.has(*fingerprint)).map(|(place, _)| *place)
    }
}

/// Which strings a plugin wants: those that have one of these characters, or all. The strings are ASCII, so bytes are compared.
struct Chosen(Option<[bool; 256]>);

impl Chosen {
    fn new(characters: &str) -> Chosen {
        let mut set = [false; 256];
        // A character that is not ASCII is in no string.
        characters.chars().filter(char::is_ascii).for_each(|c| set[c as usize] = true);
        Chosen((!characters.is_empty()).then_some(set))
    }

    fn of(&self, strings: &StringSet) -> Vec<String> {
        let takes = |string: &&str| self.0.as_ref().is_none_or(|set| string.bytes().any(|byte| set[usize::from(byte)]));
        strings.iter().filter(takes).map(str::to_owned).collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_chosen_by_their_characters() {
        let set = StringSet::new(["amd/%s.bin", "ccm(aes)", "plain"]);
        let chosen = |characters| Chosen::new(characters).of(&set);
        assert_eq!(chosen("%"), ["amd/%s.bin"]);
        assert_eq!(chosen("%("), ["amd/%s.bin", "ccm(aes)"]);
        assert_eq!(chosen("").len(), 3);
        assert!(chosen("ä").is_empty(), "no string has it");
    }

    #[test]
    fn names_and_messages_are_found_alike() {
        let names = StringSet::new(["a.bin", "b.bin"]);
        let messages = FingerprintSet::new(["my board.bin", "it failed"]);
        let asked = ["it failed", "b.bin", "board.bin", "b.bin", "my board.bin", "no such"].map(str::to_owned);
        assert_eq!(Places::new(&asked).held_by(&ObjectStrings { names, messages }), [0, 1, 3, 4]);
    }
}
