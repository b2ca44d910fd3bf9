//! What is being built, and conveniences on the types that cross the border.

use std::collections::BTreeMap;

#[cfg(target_family = "wasm")]
use crate::host::build;
use crate::{Entry, Error, Names, Verdict};

/// What a build is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The flist's name in the configuration.
    pub flist: String,
    /// What it holds: `modules`, `firmware` or `plain`.
    pub contents: String,
    /// The full kernel version, such as `6.12.44-Zero-OS`.
    pub kernel: String,
    /// The build's date in UTC, `YYYYMMDD`.
    pub date: String,
    /// The variables that the configuration grants and that are set.
    pub variables: BTreeMap<String, String>,
    /// How many entries the tree has at this point of the build, with its root.
    pub entries: u64,
    /// How many of them are files.
    pub files: u64,
    /// The bytes of all these files together.
    pub bytes: u64,
    /// The flist's file name, once the naming hook has answered.
    pub file_name: Option<String>,
    /// Where a node mounts the flist, where the configuration says so.
    pub mount: Option<String>,
}

impl Facts {
    /// Asks the host.
    #[cfg(target_family = "wasm")]
    pub(crate) fn of_build() -> Facts {
        Facts {
            flist: build::flist(),
            contents: build::contents(),
            kernel: build::kernel(),
            date: build::date(),
            variables: build::variables().into_iter().collect(),
            entries: build::entries(),
            files: build::files(),
            bytes: build::bytes(),
            file_name: build::file_name(),
            mount: build::mount(),
        }
    }

    /// A variable that the configuration grants and that is set to something.
    pub fn variable(&self, key: &str) -> Option<&str> {
        self.variables.get(key).map(String::as_str).filter(|value| !value.is_empty())
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
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
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
        Names { file: file.into(), aliases: Vec::new(), title: None }
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
