//! The same functions and types as the imports have, answered by [`testing`](crate::testing).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::snapshot::Snapshot;
use super::world::{Operation, World};
use crate::{Attributes, Entry, EntryId, Error};

/// A tree that may be read.
pub struct Tree(Rc<Snapshot>);

/// Opens the tree of an flist by its name in the configuration. One that is not granted is an error that names the grant
/// to add.
pub fn open(name: &str) -> Result<Tree, Error> {
    World::tree(name).map(Tree)
}

#[allow(clippy::len_without_is_empty, reason = "a tree has at least its root")]
impl Tree {
    /// How many entries it has, with its root.
    pub fn len(&self) -> u32 {
        self.0.len()
    }

    /// Entries in order, from place `start`, at most `count` of them. The order is that of paths compared component by
    /// component.
    pub fn entries(&self, start: EntryId, count: u32) -> Vec<Entry> {
        self.0.entries(start, count)
    }

    /// The entry at a path from the root; symlinks are not followed.
    pub fn find(&self, path: &str) -> Option<Entry> {
        self.0.find(path).cloned()
    }

    /// A file's bytes from `offset`, at most `len` of them and at most 1 MiB; fewer at the file's end, none beyond it.
    pub fn read(&self, id: EntryId, offset: u64, len: u32) -> Result<Vec<u8>, Error> {
        self.0.read(id, offset, len)
    }
}

/// What the files of kernel modules tell, and the kernel's own. The host reads and decompresses on all cores and remembers
/// what it found. A module that can't be read is an error in its place.
pub mod module_info {
    use super::*;

    /// The pairs of the `.modinfo` section of each module, in the section's order.
    pub fn read(tree: &Tree, modules: &[EntryId]) -> Vec<Result<Attributes, Error>> {
        modules.iter().map(|id| tree.0.module(*id).map(|module| module.info.clone())).collect()
    }

    /// Which of `strings` each module has, as a whole: their places in that list, in its order.
    pub fn holds(tree: &Tree, modules: &[EntryId], strings: &[String]) -> Vec<Result<Vec<u32>, Error>> {
        modules.iter().map(|id| tree.0.module(*id).map(|module| places(&module.strings, strings))).collect()
    }

    /// Which of the kernel's symbols each module imports: their places in `symbols`, in its order.
    pub fn imports(tree: &Tree, modules: &[EntryId], symbols: &[String]) -> Vec<Result<Vec<u32>, Error>> {
        modules.iter().map(|id| tree.0.module(*id).map(|module| places(&module.imports, symbols))).collect()
    }

    /// The strings of each module without a space that have one of these characters; with no characters, all of them.
    pub fn strings_with(tree: &Tree, modules: &[EntryId], characters: &str) -> Vec<Result<Vec<String>, Error>> {
        modules.iter().map(|id| tree.0.module(*id).map(|module| with(&module.strings, characters))).collect()
    }

    /// Which of `strings` the kernel itself has; none where the test's build has no kernel.
    pub fn kernel_holds(strings: &[String]) -> Result<Option<Vec<u32>>, Error> {
        Ok(World::kernel().map(|kernel| places(&kernel, strings)))
    }

    /// The strings of the kernel itself, chosen in the same way; none where the test's build has no kernel.
    pub fn kernel_strings_with(characters: &str) -> Result<Option<Vec<String>>, Error> {
        Ok(World::kernel().map(|kernel| with(&kernel, characters)))
    }

    fn places(held: &BTreeSet<String>, strings: &[String]) -> Vec<u32> {
        (0..).zip(strings).filter(|(_, string)| held.contains(*string)).map(|(place, _)| place).collect()
    }

    fn with(held: &BTreeSet<String>, characters: &str) -> Vec<String> {
        let fits = |string: &String| characters.is_empty() || string.contains(|c| characters.contains(c));
        let meant = |string: &&String| fits(string) && !string.contains(' ');
        held.iter().filter(meant).cloned().collect()
    }
}

/// A manifest before its contents are read. It shows what it held when the hook was called, whatever it collects.
pub struct Draft {
    tree: Rc<Snapshot>,
    tags: Attributes,
    operations: RefCell<Vec<Operation>>,
}

#[allow(clippy::len_without_is_empty, reason = "a draft has at least its root")]
impl Draft {
    pub(crate) fn new(tree: Rc<Snapshot>, tags: Attributes) -> Draft {
        Draft { tree, tags, operations: RefCell::default() }
    }

    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.operations.into_inner()
    }

    fn collect(&self, operation: Operation) {
        self.operations.borrow_mut().push(operation);
    }

    /// How many entries it has, with its root.
    pub fn len(&self) -> u32 {
        self.tree.len()
    }

    /// Entries in order, from place `start`, at most `count` of them.
    pub fn entries(&self, start: EntryId, count: u32) -> Vec<Entry> {
        self.tree.entries(start, count)
    }

    /// The tags so far.
    pub fn tags(&self) -> Attributes {
        self.tags.clone()
    }

    /// Removes an entry, a directory with what is in it. The root can't be removed.
    pub fn remove(&self, id: EntryId) {
        self.collect(Operation::Remove(id));
    }

    /// Sets a tag. Keys have 1 to 64 bytes, values at most 1024; keys that begin with `flistry.` are the host's.
    pub fn set_tag(&self, key: &str, value: &str) {
        self.collect(Operation::SetTag(key.to_owned(), value.to_owned()));
    }

    /// Removes a tag.
    pub fn remove_tag(&self, key: &str) {
        self.collect(Operation::RemoveTag(key.to_owned()));
    }

    /// Adds a symlink at a path whose directory exists. The target is relative and stays within the flist.
    pub fn add_symlink(&self, path: &str, target: &str) {
        self.collect(Operation::AddSymlink(path.to_owned(), target.to_owned()));
    }
}

/// What is being built, as far as [`Facts`](crate::Facts) do not have it.
pub mod build {
    use super::*;

    /// An option of the kernel's configuration; none where the test's build does not set it.
    pub fn kernel_option(name: &str) -> Option<String> {
        World::option(name)
    }
}

/// What a plugin has to say beside its answer.
pub mod report {
    use super::*;

    /// Why an entry is what it is.
    pub fn explain(entry: EntryId, reason: &str) {
        World::with(|world| world.explained.insert(entry, reason.to_owned()));
    }

    /// Something found that is about no single entry.
    pub fn finding(key: &str, value: &str) {
        World::with(|world| world.findings.push((key.to_owned(), value.to_owned())));
    }
}

/// Telling the user what a plugin does.
pub mod log {
    use super::*;

    pub use crate::bindings::imports::flistry::plugin::log::Level;

    /// Logs one line.
    pub fn log(level: Level, message: &str) {
        World::with(|world| world.log.push((level, message.to_owned())));
    }
}
