//! What stands in for the host while a hook runs. Each test has a thread of its own, and so a world of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::snapshot::Snapshot;
use crate::bindings::imports::flistry::plugin::log::Level;
use crate::{EntryId, Error};

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// What a hook may read, and what it said.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) trees: BTreeMap<String, Rc<Snapshot>>,
    /// The strings of the kernel itself, where the build has its `vmlinux`.
    pub(crate) kernel: Option<BTreeSet<String>>,
    /// The options of the kernel's configuration.
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) explained: BTreeMap<EntryId, String>,
    pub(crate) findings: Vec<(String, String)>,
    pub(crate) log: Vec<(Level, String)>,
}

/// A change that a post-pack hook wants.
pub(crate) enum Operation {
    Remove(EntryId),
    SetTag(String, String),
    RemoveTag(String),
    AddSymlink(String, String),
}

impl World {
    /// Runs a hook in this world; gives back its answer, and the world with what was said.
    pub(crate) fn run<T>(self, hook: impl FnOnce() -> T) -> (T, World) {
        WORLD.replace(self);
        let answer = hook();
        (answer, WORLD.take())
    }

    pub(crate) fn with<T>(tell: impl FnOnce(&mut World) -> T) {
        WORLD.with_borrow_mut(|world| {
            tell(world);
        });
    }

    pub(crate) fn option(name: &str) -> Option<String> {
        WORLD.with_borrow(|world| world.options.get(name).cloned())
    }

    pub(crate) fn kernel() -> Option<BTreeSet<String>> {
        WORLD.with_borrow(|world| world.kernel.clone())
    }

    pub(crate) fn tree(name: &str) -> Result<Rc<Snapshot>, Error> {
        let tree = WORLD.with_borrow(|world| world.trees.get(name).cloned());
        let what = || format!("the tree of flist `{name}` is not granted: add it to the test's `Build` with `grant`");
        tree.ok_or_else(|| Error::new("not-granted", what()))
    }
}
