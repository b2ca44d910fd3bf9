//! What becomes of each entry of a tree, with the reason in words.

use std::collections::{BTreeMap, BTreeSet};

use flistry_plugin::{Entry, Error, Kind, trees};

use crate::closure::{Because, Closure, Need};
use crate::config::Choice;
use crate::rules::Decisions;
use crate::tree::Tree;

/// The host takes 1024 bytes of a reason by default.
const MAX_REASON: usize = 900;

/// How many of those that need a module are named.
const MAX_NAMED: usize = 8;

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes in: it is not a module, and the rules are about modules.
    Keep,
    /// It goes in for this reason.
    KeepBecause(String),
    /// It is left out for this reason.
    Drop(String),
}

/// A selection of a tree's modules.
pub struct Selection {
    /// For each entry, by its id.
    pub fates: Vec<Fate>,
    /// Key and value, for the report.
    pub findings: Vec<(&'static str, String)>,
}

impl Selection {
    /// Selects of a tree that a node sees at `places`, and adds what is needed.
    ///
    /// # Errors
    /// Where the tree is not whole, where nothing is selected, and with `strict` where a rule matches nothing.
    pub fn make(source: &trees::Tree, places: &[String], choice: &Choice) -> Result<Selection, Error> {
        let mut tree = Tree::read(source, places)?;
        let mut decisions = Decisions::make(&tree, choice);
        let is_excluded = |at: usize| decisions.by_module[at].as_ref().is_some_and(|decision| !decision.include);
        if tree.replace(is_excluded) {
            // A name stands for another file now.
            decisions = Decisions::make(&tree, choice);
        }
        if choice.strict && !decisions.unmatched.is_empty() {
            let what = format!("strict: {}", list(&decisions.unmatched, "; "));
            return Err(Error::new("unmatched", what));
        }
        let is_selected = |module: &usize| match &decisions.by_module[*module] {
            Some(decision) => decision.include,
            None => choice.selects_the_rest(),
        };
        let selected: Vec<usize> = (0..tree.modules.len()).filter(is_selected).collect();
        if selected.is_empty() {
            let what = match &decisions.unmatched[..] {
                [] => "the rules select no module of the tree".to_owned(),
                unmatched => format!("the rules select no module of the tree: {}", list(unmatched, "; ")),
            };
            return Err(Error::new("nothing-selected", what));
        }
        let count = selected.len();
        let closure = Closure::of(&tree, selected, choice.runtime)?;
        let mut selection = Selection { fates: vec![Fate::Keep; tree.entries.len()], findings: Vec::new() };
        for (at, module) in tree.modules.iter().enumerate() {
            let fate = fate(&tree, &decisions, &closure, at);
            if let (Some(Because::NeededBy(..) | Because::NeededByBuiltin(..)), Some(decision)) =
                (&closure.kept[at], &decisions.by_module[at])
            {
                let because = chain(&tree, &decisions, &closure, at);
                let what = format!("{}: left out by {}, but {because}", module.name, decision.rule);
                selection.findings.push(("excluded-but-needed", short(what)));
            }
            selection.fates[module.id as usize] = fate;
        }
        selection.findings.extend(tree.unknown.iter().map(|what| ("unknown", what.clone())));
        selection.leave_out_directories(&tree);
        selection.leave_out_symlinks(&tree);
        selection.find(&tree, decisions, &closure, count);
        Ok(selection)
    }

    /// Directories that had modules and have nothing left: the host keeps those of whatever is kept.
    fn leave_out_directories(&mut self, tree: &Tree<'_>) {
        let mut directories: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        let mut modules = vec![false; tree.entries.len()];
        for module in &tree.modules {
            modules[module.id as usize] = true;
        }
        for entry in tree.entries.entries().iter().filter(|entry| entry.kind != Kind::Directory) {
            let (is_module, is_kept) = (modules[entry.id as usize], !self.drops(entry));
            for (end, _) in entry.path.match_indices('/') {
                let (has_module, keeps) = directories.entry(&entry.path[..end]).or_default();
                *has_module |= is_module;
                *keeps |= is_kept;
            }
        }
        for entry in tree.entries.entries().iter().filter(|entry| entry.kind == Kind::Directory) {
            if directories.get(&*entry.path) == Some(&(true, false)) {
                self.fates[entry.id as usize] = Fate::Drop("nothing in it is selected".to_owned());
            }
        }
    }

    /// Symlinks to what is left out: the host refuses to let them dangle.
    fn leave_out_symlinks(&mut self, tree: &Tree<'_>) {
        for entry in tree.entries.entries().iter().filter(|entry| entry.kind == Kind::Symlink) {
            if let Some(target) = tree.target(entry).filter(|target| self.drops(target))
                && !self.drops(entry)
            {
                let reason = format!("it leads to /{}, which is not selected", target.path);
                self.fates[entry.id as usize] = Fate::Drop(short(reason));
            }
        }
    }

    /// What whoever wrote the rules should know without asking for it, a line each: rules and lines that have no effect.
    pub fn warnings(&self) -> Vec<String> {
        let of = |meant: &str| {
            let found = self.findings.iter().filter(|(key, _)| *key == meant);
            let found: Vec<&str> = found.map(|(_, value)| &**value).collect();
            let more = found.len().saturating_sub(MAX_NAMED);
            let more = (more > 0).then(|| format!("and {more} more that are {meant}"));
            found.into_iter().take(MAX_NAMED).map(str::to_owned).chain(more).collect::<Vec<_>>()
        };
        [of("unknown"), of("unmatched"), of("undone")].concat()
    }

    fn drops(&self, entry: &Entry) -> bool {
        matches!(self.fates[entry.id as usize], Fate::Drop(_))
    }

    fn find(&mut self, tree: &Tree<'_>, decisions: Decisions, closure: &Closure, selected: usize) {
        let kept = closure.kept.iter().flatten().count();
        let asked = closure.kept.iter().flatten();
        let asked = asked.filter(|because| matches!(because, Because::NeededBy(_, Need::Asked(_)))).count();
        let counts = [
            ("selected", selected),
            ("pulled-in", kept - selected),
            ("at-run-time", asked),
            ("dropped", tree.modules.len() - kept),
        ];
        let counts = counts.into_iter().filter(|(key, count)| *key != "at-run-time" || *count > 0);
        let counts = counts.map(|(key, count)| (key, modules(count)));
        let of = |name: &str, by: &[String]| short(format!("{name}, soft or weak dependency of {}", list(by, ", ")));
        let mut findings: Vec<(&str, String)> = counts.collect();
        findings.extend(decisions.unmatched.into_iter().map(|what| ("unmatched", short(what))));
        findings.extend(decisions.undone.into_iter().map(|what| ("undone", short(what))));
        findings.extend(decisions.builtin.into_iter().map(|what| ("built-in", short(what))));
        findings.extend(closure.builtin.iter().map(|(name, by)| ("built-in", of(name, by))));
        findings.extend(closure.absent.iter().map(|(name, by)| ("absent", of(name, by))));
        findings.extend(runtime_findings(tree, closure));
        findings.append(&mut self.findings);
        self.findings = findings;
    }
}

fn fate(tree: &Tree<'_>, decisions: &Decisions, closure: &Closure, module: usize) -> Fate {
    let decision = decisions.by_module[module].as_ref();
    match (&closure.kept[module], decision) {
        (None, Some(decision)) => Fate::Drop(short(format!("not selected: {}", decision.rule))),
        (None, None) => Fate::Drop("not selected: no rule includes it, and nothing that is kept needs it".to_owned()),
        (Some(Because::NeededBy(..) | Because::NeededByBuiltin(..)), Some(decision)) => {
            let because = chain(tree, decisions, closure, module);
            Fate::KeepBecause(short(format!("{because}; otherwise left out by {}", decision.rule)))
        }
        (Some(_), _) => Fate::KeepBecause(short(chain(tree, decisions, closure, module))),
    }
}

/// Why a module is kept: who needs it, who needs that one, down to a rule.
fn chain(tree: &Tree<'_>, decisions: &Decisions, closure: &Closure, module: usize) -> String {
    let mut words = Vec::new();
    let mut at = module;
    while let Some(Because::NeededBy(by, need)) = &closure.kept[at] {
        let how = if matches!(need, Need::Asked(_)) { "asked for at run time" } else { "needed" };
        words.push(format!("{how} by {} ({need})", tree.modules[*by].name));
        at = *by;
    }
    if let Some(Because::NeededByBuiltin(by, need)) = &closure.kept[at] {
        words.push(format!("needed by {by} ({need}), which is built into the kernel"));
        return words.join(", ");
    }
    words.push(match &decisions.by_module[at] {
        Some(decision) => format!("selected by {}", decision.rule),
        None => "selected, since no rule leaves it out".to_owned(),
    });
    words.join(", ")
}

/// What is left out though something that is kept asks for it, or may ask.
fn runtime_findings(tree: &Tree<'_>, closure: &Closure) -> Vec<(&'static str, String)> {
    let name = |module: &usize| tree.modules[*module].name.clone();
    let names = |modules: &BTreeSet<usize>| list(&modules.iter().map(name).collect::<Vec<_>>(), ", ");
    let left_out = |module: &&usize| closure.kept[**module].is_none();
    let mut findings = Vec::new();
    for (module, by) in closure.asked.iter().filter(|(module, _)| left_out(module)) {
        let by: Vec<String> = by.iter().map(|(by, asked)| format!("{} ({asked})", name(by))).collect();
        findings.push(("asked-for", format!("{}, at run time by {}", name(module), list(&by, ", "))));
    }
    let hinted = closure.hints.named.iter().filter(|(module, _)| left_out(module));
    let hinted = hinted.filter(|(module, _)| !closure.asked.contains_key(module));
    findings.extend(hinted.map(|(module, by)| ("hinted", format!("{}, named in {}", name(module), names(by)))));
    for (pattern, (fitting, by)) in &closure.hints.patterns {
        let fitting: BTreeSet<usize> = fitting.iter().filter(left_out).copied().collect();
        if !fitting.is_empty() {
            let by = by.iter().map(name).collect::<Vec<_>>();
            findings.push(("hinted", format!("{}, by {pattern} of {}", names(&fitting), list(&by, ", "))));
        }
    }
    let unreadable = closure.hints.unreadable.iter();
    findings.extend(unreadable.map(|(module, why)| ("unknown", format!("what {} asks for: {why}", name(module)))));
    findings.into_iter().map(|(key, value)| (key, short(value))).collect()
}

fn modules(count: usize) -> String {
    format!("{count} {}", if count == 1 { "module" } else { "modules" })
}

/// The first few, and how many more.
fn list(all: &[impl AsRef<str>], between: &str) -> String {
    let named: Vec<&str> = all.iter().take(MAX_NAMED).map(AsRef::as_ref).collect();
    match all.len().saturating_sub(MAX_NAMED) {
        0 => named.join(between),
        more => format!("{} and {more} more", named.join(between)),
    }
}

fn short(mut text: String) -> String {
    if text.len() > MAX_REASON {
        text.truncate(text.floor_char_boundary(MAX_REASON));
        text.push('…');
    }
    text
}
