//! What plugins left out, took out and found, in few lines: a pruned firmware tree has thousands of entries. JSON has them all.

use std::collections::{BTreeMap, HashMap};

use flistry::filter::Dropped;
use flistry::plugin::Removed;
use flistry::printable::Printable;
use flistry::report::PluginRun;

use super::output::bytes;

/// How many findings of one key are shown.
const FINDINGS: usize = 5;

/// How many entries of one reason are shown.
const DROPPED: usize = 5;

/// What filters left out: the first few entries of each reason.
pub fn dropped(dropped: &[Dropped]) -> Vec<String> {
    let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for Dropped { path, by, reason } in dropped {
        let place = *places.entry((by, reason)).or_insert_with(|| {
            reasons.push((by, reason, Vec::new()));
            reasons.len() - 1
        });
        reasons[place].2.push(path);
    }
    let mut lines = Vec::new();
    for (by, reason, paths) in reasons {
        for path in paths.iter().take(DROPPED) {
            lines.push(format!("/{} ({by}: {})", Printable(path), Printable(reason)));
        }
        if let Some(more @ 1..) = paths.len().checked_sub(DROPPED) {
            lines.push(format!("and {more} more; --format json has them all ({by}: {})", Printable(reason)));
        }
    }
    lines
}

/// What went, by plugin and top folder; what is alone there by its path.
pub fn removed(removed: &[Removed]) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Removed>> = BTreeMap::new();
    for (at, entry) in removed.iter().enumerate() {
        let top = entry.path.split_once('/').map_or("", |(top, _)| top);
        // A folder that went stands with what was in it, which comes next.
        let is_top = top.is_empty() && removed.get(at + 1).is_some_and(|next| lies_in(&next.path, &entry.path));
        groups.entry((&entry.by, if is_top { &entry.path } else { top })).or_default().push(entry);
    }
    groups
        .into_iter()
        .map(|((by, top), entries)| match &entries[..] {
            [Removed { path, reason: Some(reason), .. }] => {
                format!("/{} ({by}: {})", Printable(path), Printable(reason))
            }
            [Removed { path, .. }] => format!("/{} ({by})", Printable(path)),
            entries => format!("{} in /{} ({by})", count(entries.iter().copied()), Printable(top)),
        })
        .collect()
}

/// How much each plugin took out.
pub fn removed_by_plugin(removed: &[Removed]) -> Vec<String> {
    let mut plugins: BTreeMap<&str, Vec<&Removed>> = BTreeMap::new();
    for entry in removed {
        plugins.entry(&entry.by).or_default().push(entry);
    }
    plugins.into_iter().map(|(by, entries)| format!("{} by {by}", count(entries.into_iter()))).collect()
}

/// What was found: the first few of each key.
pub fn findings(plugins: &[PluginRun]) -> Vec<String> {
    let mut lines = Vec::new();
    for run in plugins {
        for (key, values) in by_key(run) {
            for value in values.iter().take(FINDINGS) {
                lines.push(format!("{} {} ({})", Printable(key), Printable(value), run.name));
            }
            if let Some(more @ 1..) = values.len().checked_sub(FINDINGS) {
                lines.push(format!("{} and {more} more; --format json has them all ({})", Printable(key), run.name));
            }
        }
    }
    lines
}

/// How much each plugin found: `2 missing, 1 microcode (firmware-prune)`.
pub fn findings_by_plugin(plugins: &[PluginRun]) -> Vec<String> {
    let counts = |run: &PluginRun| {
        let counts: Vec<String> =
            by_key(run).iter().map(|(key, values)| format!("{} {}", values.len(), Printable(key))).collect();
        (!counts.is_empty()).then(|| format!("{} ({})", counts.join(", "), run.name))
    };
    plugins.iter().filter_map(counts).collect()
}

/// A run's findings by their keys, in the order in which the keys came first.
fn by_key(run: &PluginRun) -> Vec<(&str, Vec<&str>)> {
    let mut keys: Vec<(&str, Vec<&str>)> = Vec::new();
    for (key, value) in &run.found {
        match keys.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => values.push(value),
            None => keys.push((key, vec![value])),
        }
    }
    keys
}

fn count<'a>(entries: impl Iterator<Item = &'a Removed>) -> String {
    let (count, sum) = entries.fold((0, 0), |(count, sum), entry| (count + 1, sum + entry.bytes.unwrap_or(0)));
    format!("{count} entries with {}", bytes(sum))
}

fn lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_by_reason() {
        let left_out = |path: String, reason: &str| Dropped { path, by: "select".into(), reason: reason.into() };
        let mut entries: Vec<Dropped> = (1..=7).map(|n| left_out(format!("m{n}.ko"), "not selected")).collect();
        entries.insert(1, left_out("build".into(), "a link out"));
        let lines = dropped(&entries);
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[0], "/m1.ko (select: not selected)");
        assert_eq!(lines[5], "and 2 more; --format json has them all (select: not selected)");
        assert_eq!(lines[6], "/build (select: a link out)");
    }

    fn gone(path: &str, bytes: Option<u64>) -> Removed {
        Removed { path: path.into(), by: "prune".into(), reason: Some("not named".into()), bytes }
    }

    #[test]
    fn what_went_is_told_by_top_folder() {
        let entries = [
            gone("a", None),
            gone("a/b", Some(1000)),
            gone("c/d/e", Some(7)),
            gone("x", Some(1)),
            gone("y", Some(2)),
            Removed { reason: None, ..gone("z/z", None) },
        ];
        assert_eq!(
            removed(&entries),
            [
                "2 entries with 3 B in / (prune)",
                "2 entries with 1.0 kB in /a (prune)",
                "/c/d/e (prune: not named)",
                "/z/z (prune)"
            ]
        );
        assert_eq!(removed_by_plugin(&entries), ["6 entries with 1.0 kB by prune"]);
    }
}
