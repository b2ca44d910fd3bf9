//! The settings, as they are written in flistry.toml and as the plugin uses them.

use std::fmt;

use flistry_plugin::Error;
use flistry_plugin::globs::Glob;
use flistry_plugin::modules::normalize;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::list::{self, Line};

/// The table `config`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// In order; of those that match a module the last one decides.
    #[serde(default)]
    rules: Vec<RuleText>,
    /// The text of a list file: `config-files` puts it here.
    list: Option<String>,
    /// What matches nothing is an error.
    #[serde(default)]
    strict: bool,
    /// What becomes of what modules ask for at run time.
    #[serde(default)]
    runtime: AtRunTime,
}

/// What becomes of what modules ask for while they run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtRunTime {
    /// It comes along.
    #[default]
    Include,
    /// It is found, and left out unless it is needed otherwise.
    Report,
    /// Nobody looks.
    Off,
}

/// A rule as it is written: a table with one of the two keys.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuleText {
    Include(SelectorText),
    Exclude(SelectorText),
}

/// What a rule is about: a table with one of these keys.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SelectorText {
    Path(Texts),
    Directory(Texts),
    Name(Texts),
    Alias(Texts),
    Listed(Texts),
}

/// One text or a list of them.
#[derive(Clone)]
struct Texts(Vec<String>);

/// What is to be selected.
pub struct Choice {
    /// In order; of those that match a module the last one decides.
    pub rules: Vec<Rule>,
    /// The list file's lines.
    pub list: Vec<Line>,
    /// What matches nothing is an error.
    pub strict: bool,
    /// What becomes of what modules ask for at run time.
    pub runtime: AtRunTime,
}

/// One thing that a rule names: a rule of several is several of these.
pub struct Rule {
    /// The rule's place, from 1; none for the one that a list without a rule stands for.
    pub place: Option<usize>,
    /// Whether what matches is selected, or not.
    pub include: bool,
    /// What matches.
    pub selector: Selector,
}

/// What a rule is about.
pub enum Selector {
    /// Modules by their paths.
    Path(Glob),
    /// All modules in a directory and below.
    Directory(String),
    /// Modules by their names, `-` and `_` being the same.
    Name(Glob),
    /// Modules by their aliases.
    Alias(String),
    /// What the list names, in all stages or in those that match.
    Listed(Option<Glob>),
}

impl Config {
    /// What it comes to; `None` where nothing is configured, which selects everything.
    pub fn choice(&self) -> Result<Option<Choice>, Error> {
        let list = self.list.as_deref().map(list::parse).transpose();
        let list = list.map_err(|what| Error::new("bad-list", format!("`list`: {what}")))?;
        if list.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::new("empty-list", "`list` names no module, and nothing would be selected"));
        }
        let mut rules = Vec::new();
        for (place, rule) in (1..).zip(&self.rules) {
            let (RuleText::Include(selector) | RuleText::Exclude(selector)) = rule;
            let include = matches!(rule, RuleText::Include(_));
            let texts = selector.texts();
            if texts.is_empty() {
                return Err(Error::new("bad-rule", format!("rule {place} names nothing")));
            }
            for text in texts {
                let selector = selector.compile(text);
                let selector = selector.map_err(|what| Error::new("bad-rule", format!("rule {place}: {what}")))?;
                if matches!(selector, Selector::Listed(_)) && list.is_none() {
                    let what = format!(
                        "rule {place} is about `listed` modules, but no list is given: name its file in \
                         `config-files = {{ list = \"PATH\" }}`"
                    );
                    return Err(Error::new("no-list", what));
                }
                rules.push(Rule { place: Some(place), include, selector });
            }
        }
        if list.is_some() && !rules.iter().any(|rule| matches!(rule.selector, Selector::Listed(_))) {
            rules.insert(0, Rule { place: None, include: true, selector: Selector::Listed(None) });
        }
        let choice = Choice { rules, list: list.unwrap_or_default(), strict: self.strict, runtime: self.runtime };
        Ok((!choice.rules.is_empty()).then_some(choice))
    }
}

impl Choice {
    /// Whether a module that no rule matches is selected: so it is where the first rule excludes, which would mean nothing
    /// otherwise.
    pub fn selects_the_rest(&self) -> bool {
        self.rules.first().is_none_or(|rule| !rule.include)
    }
}

impl SelectorText {
    fn texts(&self) -> &[String] {
        let (SelectorText::Path(texts)
        | SelectorText::Directory(texts)
        | SelectorText::Name(texts)
        | SelectorText::Alias(texts)
        | SelectorText::Listed(texts)) = self;
        &texts.0
    }

    fn compile(&self, text: &str) -> Result<Selector, String> {
        Ok(match self {
            SelectorText::Path(_) => Selector::Path(Glob::new(text)?),
            SelectorText::Directory(_) => Selector::Directory(directory(text)?),
            SelectorText::Name(_) if text.contains('/') => {
                return Err(format!("`{text}` is not a module's name: use `path` or `directory` for a path"));
            }
            SelectorText::Name(_) => Selector::Name(Glob::new(&normalize(text))?),
            SelectorText::Alias(_) if text.is_empty() => return Err("an empty alias matches nothing".to_owned()),
            SelectorText::Alias(_) => Selector::Alias(text.to_owned()),
            SelectorText::Listed(_) if text == "*" => Selector::Listed(None),
            SelectorText::Listed(_) => Selector::Listed(Some(Glob::new(text)?)),
        })
    }
}

/// A directory's path from the tree's root, without slashes at its ends.
fn directory(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    match path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        true => Err(format!("`{text}` is not a directory's path from the tree's root, like `kernel/drivers/net`")),
        false => Ok(path.to_owned()),
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Path(glob) => write!(f, "path `{}`", glob.as_str()),
            Selector::Directory(path) => write!(f, "directory `{path}`"),
            Selector::Name(glob) => write!(f, "name `{}`", glob.as_str()),
            Selector::Alias(pattern) => write!(f, "alias `{pattern}`"),
            Selector::Listed(stage) => write!(f, "listed `{}`", stage.as_ref().map_or("*", Glob::as_str)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) if self.include => write!(f, "rule {place}: include {}", self.selector),
            Some(place) => write!(f, "rule {place}: exclude {}", self.selector),
            None => f.write_str("`list`"),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Texts, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}
