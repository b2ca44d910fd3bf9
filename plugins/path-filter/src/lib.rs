//! Leaves out entries by path, size and kind. An entry goes in if none of these has something against it:
//!
//! | setting | leaves out |
//! |---|---|
//! | `rules = [{ exclude = "GLOB" }, { include = "GLOB" }]` | what `exclude` is the last match for; a folder takes its contents along |
//! | `max-size = 1000000` | files with more bytes |
//! | `kinds = ["directory", "file", "symlink"]` | what is none of these |

use flistry_plugin::globs::{Glob, Rule, Rules};
use flistry_plugin::{Entry, Error, Facts, Filter, Kind, Plugin, Verdict, export};
use serde::Deserialize;

/// The plugin.
struct PathFilter {
    rules: Rules,
    config: Config,
}

/// Its settings.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    #[serde(default)]
    rules: Vec<RuleText>,
    max_size: Option<u64>,
    kinds: Option<Vec<KindName>>,
}

/// A rule as it is written: a table with one of the two keys.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuleText {
    Include(String),
    Exclude(String),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    Directory,
    File,
    Symlink,
    CharDevice,
    BlockDevice,
    Fifo,
}

impl Plugin for PathFilter {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        compile(config).map(|_| ())
    }
}

impl Filter for PathFilter {
    fn begin(_facts: &Facts, config: Config) -> Result<Self, Error> {
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
            Some(kinds) if !kinds.iter().any(|kind| kind.kind() == entry.kind) => {
                Some(format!("kinds: {} is not among them", name(entry.kind)))
            }
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

impl KindName {
    fn kind(self) -> Kind {
        match self {
            KindName::Directory => Kind::Directory,
            KindName::File => Kind::File,
            KindName::Symlink => Kind::Symlink,
            KindName::CharDevice => Kind::CharDevice,
            KindName::BlockDevice => Kind::BlockDevice,
            KindName::Fifo => Kind::Fifo,
        }
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Directory => "directory",
        Kind::File => "file",
        Kind::Symlink => "symlink",
        Kind::CharDevice => "char-device",
        Kind::BlockDevice => "block-device",
        Kind::Fifo => "fifo",
        Kind::Unknown => "unknown",
    }
}

export!(PathFilter: filter);

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str) -> Result<PathFilter, Error> {
        let facts = Facts {
            flist: String::new(),
            contents: String::new(),
            kernel: String::new(),
            date: String::new(),
            variables: Vec::new(),
            figures: Vec::new(),
        };
        PathFilter::begin(&facts, flistry_plugin::hook::config::<PathFilter>(json)?)
    }

    fn reason(json: &str, path: &str, kind: Kind, size: u64) -> Option<String> {
        let entry = Entry { id: 1, path: path.to_owned(), kind, size, mode: 0, target: None, attributes: Vec::new() };
        match filter(json).unwrap().decide(&entry).unwrap() {
            Verdict::Keep => None,
            Verdict::Drop(reason) => Some(reason),
        }
    }

    #[test]
    fn the_reason_says_which_rule() {
        let json = r#"{"rules": [{"exclude": "kernel"}, {"include": "kernel/net"}], "max-size": 9, "kinds": ["file"]}"#;
        let reason = |path, kind, size| reason(json, path, kind, size);
        assert_eq!(reason("kernel/fs/x.ko", Kind::File, 1).unwrap(), "rule 1: exclude `kernel`");
        assert_eq!(reason("kernel/net/x.ko", Kind::File, 9), None);
        assert_eq!(reason("kernel/net/x.ko", Kind::File, 10).unwrap(), "max-size: 10 bytes are more than 9");
        assert_eq!(reason("a", Kind::Symlink, 10).unwrap(), "kinds: symlink is not among them");
        assert_eq!(reason("", Kind::Directory, 0), None);
    }

    #[test]
    fn nothing_set_keeps_all() {
        assert_eq!(reason("{}", "a", Kind::Unknown, u64::MAX), None);
        assert_eq!(
            reason(r#"{"kinds": ["file"]}"#, "a", Kind::Unknown, 0).unwrap(),
            "kinds: unknown is not among them"
        );
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |json| filter(json).err().unwrap().message;
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
