//! What stays, what goes, and what there is to say of it. Knows no host: from values to a value.

mod data;
mod decision;
mod keeper;
mod names;
mod numbers;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use flistry_plugin::globs::Glob;
use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{EntryId, EntryTree, Kind};

use crate::asked::Asked;
use crate::extras::Extras;
use crate::paths::Paths;
use crate::pattern::Found;
use crate::root::{Root, find_all, roots};
use crate::settings::{Microcode, Settings};
use crate::whence::Unmade;
pub use decision::Decision;
use keeper::Keeper;
use numbers::Numbers;

/// Decides.
pub fn prune(
    tree: &EntryTree,
    paths: &Paths,
    asked: &Asked,
    unmade: &[Unmade],
    kernel: &str,
    settings: &Settings,
    extras: &Extras,
) -> Decision {
    let mut decision = Decision::default();
    for why in &asked.unknown {
        decision.finding("unknown", format!("{why}: nothing is removed for not being named"));
    }
    let mut keeper = Keeper::new(tree, dropped(tree, settings, extras));
    look_at_symlinks(tree, &mut decision, &mut keeper);
    keep_configured(tree, settings, &mut keeper);
    keep_targets(unmade, &mut decision, &mut keeper);
    microcode(tree, settings, extras, &mut decision, &mut keeper);

    let roots = roots(tree, kernel);
    let numbers = Numbers { extras, asked, kernel };
    names::keep(asked, settings, &numbers, &roots, &mut decision, &mut keeper);
    data::keep_strings(asked, &roots, &mut keeper);
    if settings.extras {
        keep_extras(asked, extras, &numbers, &roots, &mut keeper);
    }
    data::keep_formats(asked, paths, &roots, &mut keeper);
    data::tell_silent(asked, extras, &mut decision);
    if !asked.unknown.is_empty() {
        for id in tree.ids() {
            keeper.keep_alone(id, || "not everything that is asked for is known".to_owned());
        }
    }
    if settings.extras {
        keep_licences(tree, extras, &mut keeper);
    }
    keeper.decide(&mut decision);
    decision
}

/// Why the configuration removes an entry, for those that it does.
fn dropped(tree: &EntryTree, settings: &Settings, extras: &Extras) -> BTreeMap<EntryId, String> {
    let covered =
        |globs: &[Glob], path: &str| globs.iter().find(|glob| glob.covers(path)).map(|glob| glob.as_str().to_owned());
    let mut dropped = BTreeMap::new();
    for id in tree.ids() {
        let path = &tree.entry(id).path;
        if covered(&settings.keep, path).is_some() {
            continue;
        }
        if let Some(glob) = covered(&settings.drop, path) {
            dropped.insert(id, format!("the configuration drops `{glob}`"));
        } else if settings.microcode == Microcode::Drop && is_microcode(path, extras) {
            dropped.insert(id, "CPU microcode, which the configuration drops".to_owned());
        }
    }
    dropped
}

fn is_microcode(path: &str, extras: &Extras) -> bool {
    let top = path.split('/').next().unwrap_or_default();
    extras.microcode.iter().any(|directory| directory == top)
}

/// Reports symlinks that dangle or lead out of the tree.
fn look_at_symlinks(tree: &EntryTree, decision: &mut Decision, keeper: &mut Keeper<'_>) {
    for id in tree.ids().filter(|id| tree.entry(*id).kind == Kind::Symlink) {
        let entry = tree.entry(id);
        let symlink = || format!("{} -> {}", entry.path, entry.target.as_deref().unwrap_or_default());
        match tree.follow(id) {
            Resolved::Found(_) => {}
            Resolved::Dangling | Resolved::Loop => {
                decision.finding("dangling", symlink());
                keeper.note(id, || "it leads nowhere".to_owned());
            }
            Resolved::Escaping => decision.finding("escaping", symlink()),
        }
    }
}

/// Keeps what the symlinks lead to that nobody made.
fn keep_targets(unmade: &[Unmade], decision: &mut Decision, keeper: &mut Keeper<'_>) {
    for Unmade { path, targets } in unmade {
        decision.finding("unmade", path.clone());
        for target in targets {
            for id in std::iter::once(*target).chain(keeper.tree.beneath(*target)) {
                keeper.keep_whole(id, || format!("WHENCE has the symlink {path} to it, which is not there"));
            }
        }
    }
}

fn keep_configured(tree: &EntryTree, settings: &Settings, keeper: &mut Keeper<'_>) {
    for glob in &settings.keep {
        for id in tree.ids().filter(|id| glob.covers(&tree.entry(*id).path)) {
            keeper.keep_whole(id, || format!("the configuration keeps `{}`", glob.as_str()));
        }
    }
}

fn microcode(tree: &EntryTree, settings: &Settings, extras: &Extras, decision: &mut Decision, keeper: &mut Keeper<'_>) {
    let directories: Vec<&str> = extras
        .microcode
        .iter()
        .map(String::as_str)
        .filter(|directory| tree.child(EntryTree::ROOT, directory).is_some())
        .collect();
    if directories.is_empty() {
        return;
    }
    let (done, set) = match settings.microcode {
        Microcode::Keep => ("kept", "microcode = \"drop\" removes it"),
        Microcode::Drop => ("removed", "microcode = \"keep\" keeps it"),
    };
    decision.finding(
        "microcode",
        format!(
            "{} {done}: CPU microcode in an flist does nothing for a boot, it is loaded from the initrd; {set}",
            directories.join(", ")
        ),
    );
    if settings.microcode == Microcode::Keep {
        for id in tree.ids().filter(|id| is_microcode(&tree.entry(*id).path, extras)) {
            keeper.keep_whole(id, || "CPU microcode, which does nothing for a boot".to_owned());
        }
    }
}

fn keep_extras(asked: &Asked, extras: &Extras, numbers: &Numbers<'_>, roots: &[Root], keeper: &mut Keeper<'_>) {
    for extra in &extras.extras {
        let driver = extra.applies(&asked.drivers);
        for found in find_all(keeper.tree, &extra.files, roots) {
            match driver {
                Some(driver) if !numbers.takes_any(driver, &found, None, keeper) => false,
                Some(driver) => keeper.keep(&found, || format!("extra for {driver}: {}", extra.why)),
                None => {
                    keeper.note(found.entry, || format!("an extra for {}, which is not there", extra.drivers));
                    false
                }
            };
        }
    }
}

/// Licences stay in the root, and where something else stays.
fn keep_licences(tree: &EntryTree, extras: &Extras, keeper: &mut Keeper<'_>) {
    let found: Vec<Found> = extras.licences.iter().flat_map(|pattern| pattern.find(tree, EntryTree::ROOT)).collect();
    let kept = keeper.kept_before();
    for found in found {
        let directory = tree.parent(found.entry);
        let beneath = tree.beneath(directory);
        if directory == EntryTree::ROOT || kept[beneath.start as usize] < kept[beneath.end as usize] {
            keeper.keep(&found, || extras.licences_why.clone());
        }
    }
}
