//! What the selected modules need, and what that needs in turn, each with the first reason that was found: the shortest way
//! back to a module that a rule selects.

use std::collections::BTreeMap;
use std::fmt;

use flistry_plugin::{Error, Kind};

use crate::tree::{Found, Tree};

/// Why one module needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The rules select it.
    Selected,
    /// Another one that is kept needs it.
    NeededBy(usize, Need),
}

/// The modules that are kept.
pub struct Closure {
    /// For each module in its place: why it is kept, if it is.
    pub kept: Vec<Option<Because>>,
    /// Soft and weak dependencies that are built in: by name, who has them.
    pub builtin: BTreeMap<String, Vec<usize>>,
    /// Soft and weak dependencies that are nowhere: by name, who has them.
    pub absent: BTreeMap<String, Vec<usize>>,
}

impl Closure {
    /// Of the modules `selected`.
    ///
    /// # Errors
    /// Where a module that is kept needs a file that the tree lacks, or has no line in `modules.dep`.
    pub fn of(tree: &Tree<'_>, selected: Vec<usize>) -> Result<Closure, Error> {
        let mut closure =
            Closure { kept: vec![None; tree.modules.len()], builtin: BTreeMap::new(), absent: BTreeMap::new() };
        for module in &selected {
            closure.kept[*module] = Some(Because::Selected);
        }
        // Aliases are looked up in thousands of lines, and many modules have the same.
        let mut known: BTreeMap<String, Found> = BTreeMap::new();
        // Level by level: so the first reason is a shortest one, and modules that have to be read are read together.
        let mut level = selected;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (module, stated) in level.iter().copied().zip(tree.stated(&level)?) {
                let mut needs = of_file(tree, module)?;
                for dep in &stated {
                    let soft = [(&dep.pre, Need::Before), (&dep.post, Need::After), (&dep.neither, Need::Soft)];
                    for (names, need) in soft.into_iter().chain([(&dep.weak, Need::Weak)]) {
                        for name in names {
                            match known.entry(name.clone()).or_insert_with(|| tree.look_up(name)) {
                                Found::Modules(found) => needs.extend(found.iter().map(|found| (*found, need))),
                                Found::Builtin => closure.builtin.entry(name.clone()).or_default().push(module),
                                Found::Nothing => closure.absent.entry(name.clone()).or_default().push(module),
                            }
                        }
                    }
                }
                for (needed, need) in needs {
                    if closure.kept[needed].is_none() {
                        closure.kept[needed] = Some(Because::NeededBy(module, need));
                        next.push(needed);
                    }
                }
            }
            level = next;
        }
        Ok(closure)
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
