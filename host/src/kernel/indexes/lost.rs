//! The modules that the source's `modules.dep` has and the flist does not, always compared: a driver must not go missing
//! without a word.

use std::collections::BTreeMap;

use flistry_common::modules::module_name;

use super::modules::Modules;
use super::source_dep::SourceDep;
use super::whereabouts::{Gone, Whereabouts};
use crate::kernel::remarks::Remarks;
use crate::progress::Warning;

/// What the flist loses. What a plugin left out by its own path is in the report with the reason, and not told again.
pub fn check(dep: &SourceDep, modules: &Modules<'_>, whereabouts: &Whereabouts<'_>) -> Remarks {
    let (mut outside, mut dangling, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    let mut behind: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in dep.paths().filter(|path| modules.at(path).is_none()) {
        let named = match module_name(path).and_then(|name| modules.named(&name)) {
            Some(other) => format!("/{path} (/{other} takes its place)"),
            None => format!("/{path}"),
        };
        match whereabouts.of(path) {
            Gone::LeftOut { target: None, .. } => {}
            Gone::LeftOut { by, target: Some(target), .. } => {
                behind.entry(by.to_owned()).or_default().push(format!("{named}, which is /{target}"));
            }
            Gone::Outside { symlink } => outside.push(format!("{named} by {symlink}")),
            Gone::Dangling { symlink } => dangling.push(format!("{named} by {symlink}")),
            Gone::Absent => absent.push(named),
        }
    }
    let mut remarks = Remarks::default();
    for (lost, why, hint) in [
        (
            outside,
            "symlinks lead out of the source",
            "put what they lead to into the source, as `cp -rL` does, and run depmod on it",
        ),
        (dangling, "symlinks lead to nothing", "correct the symlinks, and run depmod on the source"),
        (
            absent,
            "there are no such files",
            "install the modules again, or run depmod on the source if they are no longer needed",
        ),
    ] {
        if !lost.is_empty() {
            let what =
                format!("the source's modules.dep has {} that will not be in the flist, since {why}", counted(&lost));
            remarks.unusable.push(Warning::new(format!("{what}: {}", lost.join(", ")), hint));
        }
    }
    for (by, lost) in behind {
        let what = format!(
            "what symlinks lead to was left out by plugin `{by}`, and {} of modules.dep with it",
            counted(&lost)
        );
        remarks.notes.push(format!("{what}: {}", lost.join("; ")));
    }
    remarks
}

fn counted(lost: &[String]) -> String {
    match lost.len() {
        1 => "1 module".to_owned(),
        count => format!("{count} modules"),
    }
}
