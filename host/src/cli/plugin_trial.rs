//! A component's hooks on a folder, without a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flistry::error::Error;
use flistry::plugin::{
    Account, BuildFacts, EntryView, FlistNames, Hook, Operation, Plugin, SourceTree, TreeFigures, TreeView, Trees,
    Usage, Verdict, Wanted, apply,
};
use flistry::report::EntryReason;
use flistry::tree::filter::Filtered;
use flistry::tree::normal::{NormalRules, normalize};
use flistry::tree::scan::{Scan, scan};
use flistry::tree::source::Source;
use flistry::tree::timestamp::day;
use flistry::tree::{FlistKind, LeftOut, Owner};
use serde_json::{Value, json};
use time::UtcDateTime;

/// A folder's entries as a build without settings would pack them.
const RULES: NormalRules = NormalRules { owner: Owner::Root, not_after: None };

/// What a build of today would tell a plugin.
pub fn facts(flist: &str, contents: FlistKind, kernel: &str, variables: BTreeMap<String, String>) -> BuildFacts {
    BuildFacts {
        flist: flist.to_owned(),
        contents,
        kernel: kernel.to_owned(),
        date: day(UtcDateTime::now()),
        variables,
        figures: TreeFigures::default(),
        file_name: None,
    }
}

/// What the hooks that there are answered.
#[derive(Default)]
pub struct Answers {
    pub filter: Option<Selection>,
    pub names: Option<(FlistNames, Account)>,
    pub edit: Option<Edit>,
}

/// What a filter leaves.
pub struct Selection {
    /// Paths with the reasons.
    pub dropped: Vec<(String, String)>,
    pub kept: usize,
    pub explained: Vec<EntryReason>,
    pub account: Account,
}

/// What a post-pack hook wants.
pub struct Edit {
    pub operations: Vec<Operation>,
    /// What goes, were it done.
    pub removed: Vec<LeftOut>,
    pub explained: Vec<EntryReason>,
    pub account: Account,
}

/// Runs every hook that the component has, each on the folder as it is.
pub fn run_hooks(
    plugin: &Plugin,
    mut facts: BuildFacts,
    folder: PathBuf,
    grants: &[(String, PathBuf)],
) -> Result<Answers, Error> {
    let mut trees = Trees::default();
    for (flist, folder) in grants {
        let (_, tree) = open(flist, folder)?;
        trees.by_name.insert(flist.clone(), Arc::new(tree) as Arc<dyn TreeView>);
    }
    let (scan, tree) = open(&facts.flist, &folder)?;
    let entries: Vec<EntryView> = tree.entries().to_vec();
    facts.figures = TreeFigures::of(&entries);
    trees.by_name.insert(facts.flist.clone(), Arc::new(tree));
    let hooks = plugin.hooks();
    let mut answers = Answers::default();
    if hooks.contains(&Hook::Filter) {
        let (verdicts, account) = plugin.filter(&facts, &trees, &entries)?;
        let dropped: Vec<(String, String)> = verdicts
            .iter()
            .zip(&entries)
            .filter_map(|(verdict, entry)| match verdict {
                Verdict::Keep => None,
                Verdict::Drop(reason) => Some((entry.path.clone(), reason.clone())),
            })
            .collect();
        answers.filter = Some(Selection {
            kept: entries.len() - dropped.len(),
            dropped,
            explained: explained(&account, &entries),
            account,
        });
    }
    if hooks.contains(&Hook::Naming) {
        answers.names = Some(plugin.name(&facts, &trees)?);
    }
    if hooks.contains(&Hook::PostPack) {
        let input = normalize(&scan, &Filtered::nothing(&scan), RULES, &flistry::progress::Silent)?;
        let entries = EntryView::of_tree(&input.tree);
        let (operations, account) = plugin.edit(&facts, &trees, &entries, &BTreeMap::new())?;
        // As a build would: what can't be carried out is an error here, too.
        let by = plugin.name_in_config().to_owned();
        let wanted = Wanted { by, operations: operations.clone(), reasons: account.reasons.clone() };
        let removed = apply(input, BTreeMap::new(), &[wanted])?.removed;
        answers.edit = Some(Edit { operations, removed, explained: explained(&account, &entries), account });
    }
    Ok(answers)
}

/// What was said of entries, with their paths.
fn explained(account: &Account, entries: &[EntryView]) -> Vec<EntryReason> {
    let path = |id: &u32| entries[*id as usize].path.clone();
    account.reasons.iter().map(|(id, reason)| EntryReason { path: path(id), reason: reason.clone() }).collect()
}

/// A folder as an flist's source.
fn open(flist: &str, folder: &Path) -> Result<(Scan, SourceTree), Error> {
    let source = Source::open_ambient(flist, &[folder.to_owned()])?;
    let scan = scan(&source)?;
    let failed = |error| Error::Read { path: folder.to_owned(), error };
    let tree = SourceTree::new(&source, &scan, |_| true).map_err(failed)?;
    Ok((scan, tree))
}

impl Answers {
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        let filter = self.filter.iter().map(|selection| &selection.account);
        let edit = self.edit.iter().map(|edit| &edit.account);
        filter.chain(self.names.iter().map(|(_, a)| a)).chain(edit)
    }

    fn usages(&self) -> impl Iterator<Item = &Usage> {
        self.accounts().map(|account| &account.usage)
    }

    pub fn fuel(&self) -> u64 {
        self.usages().map(|usage| usage.fuel).sum()
    }

    pub fn memory(&self) -> u64 {
        self.usages().map(|usage| usage.peak_memory).max().unwrap_or(0)
    }

    pub fn json(&self) -> Value {
        json!({
            "filter": self.filter.as_ref().map(|Selection { dropped, kept, explained, account }| json!({
                "kept": kept,
                "dropped": dropped.iter().map(|(path, reason)| json!({ "path": path, "reason": reason })).collect::<Vec<_>>(),
                "used": account.usage,
                "explained": explained,
                "found": account.findings,
            })),
            "naming": self.names.as_ref().map(|(names, account)| json!({
                "file": names.file.to_string(),
                "aliases": names.aliases.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "title": names.title,
                "used": account.usage,
                "found": account.findings,
            })),
            "post-pack": self.edit.as_ref().map(|Edit { operations, removed, explained, account }| json!({
                "operations": operations.iter().map(|operation| format!("{operation:?}")).collect::<Vec<_>>(),
                "removed": removed,
                "used": account.usage,
                "explained": explained,
                "found": account.findings,
            })),
        })
    }

    /// Everything that must be the same the next time: all but the time it took.
    pub fn deterministic(&self) -> String {
        let mut json = self.json();
        for hook in ["filter", "naming", "post-pack"] {
            if let Some(used) = json[hook].get_mut("used").and_then(Value::as_object_mut) {
                used.remove("seconds");
            }
        }
        json.to_string()
    }
}
