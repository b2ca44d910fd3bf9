//! What a build is going to do, found out without touching anything: the pipeline's stages up to the pack.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checks;
use crate::build::clock::Clock;
use crate::build::policy::{Policy, facts};
use crate::config::{Config, Flist};
use crate::error::Error;
use crate::kernel::indexes::depmod::Depmod;
use crate::kernel::indexes::{Mismatch, needed};
use crate::manifest::name::FlistName;
use crate::plugin::{
    Account, Added, Applied, EntryKind, EntryView, FlistNames, Hook, Plugin, Removed, SourceTree, Trees, Verdict,
    Wanted, apply,
};
use crate::progress::Warning;
use crate::progress::{Progress, Step};
use crate::report::{Explained, PluginRun, Stage};
use crate::tree::FlistKind;
use crate::tree::filter::{Dropped, Filtered};
use crate::tree::normal::{Input, Rules, normalize};
use crate::tree::scan::{Scan, scan};
use crate::tree::source::Source;

/// The plan of one flist.
pub struct Plan<'a> {
    /// The whole configuration.
    pub config: &'a Config,
    /// The flist's part of it.
    pub flist: &'a Flist,
    /// Where its files are.
    pub source: Source,
    /// What will be packed.
    pub input: Input,
    /// What it will be called.
    pub names: FlistNames,
    /// The manifest's tags, without those that only the finished contents give.
    pub tags: BTreeMap<String, String>,
    /// What the filters left out.
    pub dropped: Vec<Dropped>,
    /// What post-pack plugins took out again.
    pub removed: Vec<Removed>,
    /// The links that post-pack plugins added.
    pub added: Vec<Added>,
    /// The plugins in the order in which they ran.
    pub plugins: Vec<PluginRun>,
    /// What does not hinder a node and is worth knowing.
    pub notes: Vec<String>,
    /// Where the modules' indexes don't fit them: how they are made again.
    pub indexes: Option<NewIndexes>,
    /// How long the stages so far took.
    pub stages: Vec<Stage>,
}

/// How a build makes the indexes of its modules again.
pub struct NewIndexes {
    /// What does not fit; at least one.
    pub why: Vec<Mismatch>,
    /// What makes them.
    pub depmod: Depmod,
    /// The kernel's symbols, where there is a table of them.
    pub system_map: Option<PathBuf>,
}

/// Makes the plans of a build's flists. A tree that several of them need is filtered once.
pub struct Planner<'a> {
    config: &'a Config,
    policy: Policy,
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
    /// Loads the plugins that `flists` need, through the folder `cache` of compiled ones; what is wrong with one of them
    /// ends a build here.
    ///
    /// # Errors
    /// The first plugin that can't be used.
    pub fn new(
        config: &'a Config,
        flists: &[&Flist],
        cache: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<Planner<'a>, Error> {
        let mut clock = Clock::default();
        let policy = Policy::load(config, flists, cache, progress)?;
        clock.stage("plugins");
        Ok(Planner {
            config,
            policy,
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
        let config = self.config;
        self.select(flist, progress)?;
        let selected = self.selected.remove(&*flist.name).expect("it was just selected, and is planned once");
        let Selected { source, scan, filtered, mut plugins, stages } = selected;
        let mut clock = Clock::after(stages);
        checks::own_files(config, flist, &source, &scan, &filtered)?;
        let rules = Rules { owner: flist.owner, not_after: config.source_date_epoch };
        let (input, warnings) = normalize(&scan, &filtered, rules)?;
        for warning in warnings {
            progress.warn(warning);
        }
        if input.tree.len() == 1 && scan.entries().len() > 1 {
            let what = format!("the filters of flist `{}` leave nothing of {}", flist.name, source.path().display());
            progress.warn(Warning::new(what, "`flistry plan` says which of them drops what"));
        }
        clock.stage("normalize");
        if flist.kind == FlistKind::Modules {
            checks::kernel(config, &source, &input.tree)?;
            clock.stage("vermagic");
        }

        let mut figures = figures(&EntryView::of_tree(&input.tree));
        let facts = facts(config, flist, &flist.naming, figures.clone());
        let naming = self.policy.plugin(&flist.naming);
        let (names, account) = naming.name(&facts, &self.trees)?;
        plugins.push(ran(naming, Hook::Naming, account, &[], progress));
        self.take_names(flist, &names)?;
        clock.stage("naming");

        figures.insert("file".to_owned(), names.file.to_string());
        let applied = self.edit(flist, input, &names, &figures, &mut plugins, progress)?;
        clock.stage("post-pack");
        let dropped = filtered.dropped(&scan);
        let (mut lacking, mut indexes) = (Vec::new(), None);
        if flist.kind == FlistKind::Modules {
            lacking = needed::check(&source, &applied.input.tree, &dropped, &applied.removed)?;
            indexes = checks::new_indexes(config, flist, &source, &applied.input)?;
        }
        let notes = checks::compatible(config, flist, &applied.input.tree, lacking, progress)?;
        clock.stage("indexes");
        let mut tags = applied.tags;
        tags.extend(plugins.iter().map(PluginRun::tag));
        tags.insert("flistry.config".to_owned(), hex::encode(config.digest(flist, &self.policy)));
        Ok(Plan {
            config,
            flist,
            source,
            input: applied.input,
            names,
            tags,
            dropped,
            notes,
            indexes,
            removed: applied.removed,
            added: applied.added,
            plugins,
            stages: self.loading.drain(..).chain(clock.stages).collect(),
        })
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
        let source = Source::open_ambient(&flist.name, &flist.sources)?;
        progress.begin(Step::Scan, 0);
        let scan = scan(&source)?;
        clock.stage("scan");
        let mut filtered = Filtered::nothing(&scan);
        let mut plugins = Vec::new();
        let failed = |error| Error::Read { path: source.path().to_owned(), error };
        let mut tree = Arc::new(SourceTree::new(&source, &scan, |_| true).map_err(failed)?);
        for name in &flist.filters {
            self.trees.by_name.insert(flist.name.clone(), tree.clone());
            let plugin = self.policy.plugin(name);
            let facts = facts(self.config, flist, name, figures(tree.entries()));
            let (verdicts, account) = plugin.filter(&facts, &self.trees, tree.entries())?;
            plugins.push(ran(plugin, Hook::Filter, account, tree.entries(), progress));
            let drops = verdicts.into_iter().enumerate().filter_map(|(id, verdict)| match verdict {
                Verdict::Keep => None,
                Verdict::Drop(reason) => Some((tree.scan_index(id as u32), reason)),
            });
            filtered.drop(&scan, name, drops);
            tree = Arc::new(SourceTree::new(&source, &scan, |index| filtered.keeps(index)).map_err(failed)?);
        }
        filtered.check_links(&scan)?;
        self.trees.by_name.insert(flist.name.clone(), tree);
        clock.stage("filter");
        self.selected.insert(&flist.name, Selected { source, scan, filtered, plugins, stages: clock.stages });
        Ok(())
    }

    /// Runs the post-pack plugins and applies what they want, all or nothing.
    fn edit(
        &self,
        flist: &Flist,
        input: Input,
        names: &FlistNames,
        figures: &BTreeMap<String, String>,
        plugins: &mut Vec<PluginRun>,
        progress: &dyn Progress,
    ) -> Result<Applied, Error> {
        let title = (!names.title.is_empty()).then(|| ("title".to_owned(), names.title.clone()));
        let tags: BTreeMap<String, String> = title.into_iter().collect();
        let entries = if flist.post_pack.is_empty() { Vec::new() } else { EntryView::of_tree(&input.tree) };
        let mut wanted = Vec::new();
        for name in &flist.post_pack {
            let plugin = self.policy.plugin(name);
            let facts = facts(self.config, flist, name, figures.clone());
            let edited = plugin.edit(&facts, &self.trees, &entries, &tags);
            // Also where it fails: what was found broken may be why.
            for warning in self.policy.engine().take_warnings() {
                progress.warn(warning);
            }
            let (operations, account) = edited?;
            wanted.push(Wanted { by: name.clone(), operations, reasons: account.reasons.clone() });
            plugins.push(ran(plugin, Hook::PostPack, account, &entries, progress));
        }
        let applied = apply(input, tags, &wanted)?;
        // What is said of an entry that goes stands with it.
        let gone: HashSet<(&str, &str)> =
            applied.removed.iter().map(|removed| (&*removed.by, &*removed.path)).collect();
        for run in plugins.iter_mut().filter(|run| run.hook == Hook::PostPack.as_str()) {
            let PluginRun { name, explained, .. } = run;
            explained.retain(|explained| !gone.contains(&(&**name, &*explained.path)));
        }
        Ok(applied)
    }

    /// Writes down what will make the next build faster. For commands that may write.
    pub fn remember(&self, progress: &dyn Progress) {
        if let Err(warning) = self.policy.engine().remember() {
            progress.warn(warning);
        }
    }

    /// Makes sure that no two flists, nor an flist and an alias, are the same file.
    fn take_names(&mut self, flist: &Flist, names: &FlistNames) -> Result<(), Error> {
        for name in std::iter::once(&names.file).chain(&names.aliases) {
            if let Some(first) = self.names.insert(name.clone(), flist.name.clone()) {
                return Err(Error::SameName { name: name.to_string(), first, second: flist.name.clone() });
            }
        }
        Ok(())
    }
}

/// What is known of a tree, as plugins are told.
fn figures(entries: &[EntryView]) -> BTreeMap<String, String> {
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let (count, bytes) = files.fold((0_u64, 0_u64), |(count, bytes), file| (count + 1, bytes + file.size));
    [("entries", entries.len() as u64), ("files", count), ("bytes", bytes)]
        .map(|(key, value)| (key.to_owned(), value.to_string()))
        .into()
}

/// What is left of a run: warnings for the user, the rest for the report.
fn ran(plugin: &Plugin, hook: Hook, account: Account, entries: &[EntryView], progress: &dyn Progress) -> PluginRun {
    for warning in account.warnings {
        progress.warn(warning);
    }
    let explained = |(id, reason): (u32, String)| Explained { path: entries[id as usize].path.clone(), reason };
    PluginRun {
        used: account.usage,
        explained: account.reasons.into_iter().map(explained).collect(),
        found: account.findings,
        ..PluginRun::of(plugin, hook)
    }
}
