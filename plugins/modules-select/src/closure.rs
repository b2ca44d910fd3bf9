//! What the selected modules need, and what that needs in turn, each with the first reason that was found: the shortest way
//! back to a module that a rule selects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter::repeat;

use flistry_plugin::modules::StatedDeps;
use flistry_plugin::{Error, Kind};

use crate::config::AtRunTime;
use crate::runtime::{Hints, Runtime};
use crate::tree::{Found, Tree};

/// Why one module needs another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// `modules.dep`: it has symbols that the other one uses.
    Hard,
    /// A soft dependency: modprobe loads it before.
    Before,
    /// A soft dependency: modprobe loads it after.
    After,
    /// A soft dependency that says neither.
    Soft,
    /// A weak dependency: the module may ask for it.
    Weak,
    /// It is a symlink to it.
    Symlink,
    /// Another file has its name, and that is the one that modprobe loads.
    Namesake,
    /// The module asks for it while it runs, by this name.
    Asked(String),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Need::Asked(name) => name,
            Need::Hard => "hard",
            Need::Before => "soft, pre",
            Need::After => "soft, post",
            Need::Soft => "soft",
            Need::Weak => "weak",
            Need::Symlink => "symlink",
            Need::Namesake => "same name",
        })
    }
}

/// Why a module is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The rules select it.
    Selected,
    /// Another one that is kept needs it.
    NeededBy(usize, Need),
    /// A driver of this name, which is built into the kernel, needs it.
    NeededByBuiltin(String, Need),
}

/// The modules that are kept.
pub struct Closure {
    /// For each module in its place: why it is kept, if it is.
    pub kept: Vec<Option<Because>>,
    /// Soft and weak dependencies that are built in: by name, the names of who has them.
    pub builtin: BTreeMap<String, Vec<String>>,
    /// Soft and weak dependencies that are nowhere: by name, the names of who has them.
    pub absent: BTreeMap<String, Vec<String>>,
    /// What is asked for at run time and left out, since it is only reported: who asks, and by which name.
    pub asked: BTreeMap<usize, BTreeSet<(usize, String)>>,
    /// What may be asked for.
    pub hints: Hints,
}

impl Closure {
    /// Of the modules `selected`, and of what the kernel has built in.
    ///
    /// # Errors
    /// Where a module that is kept needs a file that the tree lacks, or has no line in `modules.dep`.
    pub fn of(tree: &Tree<'_>, selected: Vec<usize>, at_run_time: AtRunTime) -> Result<Closure, Error> {
        let mut closure = Closure {
            kept: vec![None; tree.modules.len()],
            builtin: BTreeMap::new(),
            absent: BTreeMap::new(),
            asked: BTreeMap::new(),
            hints: Hints::default(),
        };
        for module in &selected {
            closure.kept[*module] = Some(Because::Selected);
        }
        // Aliases are looked up in thousands of lines, and many modules have the same.
        let mut known: BTreeMap<String, Found> = BTreeMap::new();
        let mut runtime = match at_run_time {
            AtRunTime::Off => None,
            AtRunTime::Include | AtRunTime::Report => Some(Runtime::new(tree)?),
        };
        // Level by level: so the first reason is a shortest one, and modules that have to be read are read together.
        let mut level = selected;
        for stated in &tree.stated_by_builtin {
            for (needed, need) in closure.of_stated(tree, &mut known, &stated.module, stated) {
                closure.keep(needed, Because::NeededByBuiltin(stated.module.clone(), need), &mut level);
            }
        }
        while !level.is_empty() {
            let mut next = Vec::new();
            for (module, stated) in level.iter().copied().zip(tree.stated(&level)?) {
                let mut needs = of_file(tree, module)?;
                for stated in &stated {
                    needs.extend(closure.of_stated(tree, &mut known, &tree.modules[module].name, stated));
                }
                for (needed, need) in needs {
                    closure.keep(needed, Because::NeededBy(module, need), &mut next);
                }
            }
            // After what is declared: that is the better reason.
            if let Some(runtime) = &mut runtime {
                for (module, asks) in level.iter().copied().zip(runtime.asked(&level)?) {
                    for (needed, name) in asks.into_iter().flat_map(|ask| ask.modules.into_iter().zip(repeat(ask.name)))
                    {
                        match at_run_time {
                            AtRunTime::Include => {
                                closure.keep(needed, Because::NeededBy(module, Need::Asked(name)), &mut next);
                            }
                            AtRunTime::Report | AtRunTime::Off => {
                                closure.asked.entry(needed).or_default().insert((module, name));
                            }
                        }
                    }
                }
            }
            level = next;
        }
        closure.hints = runtime.map(Runtime::into_hints).unwrap_or_default();
        Ok(closure)
    }

    /// The modules that a soft or weak dependency stands for; what is none is noted.
    fn of_stated(
        &mut self,
        tree: &Tree<'_>,
        known: &mut BTreeMap<String, Found>,
        by: &str,
        stated: &StatedDeps,
    ) -> Vec<(usize, Need)> {
        let mut needs = Vec::new();
        let kinds = [
            (&stated.pre, Need::Before),
            (&stated.post, Need::After),
            (&stated.neither, Need::Soft),
            (&stated.weak, Need::Weak),
        ];
        for (names, need) in kinds {
            for name in names {
                match known.entry(name.clone()).or_insert_with(|| tree.look_up(name)) {
                    Found::Modules(found) => needs.extend(found.iter().map(|found| (*found, need.clone()))),
                    // That one part of the kernel needs another is nobody's concern.
                    Found::Builtin if tree.builtin.has(by) => {}
                    Found::Builtin => self.builtin.entry(name.clone()).or_default().push(by.to_owned()),
                    Found::Nothing => self.absent.entry(name.clone()).or_default().push(by.to_owned()),
                }
            }
        }
        needs
    }

    fn keep(&mut self, module: usize, because: Because, level: &mut Vec<usize>) {
        if self.kept[module].is_none() {
            self.kept[module] = Some(because);
            level.push(module);
        }
    }
}

/// What a module's file can't do without.
fn of_file(tree: &Tree<'_>, module: usize) -> Result<Vec<(usize, Need)>, Error> {
    let own = &tree.modules[module];
    let entry = tree.entries.entry(own.id);
    let mut needs = Vec::new();
    match tree.hard(module) {
        Some(paths) => {
            for path in paths {
                let Some(needed) = tree.at(path) else {
                    let what = format!(
                        "{} needs {path} by modules.dep, which is not in the tree: run depmod on it again, or see what \
                         the filters before this one drop",
                        own.path
                    );
                    return Err(Error::new("missing-module", what).at(entry));
                };
                needs.push((needed, Need::Hard));
            }
        }
        None => match tree.named(&own.name) {
            Some(other) if other != module => needs.push((other, Need::Namesake)),
            Some(_) if tree.takes_a_place(module) => {
                needs.extend(tree.importing(module)?.into_iter().map(|needed| (needed, Need::Hard)));
            }
            _ => {
                let what = format!(
                    "{} has no line in modules.dep, so what it needs is unknown: run depmod on the tree again",
                    own.path
                );
                return Err(Error::new("unknown-module", what).at(entry));
            }
        },
    }
    if entry.kind == Kind::Symlink
        && let Some(file) = tree.target(entry).and_then(|file| tree.at(&file.path))
    {
        needs.push((file, Need::Symlink));
    }
    Ok(needs)
}
