//! The pipeline up to the pack: source, scan, filters, normal form, names, post-pack, and what can be checked by then.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::clock::Clock;
use super::config_digest::config_digest;
use super::plan::Plan;
use super::policy::{Policy, facts};
use super::{checks, module_checks, no_file, other_kernels};
use crate::config::{Config, Flist};
use crate::error::Error;
use crate::kernel::module_memory::ModuleMemory;
use crate::manifest::name::FlistName;
use crate::manifest::tags;
use crate::plugin::{
    Account, Applied, BuildFacts, EntryView, FlistNames, Hook, Plugin, SourceTree, TreeFigures, Trees, Verdict, Wanted,
    apply,
};
use crate::progress::{Progress, Recorder, Step};
use crate::publish::check_owner;
use crate::report::{Decisions, EntryReason, PluginRun, Stage};
use crate::tree::filtered::Filtered;
use crate::tree::normal::{NormalRules, normalize};
use crate::tree::scan::{Scan, scan};
use crate::tree::source::Source;
use crate::tree::{FlistKind, Input};

/// Makes the plans of a build's flists. A tree that several of them need is filtered once.
pub struct Planner<'a> {
    config: &'a Config,
    policy: Policy,
    /// What modules say.
    modules: Arc<ModuleMemory>,
    /// How long loading the plugins took; the first flist's report tells.
    loading: Vec<Stage>,
    trees: Trees,
    /// Filtered for another flist's sake and not planned yet.
    selected: BTreeMap<&'a str, Selected>,
    /// The names that were given, each with its flist.
    names: BTreeMap<FlistName, String>,
}

/// An flist's source after its filters.
struct Selected {
    source: Source,
    scan: Scan,
    filtered: Filtered,
    plugins: Vec<PluginRun>,
    stages: Vec<Stage>,
}

impl<'a> Planner<'a> {
    /// Loads the plugins that `flists` need, through the directory `cache` of compiled ones; what is wrong with one of them
    /// ends a build here. They learn from `modules` what is known of kernel modules already.
    ///
    /// # Errors
    /// The first plugin that can't be used.
    pub fn new(
        config: &'a Config,
        flists: &[&Flist],
        cache: Option<&Path>,
        modules: Arc<ModuleMemory>,
        progress: &dyn Progress,
    ) -> Result<Planner<'a>, Error> {
        let mut clock = Clock::default();
        let policy = Policy::load(config, flists, cache, modules.clone(), progress)?;
        clock.stage("plugins");
        Ok(Planner {
            config,
            policy,
            modules,
            loading: clock.stages,
            trees: Trees::default(),
            selected: BTreeMap::new(),
            names: BTreeMap::new(),
        })
    }

    /// Finds and walks the source, filters it, names it, lets the post-pack plugins edit it, and checks what can be
    /// checked before anything is read or sent.
    ///
    /// # Errors
    /// Whatever would end a build before it begins to pack.
    pub fn plan(&mut self, flist: &'a Flist, progress: &dyn Progress) -> Result<Plan<'a>, Error> {
        progress.about(&flist.name);
        let recorder = Recorder::new(progress, Vec::new());
        self.select(flist, &recorder)?;
        let selected = self.selected.remove(&*flist.name).expect("it was just selected, and is planned once");
        let Selected { source, scan, filtered, mut plugins, stages } = selected;
        let mut clock = Clock::after(stages);
        let input = self.normal_form(flist, &source, &scan, &filtered, &mut clock, &recorder)?;

        let mut left_out = filtered.left_out(&scan);
        let has_file = no_file::has_file(flist.kind, &input.tree);
        if !has_file {
            let why = no_file::before(flist.kind, &flist.places(self.config), &source, &input.tree, &left_out);
            no_file::refuse(flist, why, &recorder)?;
        }

        let entries = EntryView::of_tree(&input.tree);
        let names = self.name(flist, TreeFigures::of(&entries), &mut plugins, &recorder)?;
        clock.stage("naming");
        let applied = self.edit(flist, input, &entries, &names, &mut plugins, &recorder)?;
        if has_file && !no_file::has_file(flist.kind, &applied.input.tree) {
            no_file::refuse(flist, no_file::after(flist.kind, &applied), &recorder)?;
        }
        clock.stage("post-pack");

        left_out.extend(applied.removed);
        let (remarks, indexes) = match flist.kind {
            FlistKind::Modules => {
                let from = (&source, &scan);
                module_checks::check((self.config, flist), from, &applied.input, &left_out, &self.modules, &mut clock)?
            }
            _ => Default::default(),
        };
        let notes = checks::compatible(self.config, flist, &source, &applied.input, remarks, &recorder)?;
        clock.stage("indexes");
        let mut own = applied.tags;
        own.extend(plugins.iter().map(PluginRun::tag));
        own.insert(tags::CONFIG.to_owned(), hex::encode(config_digest(self.config, flist, &self.policy)));
        Ok(Plan {
            config: self.config,
            flist,
            source,
            input: applied.input,
            names,
            tags: own,
            decisions: Decisions { left_out, added: applied.added, plugins, notes },
            indexes,
            stages: self.loading.drain(..).chain(clock.stages).collect(),
            warnings: recorder.warnings(),
        })
    }

    /// What the filters kept, in normal form, after a look whether it is what this build may pack.
    fn normal_form(
        &self,
        flist: &Flist,
        source: &Source,
        scan: &Scan,
        filtered: &Filtered,
        clock: &mut Clock,
        progress: &dyn Progress,
    ) -> Result<Input, Error> {
        checks::own_files(self.config, flist, source, scan, filtered)?;
        let rules = NormalRules { owner: flist.owner, not_after: self.config.source_date_epoch };
        let input = normalize(scan, filtered, rules, progress)?;
        clock.stage("normalize");
        Ok(input)
    }

    /// Asks the naming plugin, and makes sure that no other flist has one of the names: none of the build, and none that was
    /// built before.
    fn name(
        &mut self,
        flist: &Flist,
        figures: TreeFigures,
        plugins: &mut Vec<PluginRun>,
        progress: &dyn Progress,
    ) -> Result<FlistNames, Error> {
        let facts = facts(self.config, flist, &flist.naming, figures);
        let naming = self.policy.plugin(&flist.naming);
        let (names, account) = naming.name(&facts, &self.trees)?;
        plugins.push(ran(naming, Hook::Naming, account, &[], progress));
        for directory in std::iter::once(&self.config.output).chain(&self.config.publish.directory) {
            check_owner(directory, &flist.name, std::iter::once(&names.file).chain(&names.aliases))?;
        }
        for name in std::iter::once(&names.file).chain(&names.aliases) {
            if let Some(first) = self.names.insert(name.clone(), flist.name.clone()) {
                return Err(Error::SameName { name: name.to_string(), first, second: flist.name.clone() });
            }
        }
        Ok(names)
    }

    /// Filters an flist, and before it those whose trees its plugins may open.
    fn select(&mut self, flist: &'a Flist, progress: &dyn Progress) -> Result<(), Error> {
        if self.trees.by_name.contains_key(&flist.name) {
            return Ok(());
        }
        // There is no cycle: loading the configuration looked for one.
        for needed in self.config.needs(flist) {
            self.select(needed, progress)?;
        }
        let mut clock = Clock::default();
        let source = Source::open_ambient(&flist.name, &flist.sources)
            .map_err(|error| other_kernels::explain(self.config, error))?;
        progress.begin(Step::Scan, 0);
        let scan = scan(&source)?;
        checks::no_credentials(&self.config.project, &flist.name, &scan)?;
        clock.stage("scan");
        let mut filtered = Filtered::nothing(&scan);
        let mut plugins = Vec::new();
        let failed = |error| Error::Read { path: source.path().to_owned(), error };
        let places = flist.places(self.config);
        let mut tree = Arc::new(SourceTree::new(&source, &scan, &places, |_| true).map_err(failed)?);
        for name in &flist.filters {
            self.trees.by_name.insert(flist.name.clone(), tree.clone());
            let plugin = self.policy.plugin(name);
            let facts = facts(self.config, flist, name, TreeFigures::of(tree.entries()));
            let (verdicts, account) = plugin.filter(&facts, &self.trees, tree.entries())?;
            plugins.push(ran(plugin, Hook::Filter, account, tree.entries(), progress));
            let drops = verdicts.into_iter().enumerate().filter_map(|(id, verdict)| match verdict {
                Verdict::Keep => None,
                Verdict::Drop(reason) => Some((tree.scan_index(id as u32), reason)),
            });
            filtered.drop(&scan, name, drops);
            tree = Arc::new(SourceTree::new(&source, &scan, &places, |index| filtered.keeps(index)).map_err(failed)?);
        }
        filtered.check_symlinks(&scan, &flist.places(self.config))?;
        self.trees.by_name.insert(flist.name.clone(), tree);
        clock.stage("filter");
        self.selected.insert(&flist.name, Selected { source, scan, filtered, plugins, stages: clock.stages });
        Ok(())
    }

    /// Runs the post-pack plugins on the `entries` of `input` and applies what they want, all or nothing.
    fn edit(
        &self,
        flist: &Flist,
        input: Input,
        entries: &[EntryView],
        names: &FlistNames,
        plugins: &mut Vec<PluginRun>,
        progress: &dyn Progress,
    ) -> Result<Applied, Error> {
        let title = names.title.clone().map(|title| ("title".to_owned(), title));
        let tags: BTreeMap<String, String> = title.into_iter().collect();
        let figures = TreeFigures::of(entries);
        let mut wanted = Vec::new();
        for name in &flist.post_pack {
            let plugin = self.policy.plugin(name);
            let facts = BuildFacts { file_name: Some(names.file.clone()), ..facts(self.config, flist, name, figures) };
            let (operations, account) = plugin.edit(&facts, &self.trees, entries, &tags)?;
            wanted.push(Wanted { by: name.clone(), operations, reasons: account.reasons.clone() });
            plugins.push(ran(plugin, Hook::PostPack, account, entries, progress));
        }
        let applied = apply(input, tags, &wanted, &flist.places(self.config))?;
        // What is said of an entry that goes stands with it.
        let gone: HashSet<(&str, &str)> =
            applied.removed.iter().map(|removed| (&*removed.by, &*removed.path)).collect();
        for run in plugins.iter_mut().filter(|run| run.hook == Hook::PostPack) {
            let PluginRun { name, explained, .. } = run;
            explained.retain(|explained| !gone.contains(&(&**name, &*explained.path)));
        }
        Ok(applied)
    }
}

/// What is left of a run: warnings for the user, the rest for the report.
fn ran(plugin: &Plugin, hook: Hook, account: Account, entries: &[EntryView], progress: &dyn Progress) -> PluginRun {
    for warning in account.warnings {
        progress.warn(warning);
    }
    let explained = |(id, reason): (u32, String)| EntryReason { path: entries[id as usize].path.clone(), reason };
    PluginRun {
        used: account.usage,
        explained: account.reasons.into_iter().map(explained).collect(),
        found: account.findings,
        ..PluginRun::of(plugin, hook)
    }
}
