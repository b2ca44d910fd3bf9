//! From rules to a decision for each module, before anything is known of what modules need.

use flistry_plugin::globs::Glob;
use flistry_plugin::modules::split_compression;

use crate::config::{Choice, Rule, Selector};
use crate::list::Line;
use crate::tree::{Found, Tree};

/// What the rules say.
pub struct Decisions {
    /// For each module in its place: the rule that decides, if one matches.
    pub by_module: Vec<Option<Decision>>,
    /// Rules and lines that name something that is built in, in words.
    pub builtin: Vec<String>,
    /// Rules and lines that match nothing, in words.
    pub unmatched: Vec<String>,
    /// Lines whose modules are all left out by a later rule, in words.
    pub undone: Vec<String>,
}

/// The rule that decides about a module.
#[derive(Clone)]
pub struct Decision {
    /// Whether it selects the module.
    pub include: bool,
    /// The rule in words, with the list's line.
    pub rule: String,
    /// Whether it is about what is listed: such a rule is written with the list in mind.
    is_listed: bool,
}

impl Decisions {
    /// Looks at every rule in order: of those that match a module the last one decides.
    pub fn make(tree: &Tree<'_>, choice: &Choice) -> Decisions {
        let mut decisions = Decisions {
            by_module: vec![None; tree.modules.len()],
            builtin: Vec::new(),
            unmatched: Vec::new(),
            undone: Vec::new(),
        };
        let mut lines = Vec::new();
        for rule in &choice.rules {
            match &rule.selector {
                Selector::Listed(stage) => {
                    decisions.listed(tree, rule, &choice.list, stage.as_ref(), &mut lines);
                }
                Selector::Alias(pattern) => {
                    let found = tree.alias.matching(pattern).into_iter().filter_map(|name| tree.named(name));
                    let is_builtin = || !tree.builtin.aliases().matching(pattern).is_empty();
                    decisions.take(rule, &rule.to_string(), found.collect(), is_builtin);
                }
                selector => {
                    let matches = |path: &str, name: &str| match selector {
                        Selector::Path(glob) => glob.covers(path) || glob.covers(plain(path)),
                        Selector::Directory(directory) => {
                            path.strip_prefix(&**directory).is_some_and(|rest| rest.starts_with('/'))
                        }
                        Selector::Name(glob) => glob.matches(name),
                        Selector::Alias(_) | Selector::Listed(_) => false,
                    };
                    let modules = tree.modules.iter().enumerate();
                    let found = modules.filter(|(_, module)| module.paths().any(|path| matches(path, &module.name)));
                    let found = found.map(|(at, _)| at).collect();
                    let is_builtin = || tree.builtin.modules().any(|(name, path)| matches(path, name));
                    decisions.take(rule, &rule.to_string(), found, is_builtin);
                }
            }
        }
        decisions.undone = lines.iter().filter_map(|(line, modules)| decisions.undoing(line, modules)).collect();
        decisions
    }

    /// That a later rule leaves out all that a line selects, in words.
    fn undoing(&self, line: &str, modules: &[usize]) -> Option<String> {
        let mut last = None;
        for module in modules {
            last = Some(self.by_module[*module].as_ref().filter(|decision| !decision.include && !decision.is_listed)?);
        }
        Some(format!("{line}: left out by {}", last?.rule))
    }

    fn listed(
        &mut self,
        tree: &Tree<'_>,
        rule: &Rule,
        list: &[Line],
        stage: Option<&Glob>,
        selecting: &mut Vec<(String, Vec<usize>)>,
    ) {
        let mut lines = list.iter().filter(|line| stage.is_none_or(|stage| stage.matches(&line.stage))).peekable();
        if lines.peek().is_none() {
            self.unmatched.push(format!("{rule}: the list has no line of that stage"));
        }
        for line in lines {
            let words = match rule.place {
                None => format!("line {} of `list`, `{}`", line.number, line.name),
                Some(_) => format!("{rule}, line {} of `list`, `{}`", line.number, line.name),
            };
            let (found, is_builtin) = match tree.look_up(&line.name) {
                Found::Modules(found) => (found, false),
                Found::Builtin => (Vec::new(), true),
                Found::Nothing => (Vec::new(), false),
            };
            if rule.include {
                selecting.push((words.clone(), found.clone()));
            }
            self.take(rule, &words, found, || is_builtin);
        }
    }

    /// Lets a rule decide about modules; that it matches none is a finding.
    fn take(&mut self, rule: &Rule, words: &str, modules: Vec<usize>, is_builtin: impl FnOnce() -> bool) {
        if modules.is_empty() {
            match is_builtin() {
                true => self.builtin.push(format!("{words}: built into the kernel")),
                false => self.unmatched.push(format!("{words}: no module of the tree matches")),
            }
        }
        for module in modules {
            let is_listed = matches!(rule.selector, Selector::Listed(_));
            self.by_module[module] = Some(Decision { include: rule.include, rule: words.to_owned(), is_listed });
        }
    }
}

/// What a rule says should not depend on how a module is compressed.
fn plain(path: &str) -> &str {
    split_compression(path).map_or(path, |(plain, _)| plain)
}
