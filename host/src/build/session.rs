//! A build from its configuration to published flists, as one operation.

use std::sync::Arc;

use crate::config::{Config, Flist};
use crate::error::Error;
use crate::kernel::module_memory::ModuleMemory;
use crate::progress::Progress;
use crate::store::WriteBlobs;
use crate::store::open::{open_write, open_write_ranges};
use crate::tree::file_cache::{CacheAccess, CachePlace};
use crate::zinit::{self, Templates, Written};

use super::plan::Plan;
use super::planner::Planner;
use super::stages::{Proof, Published, carry_out};

/// A build of some of a configuration's flists. Its plans can be looked at before, or instead of, being carried out.
///
/// ```text
/// Session ─ plan ─▶ Planned ─ execute ─▶ Executed
/// ```
pub struct Session<'a> {
    config: &'a Config,
    flists: Vec<&'a Flist>,
    planner: Planner<'a>,
    templates: Templates,
    cache: Option<Arc<CachePlace>>,
    modules: Arc<ModuleMemory>,
    progress: &'a dyn Progress,
}

/// What a session may do with what earlier builds left behind to save time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caches {
    /// The file cache. Without it every file is read, and the cache is not touched at all.
    pub files: Option<CacheAccess>,
    /// Whether the directory of compiled plugins is made where there is none. One that is there is used in any case, and
    /// wasmtime adds to it what it compiles.
    pub make_plugin_cache: bool,
}

impl Caches {
    /// What is there is used, and added to.
    pub const READ_WRITE: Caches = Caches { files: Some(CacheAccess::ReadWrite), make_plugin_cache: true };
    /// What is there is used; nothing is made.
    pub const READ_ONLY: Caches = Caches { files: Some(CacheAccess::ReadOnly), make_plugin_cache: false };
}

/// What a session is going to do: one plan for each of its flists, to be looked at or carried out.
pub struct Planned<'a> {
    config: &'a Config,
    plans: Vec<Plan<'a>>,
    templates: Templates,
    cache: Option<Arc<CachePlace>>,
    progress: &'a dyn Progress,
}

/// What a session made. After a failure, what was built before it is published all the same.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Executed {
    /// The flists that were built, in order.
    pub built: Vec<Published>,
    /// The units and scripts; none if no flist has a place on a node.
    pub units: Option<Written>,
    /// What ended the build before its end.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl<'a> Session<'a> {
    /// Begins a build of the named flists, or of all where none is named: loads the plugins and reads the templates, so that
    /// what is wrong with one of them is known before anything is looked at.
    ///
    /// # Errors
    /// An unknown name, the first plugin that can't be used, or a template that can't.
    pub fn open(
        config: &'a Config,
        names: &[String],
        caches: Caches,
        progress: &'a dyn Progress,
    ) -> Result<Session<'a>, Error> {
        let flists = config.chosen(names)?;
        let templates = zinit::templates(&config.project, &config.mount_points(), &config.zinit, progress)?;
        let use_compiled = caches.make_plugin_cache || config.plugin_cache.is_dir();
        let directory = use_compiled.then_some(&*config.plugin_cache);
        let cache = caches.files.map(|access| Arc::new(CachePlace::new(&config.pack.cache, access)));
        let modules = Arc::new(cache.clone().map_or_else(ModuleMemory::of_one_run, ModuleMemory::new));
        let planner = Planner::new(config, &flists, directory, modules.clone(), progress)?;
        Ok(Session { config, flists, planner, templates, cache, modules, progress })
    }

    /// Plans every flist. Of the source only what plugins and checks ask for is read, and nothing is sent.
    ///
    /// # Errors
    /// Whatever would end the build before the first file is packed.
    pub fn plan(mut self) -> Result<Planned<'a>, Error> {
        let plans: Result<Vec<Plan<'a>>, Error> =
            self.flists.iter().map(|flist| self.planner.plan(flist, self.progress)).collect();
        // Also where a plan fails: what was read for it need not be read again.
        self.modules.save(self.progress);
        let Session { config, templates, cache, progress, .. } = self;
        Ok(Planned { config, plans: plans?, templates, cache, progress })
    }
}

impl<'a> Planned<'a> {
    /// The plans, in the order of the session's flists.
    pub fn plans(&self) -> &[Plan<'a>] {
        &self.plans
    }

    /// Carries the plans out: each flist is packed, proven and published, then the units are written. Stops at the first flist
    /// that fails.
    ///
    /// # Errors
    /// Where the store does not take what would be sent: nothing was read or written then.
    pub fn execute(self) -> Result<Executed, Error> {
        let store = self.open_store()?;
        Ok(self.execute_with(&*store, Proof::Route))
    }

    /// The same with a store of the caller's, which the blobs go to in the configured one's place. The flists name the
    /// configured routes all the same, but what is proven is what `store` holds. So they are written to the output
    /// directory alone, and published nowhere else.
    pub fn execute_into(self, store: &dyn WriteBlobs) -> Executed {
        self.execute_with(store, Proof::Store)
    }

    fn execute_with(self, store: &dyn WriteBlobs, proof: Proof) -> Executed {
        let mut executed = Executed { built: Vec::new(), units: None, error: None };
        for plan in self.plans {
            match carry_out(plan, store, proof, self.cache.as_deref(), self.progress) {
                Ok(published) => executed.built.push(published),
                Err(cause) => return Executed { error: Some(cause), ..executed },
            }
        }
        self.progress.about("");
        match zinit::after_build(
            &self.config.output,
            &self.config.mount_points(),
            &self.config.zinit,
            &self.templates,
            self.progress,
        ) {
            Ok(units) => executed.units = units,
            Err(cause) => executed.error = Some(cause.into()),
        }
        executed
    }

    /// The store that the blobs go to, after asking it whether it takes them: a wrong key or bucket ends a build here.
    fn open_store(&self) -> Result<Box<dyn WriteBlobs>, Error> {
        let urls = &self.config.store.write;
        for url in urls {
            open_write(&url.value)?.probe()?;
        }
        Ok(open_write_ranges(urls)?)
    }
}
