//! The firmware that drivers name: found where the kernel looks for it, or missing.

use std::collections::BTreeSet;

use flistry_plugin::{EntryId, EntryTree};

use super::decision::Decision;
use super::keeper::Keeper;
use super::numbers::Numbers;
use crate::asked::{Asked, Driver, by};
use crate::extras::{Derived, Takes};
use crate::pattern::{ENDINGS, Found, Pattern};
use crate::root::{Root, find_all};
use crate::settings::Settings;

/// Keeps what is named, and reports what is missing.
pub fn keep(
    asked: &Asked,
    settings: &Settings,
    numbers: &Numbers<'_>,
    roots: &[Root],
    decision: &mut Decision,
    keeper: &mut Keeper<'_>,
) {
    for (name, drivers) in &asked.names {
        let named = || by(drivers);
        let found = search(keeper.tree, name, roots);
        let kept = keep_found(&found, keeper, named);
        shadowed(&found, keeper.tree, decision);
        let firmware = Firmware { name, drivers, found: &found };
        let family = firmware.keep_derived(&numbers.extras.families, numbers, roots, keeper);
        if settings.extras {
            firmware.keep_derived(&numbers.extras.beside, numbers, roots, keeper);
        }
        let what = format!("{name}, {}", named());
        let may_be_missing = settings.allow.iter().any(|glob| glob.matches(name));
        if kept {
            // On a node whose own files are not known.
            if !may_be_missing && found.iter().all(|found| found.is_outside(keeper.tree)) {
                decision.missing.push(format!("{what}, leads out of the flist"));
            }
            continue;
        }
        if !found.is_empty() {
            decision.finding("dropped", format!("{what}, is there and dropped by the configuration"));
        } else if let Some((other, Takes::Yes)) = family {
            decision.finding("fallback", format!("{what}, is not there, {} is", keeper.tree.entry(other).path));
        } else if let Some((other, _)) = family.filter(|_| !may_be_missing) {
            let other = &keeper.tree.entry(other).path;
            let unknown = format!("{what}, is not there; {other} is, and it is not known whether the driver takes it");
            decision.missing.push(unknown.clone());
            decision.finding("fallback", unknown);
        } else if may_be_missing {
            decision.finding("allowed", what);
        } else {
            decision.missing.push(what.clone());
            decision.finding("missing", what);
        }
    }
}

/// Literally, and if that finds nothing as a glob; each in all the places, in the kernel's order: an ending is tried
/// everywhere before the next one.
pub fn search(tree: &EntryTree, name: &str, roots: &[Root]) -> Vec<Found> {
    let all = |pattern: Option<Pattern>| {
        let found = pattern.iter().flat_map(|pattern| roots.iter().flat_map(|root| root.find(tree, pattern)));
        let mut found: Vec<Found> = found.collect();
        found.sort_by_key(|found| found.ending);
        found
    };
    let found = all(Pattern::literal(name));
    if found.is_empty() { all(Pattern::glob(name)) } else { found }
}

fn keep_found(found: &[Found], keeper: &mut Keeper<'_>, named: impl Fn() -> String) -> bool {
    // All of them: which compression a kernel knows is its configuration, and where it looks first a node's.
    found.iter().fold(false, |kept, found| keeper.keep(found, &named) || kept)
}

/// Says which of several files of one name the kernel never reaches. What is only compressed is reached by the
/// compression that the kernel knows.
fn shadowed(found: &[Found], tree: &EntryTree, decision: &mut Decision) {
    let literal = |found: &&Found| tree.entry(found.entry).path.clone();
    let Some(first) = found.first().filter(|_| is_one_name(found, tree)) else { return };
    for other in &found[1..] {
        if first.ending == 0 || other.ending == first.ending {
            decision
                .finding("shadowed", format!("{}: the kernel loads {} before it", literal(&other), literal(&first)));
        }
    }
}

/// Whether all that was found is the same name in other places or with other endings, not what a glob stands for.
fn is_one_name(found: &[Found], tree: &EntryTree) -> bool {
    let plain = |found: &Found| {
        let name = tree.entry(found.entry).name();
        name.strip_suffix(ENDINGS[found.ending]).unwrap_or(name).to_owned()
    };
    found.iter().map(plain).collect::<BTreeSet<String>>().len() == 1
}

/// What stands behind the last dot.
fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

/// A firmware that is named.
struct Firmware<'a> {
    name: &'a str,
    drivers: &'a BTreeSet<Driver>,
    found: &'a [Found],
}

impl Firmware<'_> {
    /// Keeps what goes with it; returns the last of that which can stand in for it, one that its driver takes for certain
    /// before one that it may take.
    fn keep_derived(
        &self,
        rules: &[Derived],
        numbers: &Numbers<'_>,
        roots: &[Root],
        keeper: &mut Keeper<'_>,
    ) -> Option<(EntryId, Takes)> {
        let Firmware { name, drivers, found } = self;
        let (mut certain, mut uncertain) = (None, None);
        for rule in rules {
            let meant: Vec<&str> =
                drivers.iter().map(|driver| driver.name.as_str()).filter(|driver| rule.is_for(driver)).collect();
            let files = rule.files(name, meant.iter().copied());
            for other in find_all(keeper.tree, &files, roots) {
                // A family has its newest in it.
                if found.iter().any(|found| found.entry == other.entry) {
                    continue;
                }
                let takers: Vec<&str> = meant
                    .iter()
                    .copied()
                    .filter(|driver| numbers.takes_any(driver, &other, rule.lowest, keeper))
                    .collect();
                if takers.is_empty() {
                    continue;
                }
                let kept = keeper.keep(&other, || format!("with {name}, {}: {}", by(*drivers), rule.why));
                // Data that stands beside a family has another ending.
                let path = &keeper.tree.entry(other.entry).path;
                let plain = path.strip_suffix(ENDINGS[other.ending]).unwrap_or(path);
                if kept && ending(plain) == ending(name) {
                    let takes = |driver: &&str| numbers.takes(driver, &other, rule.lowest, keeper.tree) == Takes::Yes;
                    let place = if takers.iter().any(takes) { &mut certain } else { &mut uncertain };
                    *place = Some(other.entry);
                }
            }
        }
        certain.map(|entry| (entry, Takes::Yes)).or(uncertain.map(|entry| (entry, Takes::Unknown)))
    }
}
