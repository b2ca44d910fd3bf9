//! The firmware whose names stand in the data of drivers that do not name it, and the drivers of which nothing is known.

use std::collections::BTreeSet;

use super::decision::Decision;
use super::keeper::Keeper;
use super::names::search;
use crate::asked::{Asked, Driver, some};
use crate::extras::Extras;
use crate::formats::Format;
use crate::paths::Paths;
use crate::root::Root;

/// Keeps the files whose paths are whole strings. Who names a file as well is not said to have its string.
pub fn keep_strings(asked: &Asked, roots: &[Root], keeper: &mut Keeper<'_>) {
    for (path, drivers) in &asked.strings {
        let named = asked.names.get(path);
        let only: Vec<&Driver> =
            drivers.iter().filter(|driver| !named.is_some_and(|named| named.contains(driver))).collect();
        if !only.is_empty() {
            for found in search(keeper.tree, path, roots) {
                keeper.keep(&found, || format!("string in {}", some(only.iter().copied())));
            }
        }
    }
}

/// Keeps the files that formats stand for, unless something else keeps them.
pub fn keep_formats(asked: &Asked, paths: &Paths, roots: &[Root], keeper: &mut Keeper<'_>) {
    for (text, drivers) in &asked.formats {
        let Some(format) = Format::new(text, true) else { continue };
        for path in format.find(paths) {
            for found in search(keeper.tree, path, roots) {
                if !keeper.keeps(found.entry) {
                    keeper.keep(&found, || format!("format in {} ({text})", some(drivers)));
                }
            }
        }
    }
}

/// Tells of the drivers that load firmware, where nothing says which.
pub fn tell_silent(asked: &Asked, extras: &Extras, decision: &mut Decision) {
    let in_data = asked.strings.values().chain(asked.formats.values()).chain(asked.names.values());
    let known: BTreeSet<&Driver> = in_data.flatten().collect();
    let known_besides = |driver: &Driver| {
        let drivers = BTreeSet::from([driver.name.clone()]);
        extras.extras.iter().any(|extra| extra.applies(&drivers).is_some())
    };
    for driver in asked.loaders.iter().filter(|driver| !known.contains(driver) && !known_besides(driver)) {
        let what = "it loads firmware, and neither what it names nor its strings say which";
        decision.finding("unnamed", format!("{}: {what}", driver.name));
    }
}
