//! What an flist holds, and what plugins left out, removed and found, in a few lines: a pruned firmware tree has thousands of
//! entries. JSON has them all.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use flistry::printable::Printable;
use flistry::report::PluginRun;
use flistry::tree::{Counts, LeftOut, LeftOutStage};

use super::style::{bytes, first};

/// How many findings of one key are shown.
const FINDINGS: usize = 5;

/// How many entries of one reason are shown.
const DROPPED: usize = 5;

/// What an flist holds.
pub fn counts(entries: &Counts) -> String {
    let Counts { files, directories, symlinks, .. } = entries;
    format!("{files} files with {}, {directories} directories, {symlinks} symlinks", bytes(entries.bytes))
}

/// What filters left out: the first few entries of each reason.
pub fn dropped(left_out: &[LeftOut]) -> Vec<String> {
    let dropped = left_out.iter().filter(|entry| entry.stage == LeftOutStage::Filter);
    let reasons = grouped(
        dropped.map(|LeftOut { path, by, reason, .. }| ((&**by, reason.as_deref().unwrap_or_default()), &**path)),
    );
    let lines = |((by, reason), paths): ((&str, &str), Vec<&str>)| {
        let path = |path: &&str| format!("/{} ({by}: {})", Printable(path), Printable(reason));
        let more = |more| format!("and {more} more; --format json has them all ({by}: {})", Printable(reason));
        first(DROPPED, &paths, path, more)
    };
    reasons.into_iter().flat_map(lines).collect()
}

/// What post-pack plugins removed, by plugin and top directory; what is alone there by its path.
pub fn removed(left_out: &[LeftOut]) -> Vec<String> {
    let removed: Vec<&LeftOut> = left_out.iter().filter(|entry| entry.stage == LeftOutStage::PostPack).collect();
    let mut groups: BTreeMap<(&str, &str), Vec<&LeftOut>> = BTreeMap::new();
    for (at, entry) in removed.iter().enumerate() {
        let top = entry.path.split_once('/').map_or("", |(top, _)| top);
        // A removed directory is followed by what was in it.
        let is_top = top.is_empty() && removed.get(at + 1).is_some_and(|next| lies_in(&next.path, &entry.path));
        groups.entry((&entry.by, if is_top { &entry.path } else { top })).or_default().push(entry);
    }
    groups
        .into_iter()
        .map(|((by, top), entries)| match &entries[..] {
            [LeftOut { path, reason: Some(reason), .. }] => {
                format!("/{} ({by}: {})", Printable(path), Printable(reason))
            }
            [LeftOut { path, .. }] => format!("/{} ({by})", Printable(path)),
            entries => format!("{} in /{} ({by})", count(entries.iter().copied()), Printable(top)),
        })
        .collect()
}

/// How much each plugin removed.
pub fn removed_by_plugin(left_out: &[LeftOut]) -> Vec<String> {
    let removed = left_out.iter().filter(|entry| entry.stage == LeftOutStage::PostPack);
    let mut plugins: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
    for entry in removed {
        plugins.entry(&entry.by).or_default().push(entry);
    }
    plugins.into_iter().map(|(by, entries)| format!("{} by {by}", count(entries.into_iter()))).collect()
}

/// What was found: the first few of each key.
pub fn findings(plugins: &[PluginRun]) -> Vec<String> {
    let lines = |run: &PluginRun, key: &str, values: Vec<&str>| {
        let value = |value: &&str| format!("{} {} ({})", Printable(key), Printable(value), run.name);
        let more = |more| format!("{} and {more} more; --format json has them all ({})", Printable(key), run.name);
        first(FINDINGS, &values, value, more)
    };
    plugins
        .iter()
        .flat_map(|run| by_key(run).into_iter().flat_map(move |(key, values)| lines(run, key, values)))
        .collect()
}

/// How much each plugin found: `2 missing, 149 selected (firmware-prune)`. A finding that is a number of things, `149 modules`,
/// counts as that many.
pub fn findings_by_plugin(plugins: &[PluginRun]) -> Vec<String> {
    let counts = |run: &PluginRun| {
        let counts: Vec<String> =
            by_key(run).iter().map(|(key, values)| format!("{} {}", count_of(values), Printable(key))).collect();
        (!counts.is_empty()).then(|| format!("{} ({})", counts.join(", "), run.name))
    };
    plugins.iter().filter_map(counts).collect()
}

/// How many things some findings of one key are.
fn count_of(values: &[&str]) -> u64 {
    let number = |value: &&str| value.split_once(' ').and_then(|(number, _)| number.parse::<u64>().ok());
    let numbers: Option<Vec<u64>> = values.iter().map(number).collect();
    numbers.map_or(values.len() as u64, |numbers| numbers.into_iter().fold(0, u64::saturating_add))
}

/// A run's findings by their keys, in the order in which the keys came first.
fn by_key(run: &PluginRun) -> Vec<(&str, Vec<&str>)> {
    grouped(run.found.iter().map(|(key, value)| (&**key, &**value)))
}

/// Values by their keys, both in the order in which they came.
fn grouped<K: Copy + Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    for (key, value) in pairs {
        let place = *places.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(value);
    }
    groups
}

fn count<'a>(entries: impl Iterator<Item = &'a LeftOut>) -> String {
    let (count, sum) = entries.fold((0, 0), |(count, sum), entry| (count + 1, sum + entry.bytes.unwrap_or(0)));
    format!("{count} entries with {}", bytes(sum))
}

fn lies_in(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_by_reason() {
        let left_out = |path: String, reason: &str| LeftOut {
            path,
            stage: LeftOutStage::Filter,
            by: "select".into(),
            reason: Some(reason.into()),
            bytes: None,
        };
        let mut entries: Vec<LeftOut> = (1..=7).map(|n| left_out(format!("m{n}.ko"), "not selected")).collect();
        entries.insert(1, left_out("build".into(), "leads outside"));
        let lines = dropped(&entries);
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[0], "/m1.ko (select: not selected)");
        assert_eq!(lines[5], "and 2 more; --format json has them all (select: not selected)");
        assert_eq!(lines[6], "/build (select: leads outside)");
    }

    #[test]
    fn what_counts_things_counts_as_many() {
        assert_eq!(count_of(&["149 modules"]), 149);
        assert_eq!(count_of(&["2 files", "3 files"]), 5);
        assert_eq!(count_of(&["0 modules"]), 0);
        assert_eq!(count_of(&["3com/x.bin, named by a", "7 of 9, named by b"]), 2);
        assert_eq!(count_of(&["149"]), 1);
        assert_eq!(count_of(&["18446744073709551615 a", "1 b"]), u64::MAX);
    }

    fn gone(path: &str, bytes: Option<u64>) -> LeftOut {
        LeftOut {
            path: path.into(),
            stage: LeftOutStage::PostPack,
            by: "prune".into(),
            reason: Some("not named".into()),
            bytes,
        }
    }

    #[test]
    fn what_was_removed_is_told_by_top_directory() {
        let entries = [
            gone("a", None),
            gone("a/b", Some(1000)),
            gone("c/d/e", Some(7)),
            gone("x", Some(1)),
            gone("y", Some(2)),
            LeftOut { reason: None, ..gone("z/z", None) },
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
