//! Leaves out entries by path, size and kind. An entry goes in if none of these has something against it:
//!
//! | setting | leaves out |
//! |---|---|
//! | `rules = [{ exclude = "GLOB" }, { include = "GLOB" }]` | what `exclude` is the last match for; a directory takes its contents along |
//! | `max-size = 1000000` | files with more bytes |
//! | `kinds = ["directory", "file", "symlink"]` | what is not one of these |

use flistry_plugin::globs::{Glob, Rule, Rules};
use flistry_plugin::{Entry, Error, Facts, Filter, Kind, Plugin, Verdict, export};
use serde::Deserialize;

/// Rules and limits, ready to be asked.
struct PathFilter {
    rules: Rules,
    config: Config,
}

/// The settings of the table above.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    #[serde(default)]
    rules: Vec<RuleText>,
    max_size: Option<u64>,
    kinds: Option<Vec<Kind>>,
}

/// A rule as it is written: a table with one of the two keys.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuleText {
    Include(String),
    Exclude(String),
}

impl Plugin for PathFilter {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        compile(config).map(|_| ())
    }
}

impl Filter for PathFilter {
    fn new(_facts: &Facts, config: Config) -> Result<Self, Error> {
        Ok(PathFilter { rules: compile(&config)?, config })
    }

    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
        Ok(self.reason(entry).map_or(Verdict::Keep, Verdict::Drop))
    }
}

impl PathFilter {
    /// What is against an entry. The root is never asked: it is in every flist.
    fn reason(&self, entry: &Entry) -> Option<String> {
        if entry.path.is_empty() {
            return None;
        }
        if let Some((place, Rule { glob, include: false })) = self.rules.decide(&entry.path) {
            return Some(format!("rule {}: exclude `{}`", place + 1, glob.as_str()));
        }
        if let (Some(max), Kind::File) = (self.config.max_size, entry.kind)
            && entry.size > max
        {
            return Some(format!("max-size: {} bytes are more than {max}", entry.size));
        }
        match &self.config.kinds {
            Some(kinds) if !kinds.contains(&entry.kind) => Some(format!("kinds: {} is not among them", entry.kind)),
            _ => None,
        }
    }
}

fn compile(config: &Config) -> Result<Rules, Error> {
    let rule = |(place, rule): (usize, &RuleText)| {
        let (RuleText::Include(text) | RuleText::Exclude(text)) = rule;
        let glob = Glob::new(text);
        let glob = glob.map_err(|what| Error::new("bad-pattern", format!("rule {}: {what}", place + 1)))?;
        Ok(Rule { glob, include: matches!(rule, RuleText::Include(_)) })
    };
    Ok(Rules::new(config.rules.iter().enumerate().map(rule).collect::<Result<Vec<_>, Error>>()?))
}

export!(PathFilter: filter);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::{Build, TestTree, entry};

    use super::*;

    fn reason(json: &str, entry: Entry) -> Option<String> {
        let path = entry.path.clone();
        let done = Build::plain("docs").filter::<PathFilter>(json, TestTree::default().with(entry)).unwrap();
        done.reason(&path).map(str::to_owned)
    }

    #[test]
    fn the_reason_says_which_rule() {
        let json = r#"{"rules": [{"exclude": "kernel"}, {"include": "kernel/net"}], "max-size": 9, "kinds": ["file"]}"#;
        let reason = |path, kind, size| reason(json, Entry { size, ..entry(path, kind) });
        assert_eq!(reason("kernel/fs/x.ko", Kind::File, 1).unwrap(), "rule 1: exclude `kernel`");
        assert_eq!(reason("kernel/net/x.ko", Kind::File, 9), None);
        assert_eq!(reason("kernel/net/x.ko", Kind::File, 10).unwrap(), "max-size: 10 bytes are more than 9");
        assert_eq!(reason("a", Kind::Symlink, 10).unwrap(), "kinds: symlink is not among them");
        let done = Build::plain("docs").filter::<PathFilter>(json, []).unwrap();
        assert_eq!(done.reason(""), None);
    }

    #[test]
    fn nothing_set_keeps_all() {
        assert_eq!(reason("{}", Entry { size: u64::MAX, ..entry("a", Kind::Unknown) }), None);
        assert_eq!(
            reason(r#"{"kinds": ["file"]}"#, entry("a", Kind::Unknown)).unwrap(),
            "kinds: unknown is not among them"
        );
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |json| Build::plain("docs").filter::<PathFilter>(json, []).err().unwrap().message;
        assert_eq!(
            message(r#"{"rule": []}"#),
            "`rule`: unknown field `rule`, expected one of `rules`, `max-size`, `kinds`"
        );
        assert_eq!(
            message(r#"{"rules": [{"include": "a"}, {"exclude": "b["}]}"#),
            "rule 2: the pattern `b[` is not a glob: `[` without `]`"
        );
        let message = message(r#"{"rules": [{"drop": "a"}]}"#);
        assert!(message.contains("unknown variant `drop`, expected `include` or `exclude`"), "{message}");
    }
}
