//! `config/flistry.toml` in two layers, merged as TOML values before any of them is read as a setting: the shipped file, which
//! sets everything, and the project's own over it.
//!
//! Tables are merged key by key, any other value replaces the shipped one. Two tables are lists of things with names, so they
//! differ: a project's `[plugin.NAME]` replaces the shipped one of that name as a whole, and a file that has any `[flist.NAME]`
//! replaces all shipped flists.
//!
//! Each value keeps the place that it was written at, in offsets that count through both texts: the project's, then the
//! shipped one. So an error finds its file and line from the offset alone.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// The shipped `config/flistry.toml`.
pub const SHIPPED_TOML: &str = include_str!("../../../config/flistry.toml");

/// The merged values, and the texts that they come from.
pub(super) struct Layers<'t> {
    own: &'t str,
    shipped: &'t str,
    merged: Spanned<DeTable<'t>>,
}

/// A table of the merged values, by the names in its header.
pub(super) struct TableAt<'l> {
    layers: &'l Layers<'l>,
    header: Vec<&'l str>,
}

impl<'t> Layers<'t> {
    /// A project's file over the shipped one.
    ///
    /// # Errors
    /// Text that is not TOML.
    pub fn new(own: &'t str) -> Result<Layers<'t>, TomlError> {
        Layers::merge(SHIPPED_TOML, own)
    }

    fn merge(shipped: &'t str, own: &'t str) -> Result<Layers<'t>, TomlError> {
        let mut layers = Layers { own, shipped, merged: Spanned::new(0..0, DeTable::new()) };
        let behind = layers.shipped_offset();
        let parsed = DeTable::parse(shipped).map_err(|error| layers.toml_error(&error, behind))?;
        let shipped = moved_table(parsed.into_inner(), behind);
        let parsed = DeTable::parse(own).map_err(|error| layers.toml_error(&error, 0))?;
        let span = parsed.span();
        let merged = merge_tables(parsed.into_inner(), shipped, |key, own, shipped| match key {
            "flist" => if_any(own, shipped),
            "plugin" => over(own, shipped, |_, own, _| own),
            _ => deep(key, own, shipped),
        });
        layers.merged = Spanned::new(span, merged);
        Ok(layers)
    }

    /// The merged values as settings.
    ///
    /// # Errors
    /// A key or a type that a setting does not have; a key that is missing.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, TomlError> {
        T::deserialize(Deserializer::from(self.merged.clone())).map_err(|error| self.toml_error(&error, 0))
    }

    /// The table with that header; the root has none.
    pub fn table<'l>(&'l self, header: &[&'l str]) -> TableAt<'l>
    where
        't: 'l,
    {
        TableAt { layers: self, header: header.to_vec() }
    }

    /// Where the shipped text begins; between the two there is one offset for the end of the project's.
    fn shipped_offset(&self) -> usize {
        self.own.len() + 1
    }

    fn toml_error(&self, error: &Error, behind: usize) -> TomlError {
        let offset = behind + error.span().map_or(0, |span| span.start);
        let hint = "`flistry default-config` prints each setting with its meaning";
        let (text, offset_in_text) = self.text_at(offset);
        self.error(offset, key_before(text, offset_in_text), error.message().trim().replace('\n', ", "), hint)
    }

    fn text_at(&self, offset: usize) -> (&'t str, usize) {
        match offset.checked_sub(self.shipped_offset()) {
            Some(offset) => (self.shipped, offset),
            None => (self.own, offset),
        }
    }

    fn error(&self, offset: usize, key: &str, what: impl Into<String>, hint: impl Into<String>) -> TomlError {
        let is_shipped = offset >= self.shipped_offset();
        let (text, offset) = self.text_at(offset);
        let line = 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
        TomlError { is_shipped, line, key: key.to_owned(), what: what.into(), hint: hint.into() }
    }

    /// Where a key of a table is, or an element of its array; where that is not set, the closest table around it.
    fn offset<'p>(&self, path: impl IntoIterator<Item = &'p str>, index: Option<usize>) -> usize {
        let mut offset = 0;
        let mut table = Some(self.merged.get_ref());
        let mut last = None;
        for name in path {
            let Some((key, value)) = table.and_then(|table| table.get_key_value(name)) else { return offset };
            offset = key.span().start;
            table = value.get_ref().as_table();
            last = Some(value);
        }
        let item = index.and_then(|index| last?.get_ref().as_array()?.get(index));
        item.map_or(offset, |item| item.span().start)
    }
}

impl<'l> TableAt<'l> {
    /// A table within it.
    pub fn table(&self, name: &'l str) -> TableAt<'l> {
        TableAt { layers: self.layers, header: [&self.header[..], &[name]].concat() }
    }

    /// Where it stands, to be compared with others: a map forgets the order of a file.
    pub fn offset(&self) -> usize {
        self.layers.offset(self.header.iter().copied(), None)
    }

    /// What is wrong with the table as a whole, and what to do about it.
    pub fn error(&self, what: impl Into<String>, hint: impl Into<String>) -> TomlError {
        self.layers.error(self.offset(), "", what, hint)
    }

    /// What is wrong with one of its settings, whose key may be dotted.
    pub fn key_error(&self, key: &str, what: impl Into<String>, hint: impl Into<String>) -> TomlError {
        let path = self.header.iter().copied().chain(key.split('.'));
        self.layers.error(self.layers.offset(path, None), key, what, hint)
    }

    /// What is wrong with an element of a setting that is an array.
    pub fn item_error(&self, key: &str, index: usize, what: impl Into<String>, hint: impl Into<String>) -> TomlError {
        let path = self.header.iter().copied().chain([key]);
        self.layers.error(self.layers.offset(path, Some(index)), key, what, hint)
    }

    /// The name in its header, which has to be fit for a command line, a tag's key and a message; `what` is what it names.
    ///
    /// # Errors
    /// Any other name, and one of more than `longest` bytes.
    pub fn plain_name(&self, what: &str, longest: usize) -> Result<&'l str, TomlError> {
        let name = self.header.last().copied().unwrap_or_default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (1..=longest).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-') {
            return Ok(name);
        }
        let hint = format!("use up to {longest} letters, digits, `-` and `_`, not beginning with `-`");
        Err(self.error(format!("`{name}` cannot name {what}"), hint))
    }

    /// A setting that is a path.
    ///
    /// # Errors
    /// It is empty.
    pub fn not_empty<'a>(&self, key: &str, text: &'a str) -> Result<&'a str, TomlError> {
        match text.is_empty() {
            true => Err(self.key_error(key, "it is empty", "name a path")),
            false => Ok(text),
        }
    }
}

type Value<'t> = Spanned<DeValue<'t>>;

/// What becomes of the project's and the shipped value of one key.
type Both<'t> = fn(&str, Value<'t>, Value<'t>) -> Value<'t>;

fn merge_tables<'t>(own: DeTable<'t>, shipped: DeTable<'t>, both: Both<'t>) -> DeTable<'t> {
    let mut merged = shipped;
    for (key, value) in own {
        let name = key.get_ref().as_ref();
        let value = match merged.remove(name) {
            Some(shipped) => both(name, value, shipped),
            None => value,
        };
        merged.insert(key, value);
    }
    merged
}

/// One table over another; of anything else, the project's value.
fn over<'t>(own: Value<'t>, shipped: Value<'t>, both: Both<'t>) -> Value<'t> {
    let span = own.span();
    let value = match (own.into_inner(), shipped.into_inner()) {
        (DeValue::Table(own), DeValue::Table(shipped)) => DeValue::Table(merge_tables(own, shipped, both)),
        (own, _) => own,
    };
    Spanned::new(span, value)
}

fn deep<'t>(_: &str, own: Value<'t>, shipped: Value<'t>) -> Value<'t> {
    over(own, shipped, deep)
}

/// The project's table, unless it is empty.
fn if_any<'t>(own: Value<'t>, shipped: Value<'t>) -> Value<'t> {
    match own.get_ref() {
        DeValue::Table(table) if table.is_empty() => shipped,
        _ => own,
    }
}

/// A table as it would be parsed if its text began `by` bytes later.
fn moved_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    let mut moved_table = DeTable::new();
    for (key, value) in table {
        let span = key.span();
        moved_table.insert(Spanned::new(span.start + by..span.end + by, key.into_inner()), moved(value, by));
    }
    moved_table
}

fn moved(value: Value<'_>, by: usize) -> Value<'_> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved_table(table, by)),
        DeValue::Array(mut array) => {
            for item in array.iter_mut() {
                let span = item.span();
                let inner = std::mem::replace(item.get_mut(), DeValue::Boolean(false));
                *item = moved(Spanned::new(span, inner), by);
            }
            DeValue::Array(array)
        }
        plain => plain,
    };
    Spanned::new(span.start + by..span.end + by, value)
}

/// The key of the line at `offset`, where there is one before it.
fn key_before(text: &str, offset: usize) -> &str {
    let before = text.get(..offset).unwrap_or_default();
    let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
    if key.bytes().all(plain) { key } else { "" }
}

/// A line of `config/flistry.toml` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlError {
    /// It is a line of the shipped file.
    is_shipped: bool,
    /// From 1.
    line: usize,
    /// The setting, where it is known.
    key: String,
    what: String,
    hint: String,
}

impl std::error::Error for TomlError {}

impl fmt::Display for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TomlError { is_shipped, line, key, what, .. } = self;
        let shipped = if *is_shipped { "the shipped " } else { "" };
        let comma = if key.is_empty() { "" } else { ", " };
        write!(f, "{shipped}config/flistry.toml, line {line}{comma}{key}: {what}")
    }
}

impl TomlError {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
