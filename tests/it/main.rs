//! The integration tests: one program, with a module for each topic. They run in one process at once, so none of them may
//! change its working directory, its environment or its umask: what needs another one starts another process.

#![allow(clippy::unwrap_used)]

mod builds;
mod command_line;
mod compiling;
mod credentials;
mod firmware_pruning;
mod hostile_manifests;
mod inputs;
mod json_output;
mod module_facts;
mod module_indexes;
mod module_selection;
mod module_trees;
mod node_compatibility;
mod plugin_interface;
mod plugins_in_builds;
mod refusals;
mod rfs_vectors;
mod round_trip;
mod several_flists;
mod stores;
mod support;
mod verify_with_rfs;
mod zinit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of the modules that `file` declares. Files are found by name alone, so no `#[path]` may stand in them.
fn declared(file: &Path, found: &mut BTreeSet<PathBuf>) {
    found.insert(file.to_path_buf());
    let directory = match file.file_name().unwrap().to_str().unwrap() {
        "main.rs" | "mod.rs" => file.parent().unwrap().to_path_buf(),
        _ => file.with_extension(""),
    };
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else { continue };
        let candidates = [directory.join(name).with_extension("rs"), directory.join(name).join("mod.rs")];
        declared(candidates.iter().find(|path| path.exists()).unwrap(), found);
    }
}

fn sources(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let here = support::repository("tests/it");
    let (mut all, mut used) = (BTreeSet::new(), BTreeSet::new());
    sources(&here, &mut all);
    declared(&here.join("main.rs"), &mut used);
    assert_eq!(all, used, "every file below tests/it must be declared as a module");
}
