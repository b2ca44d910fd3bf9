//! The files that are published under one name, and writing them into a directory.

use std::borrow::Cow;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::error::PublishError;
use crate::files::{symlink_atomically, write_atomically};
use crate::report::{self, BuildReport};

/// One file of a publication.
pub(super) struct PublishedFile<'a> {
    pub name: String,
    pub role: Role<'a>,
    pub bytes: Cow<'a, [u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    Manifest,
    Checksum,
    Report,
    /// The manifest once more, under another name; in a directory a symlink to it.
    Alias {
        of: &'a str,
    },
}

impl Role<'_> {
    pub fn content_type(self) -> &'static str {
        match self {
            Role::Manifest | Role::Alias { .. } => "application/vnd.sqlite3",
            Role::Checksum => "text/plain",
            Role::Report => "application/json",
        }
    }
}

impl<'a> PublishedFile<'a> {
    pub fn manifest(name: &str, bytes: &'a [u8]) -> Self {
        PublishedFile { name: name.to_owned(), role: Role::Manifest, bytes: bytes.into() }
    }

    pub fn alias(name: &str, of: &'a str, bytes: &'a [u8]) -> Self {
        PublishedFile { name: name.to_owned(), role: Role::Alias { of }, bytes: bytes.into() }
    }

    /// As `sha256sum` writes it and reads it again.
    pub fn checksum(name: &str, digest: &str) -> Self {
        let text = format!("{digest}  {name}\n");
        PublishedFile { name: format!("{name}.sha256"), role: Role::Checksum, bytes: text.into_bytes().into() }
    }

    pub fn report(name: &str, report: &BuildReport) -> Self {
        let text = report.to_json();
        PublishedFile { name: report::file_name(name), role: Role::Report, bytes: text.into_bytes().into() }
    }
}

/// Opens a directory that files are to be published in.
pub(super) fn open(directory: &Path) -> Result<Dir, PublishError> {
    Dir::open_ambient_dir(directory, ambient_authority()).map_err(|error| failed(directory, error))
}

/// Writes the files in their order: each under a temporary name, synced, and renamed. `directory` is the path of `dir`.
pub(super) fn write<'a>(
    dir: &Dir,
    directory: &Path,
    files: impl IntoIterator<Item = PublishedFile<'a>>,
) -> Result<(), PublishError> {
    for file in files {
        let written = match file.role {
            Role::Alias { of } => symlink_atomically(dir, of, &file.name),
            _ => write_atomically(dir, &file.name, &file.bytes),
        };
        written.map_err(|error| failed(&directory.join(&file.name), error))?;
    }
    // A `Dir` is a handle for paths only; what can be synced has to be opened for reading.
    dir.open(".").and_then(|opened| opened.sync_all()).map_err(|error| failed(directory, error))
}

pub(super) fn failed(path: &Path, error: std::io::Error) -> PublishError {
    PublishError::Write { path: path.to_owned(), error }
}
