//! Running a component's hooks on a directory, without a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flistry::build::no_credentials;
use flistry::error::Error;
use flistry::plugin::{
    Account, BuildFacts, EntryView, Hook, Plugin, SourceTree, TreeFigures, TreeView, Trees, Verdict, Wanted, apply,
};
use flistry::progress::Silent;
use flistry::report::EntryReason;
use flistry::tree::filtered::Filtered;
use flistry::tree::normal::{NormalRules, normalize};
use flistry::tree::scan::{Scan, scan};
use flistry::tree::source::Source;
use flistry::tree::timestamp::day;
use flistry::tree::{FlistKind, Owner};
use time::UtcDateTime;

use super::trial::{FilterTrial, NamingTrial, PostPackTrial, Said, Trial, TriedOperation};

/// How a build without settings would pack a directory's entries.
const RULES: NormalRules = NormalRules { owner: Owner::Root, not_after: None };

/// What a build of today would tell a plugin.
pub fn facts(flist: &str, kind: FlistKind, kernel: &str, variables: BTreeMap<String, String>) -> BuildFacts {
    BuildFacts {
        flist: flist.to_owned(),
        kind,
        kernel: kernel.to_owned(),
        kernel_config: Arc::default(),
        date: day(UtcDateTime::now()),
        variables,
        figures: TreeFigures::default(),
        file_name: None,
        mount: None,
    }
}

/// Runs every hook that the component has, each on the directory as it is.
pub fn run_hooks(
    plugin: &Plugin,
    mut facts: BuildFacts,
    project: &Path,
    directory: &Path,
    grants: &[(String, PathBuf)],
) -> Result<Trial, Error> {
    let mut trees = Trees::default();
    for (flist, directory) in grants {
        let (_, tree) = open(flist, project, directory)?;
        trees.by_name.insert(flist.clone(), Arc::new(tree) as Arc<dyn TreeView>);
    }
    let (scan, tree) = open(&facts.flist, project, directory)?;
    let entries: Vec<EntryView> = tree.entries().to_vec();
    facts.figures = TreeFigures::of(&entries);
    trees.by_name.insert(facts.flist.clone(), Arc::new(tree));
    let hooks = plugin.hooks();
    let mut trial = Trial::default();
    if hooks.contains(&Hook::Filter) {
        let (verdicts, account) = plugin.filter(&facts, &trees, &entries)?;
        let dropped = verdicts.iter().zip(&entries).filter_map(|(verdict, entry)| match verdict {
            Verdict::Keep => None,
            Verdict::Drop(reason) => Some(EntryReason { path: entry.path.clone(), reason: reason.clone() }),
        });
        let dropped: Vec<EntryReason> = dropped.collect();
        let kept = entries.len() - dropped.len();
        let said = said(account, &entries, &mut trial);
        trial.filter = Some(FilterTrial { kept, dropped, said });
    }
    if hooks.contains(&Hook::Naming) {
        let (names, account) = plugin.name(&facts, &trees)?;
        trial.naming = Some(NamingTrial {
            file: names.file.to_string(),
            aliases: names.aliases.iter().map(ToString::to_string).collect(),
            title: names.title,
            said: said(account, &[], &mut trial),
        });
    }
    if hooks.contains(&Hook::PostPack) {
        let input = normalize(&scan, &Filtered::nothing(&scan), RULES, &Silent)?;
        let entries = EntryView::of_tree(&input.tree);
        let (operations, account) = plugin.edit(&facts, &trees, &entries, &BTreeMap::new())?;
        // As in a build, what cannot be carried out is an error.
        let by = plugin.name_in_config().to_owned();
        let wanted = Wanted { by, operations: operations.clone(), reasons: account.reasons.clone() };
        let removed = apply(input, BTreeMap::new(), &[wanted], &facts.places())?.removed;
        let operations = operations.into_iter().map(|operation| TriedOperation::new(operation, &entries)).collect();
        let said = said(account, &entries, &mut trial);
        trial.post_pack = Some(PostPackTrial { operations, removed, said });
    }
    Ok(trial)
}

/// Moves an account's warnings to the trial; the rest is given with the entries' paths.
fn said(account: Account, entries: &[EntryView], trial: &mut Trial) -> Said {
    trial.warnings.extend(account.warnings);
    let reasons = account.reasons.into_iter();
    let explained = reasons.map(|(id, reason)| EntryReason { path: entries[id as usize].path.clone(), reason });
    Said { used: account.usage, explained: explained.collect(), found: account.findings }
}

/// A directory as an flist's source.
fn open(flist: &str, project: &Path, directory: &Path) -> Result<(Scan, SourceTree), Error> {
    let source = Source::open_ambient(flist, &[directory.to_owned()])?;
    let scan = scan(&source)?;
    no_credentials(project, flist, &scan)?;
    let failed = |error| Error::Read { path: directory.to_owned(), error };
    let tree = SourceTree::new(&source, &scan, &[], |_| true).map_err(failed)?;
    Ok((scan, tree))
}
