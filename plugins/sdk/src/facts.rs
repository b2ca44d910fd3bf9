//! Conveniences on the types that cross the border.

use crate::{Attributes, Entry, Error, Facts, Names, Verdict};

fn get<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
}

impl Facts {
    /// A variable that the configuration grants and that is set to something.
    pub fn variable(&self, key: &str) -> Option<&str> {
        get(&self.variables, key).filter(|value| !value.is_empty())
    }

    /// One of the numbers that are known of the tree: `entries`, `files` or `bytes`.
    pub fn figure(&self, key: &str) -> Option<u64> {
        get(&self.figures, key)?.parse().ok()
    }

    /// What a release is called: `FIRMWARE_TAG`, else the build's date.
    pub fn release(&self) -> &str {
        self.variable("FIRMWARE_TAG").unwrap_or(&self.date)
    }
}

impl Entry {
    /// The last part of its path; empty for the root.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// An open attribute, such as `unpackable`.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        get(&self.attributes, key)
    }
}

impl Verdict {
    /// Leave it out, for this reason.
    pub fn drop(reason: impl Into<String>) -> Verdict {
        Verdict::Drop(reason.into())
    }
}

impl Names {
    /// A name, without aliases or a title.
    pub fn new(file: impl Into<String>) -> Names {
        Names { file: file.into(), aliases: Vec::new(), title: String::new() }
    }
}

impl Error {
    /// `code` is a short word for programs, `message` says what is wrong and what to do.
    pub fn new(code: &str, message: impl Into<String>) -> Error {
        Error { code: code.to_owned(), message: message.into(), entry: None }
    }

    /// The same, about an entry.
    pub fn at(self, entry: &Entry) -> Error {
        Error { entry: Some(entry.id), ..self }
    }
}
