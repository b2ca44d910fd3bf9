//! docs/json.md, taken apart: the keys of each section, and what they have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::repository;

/// The tables of docs/json.md, by the anchors of their sections.
pub struct Document(BTreeMap<String, Vec<Row>>);

struct Row {
    /// Paths of keys; of an object alone, or nothing, where the rows of another section belong to it.
    key: String,
    kind: String,
    /// The anchor that the row leads to.
    link: Option<String>,
    /// Whether it stands for the rows of the section that it leads to.
    includes: bool,
    optional: bool,
}

/// The documented keys of a section with those that it leads to, and what was seen of them.
pub struct Keys {
    documented: BTreeMap<String, Documented>,
    seen: BTreeSet<String>,
    /// What does not fit, a sentence each.
    wrong: Vec<String>,
}

struct Documented {
    kind: String,
    optional: bool,
}

impl Document {
    pub fn read() -> Document {
        let page = std::fs::read_to_string(repository("docs/json.md")).unwrap();
        let sections = page.split("\n## ").skip(1).map(|section| {
            let (heading, text) = section.split_once('\n').unwrap();
            let rows = text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---")).skip(1);
            (anchor_of(heading), rows.map(Row::parse).collect())
        });
        Document(sections.collect())
    }

    /// The anchors of all sections.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The anchors that rows of other sections lead to.
    pub fn shared(&self) -> BTreeSet<&str> {
        self.0.values().flatten().filter_map(|row| row.link.as_deref()).collect()
    }

    pub fn keys(&self, heading: &str) -> Keys {
        let mut documented = BTreeMap::new();
        self.expand(&anchor_of(heading), "", &mut documented);
        Keys { documented, seen: BTreeSet::new(), wrong: Vec::new() }
    }

    fn expand(&self, anchor: &str, prefix: &str, found: &mut BTreeMap<String, Documented>) {
        let rows = self.0.get(anchor).unwrap_or_else(|| panic!("docs/json.md has no section with the anchor {anchor}"));
        for row in rows {
            let path = join(prefix, &row.key);
            if !row.includes {
                let documented = Documented { kind: row.kind.clone(), optional: row.optional };
                assert!(found.insert(path.clone(), documented).is_none(), "docs/json.md: {anchor} has {path} twice");
            }
            if let Some(link) = &row.link {
                let elements = if row.kind.starts_with("array") { "[]" } else { "" };
                self.expand(link, &format!("{path}{elements}"), found);
            }
        }
    }
}

impl Row {
    fn parse(line: &str) -> Row {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [first, kind, meaning] = cells[..] else { panic!("docs/json.md: three cells in {line}") };
        let (includes, link) = match target(first) {
            Some(link) => (true, Some(link)),
            None => (false, target(kind)),
        };
        let mut quoted = first.split('`').skip(1).step_by(2);
        let key = quoted.next().unwrap_or_default().to_owned();
        assert!(quoted.next().is_none() && (includes || !key.is_empty()), "docs/json.md: one key in {line}");
        assert!(key.is_empty() || !includes || first.contains("`: ["), "docs/json.md: `OBJECT`: [section] in {line}");
        Row { key, kind: kind.to_owned(), link, includes, optional: meaning.starts_with("only ") }
    }
}

impl Keys {
    /// Looks at a value, which has `schema` beside the documented keys.
    pub fn look_at(&mut self, value: &Value) {
        let mut value = value.clone();
        if !self.documented.contains_key("schema") {
            assert_eq!(value.as_object_mut().unwrap().remove("schema"), Some(1.into()), "{value}");
        }
        self.object("", &value);
    }

    /// What was undocumented, missing, or of another type, and the documented keys that were never seen.
    pub fn breaches(self) -> Vec<String> {
        let unseen = self.documented.keys().filter(|path| !self.seen.contains(*path));
        let unseen: Vec<String> = unseen.map(|path| format!("{path} is documented and was never seen")).collect();
        self.wrong.into_iter().chain(unseen).collect()
    }

    fn object(&mut self, prefix: &str, value: &Value) {
        let object = value.as_object().unwrap_or_else(|| panic!("{prefix} is an object, not {value}"));
        for (key, value) in object {
            let path = join(prefix, key);
            let Some(Documented { kind, .. }) = self.documented.get(&path) else {
                self.wrong.push(format!("{path} is not documented"));
                continue;
            };
            if !fits(kind, value) {
                self.wrong.push(format!("{path} is documented as {kind}, and is {value}"));
            }
            let is_open = kind.starts_with("map") || kind == "any";
            self.seen.insert(path.clone());
            if !is_open {
                self.inside(&path, value);
            }
        }
        let missing = self.documented.iter().filter(|(path, documented)| {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            parent == prefix && !documented.optional && !object.contains_key(name)
        });
        self.wrong.extend(missing.map(|(path, _)| format!("{path} is documented to be always there, and is not")));
    }

    fn inside(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(_) => self.object(path, value),
            Value::Array(elements) => elements.iter().for_each(|element| self.inside(&format!("{path}[]"), element)),
            _ => {}
        }
    }
}

/// Whether a value is of the type in a table's second column.
fn fits(kind: &str, value: &Value) -> bool {
    let (kind, nullable) = kind.strip_suffix(" or null").map_or((kind, false), |kind| (kind, true));
    match value {
        Value::Null => nullable || kind == "any",
        _ if kind == "any" => true,
        Value::Bool(_) => kind == "boolean",
        Value::Number(_) => kind == "number",
        Value::String(_) => kind == "string",
        Value::Array(elements) => kind.strip_prefix("array of ").is_some_and(|of| {
            elements.iter().all(|element| match of {
                "strings" => element.is_string(),
                "arrays" => element.is_array(),
                _ => element.is_object(),
            })
        }),
        Value::Object(map) if kind == "map of strings" => map.values().all(Value::is_string),
        Value::Object(_) => kind == "object" || kind.starts_with('['),
    }
}

fn join(prefix: &str, key: &str) -> String {
    match (prefix, key) {
        ("", _) => key.to_owned(),
        (_, "") => prefix.to_owned(),
        _ => format!("{prefix}.{key}"),
    }
}

/// The anchor in `[text](#anchor)`.
fn target(cell: &str) -> Option<String> {
    let (_, rest) = cell.split_once("](#")?;
    Some(rest.split_once(')')?.0.to_owned())
}

fn anchor_of(heading: &str) -> String {
    heading.trim().to_lowercase().replace('`', "").replace(' ', "-")
}

mod tests {
    use super::*;

    const PAGE: &str = "| `a` | [other](#other) | |\n| `b` | string or null | only sometimes |\n| `m` | map of strings | |\n\
                        | `l` | array of [other](#other) | |\n| `a`: [more](#more) | | |";

    fn breaches(value: &str) -> Vec<String> {
        let rows = |text: &str| text.lines().map(Row::parse).collect::<Vec<_>>();
        let sections = [("top", PAGE), ("other", "| `x` | number | |"), ("more", "| `y` | any | only here |")];
        let document = Document(sections.map(|(name, text)| (name.to_owned(), rows(text))).into());
        let mut keys = document.keys("`Top`");
        keys.look_at(&serde_json::from_str(value).unwrap());
        keys.breaches()
    }

    #[test]
    fn each_way_to_differ_from_the_document_is_found() {
        let whole = r#"{"schema": 1, "a": {"x": 1, "y": {"k": 1}}, "b": null, "m": {"k": "v"}, "l": [{"x": 2}]}"#;
        assert_eq!(breaches(whole), [""; 0]);
        let with = |from: &str, to: &str| breaches(&whole.replace(from, to));
        assert_eq!(with("\"b\"", "\"c\": 1, \"b\""), ["c is not documented"]);
        assert_eq!(with("{\"x\": 2}", "{\"x\": 2, \"z\": 1}"), ["l[].z is not documented"]);
        assert_eq!(
            with("\"x\": 1, ", ""),
            ["a.x is documented to be always there, and is not", "a.x is documented and was never seen"]
        );
        assert_eq!(with(", \"y\": {\"k\": 1}", ""), ["a.y is documented and was never seen"]);
        assert_eq!(with("{\"x\": 2}", ""), ["l[].x is documented and was never seen"]);
        assert_eq!(with("\"b\": null, ", ""), ["b is documented and was never seen"]);
        assert_eq!(with("\"v\"", "1"), ["m is documented as map of strings, and is {\"k\":1}"]);
        assert_eq!(with("\"x\": 1", "\"x\": null"), ["a.x is documented as number, and is null"]);
    }
}
