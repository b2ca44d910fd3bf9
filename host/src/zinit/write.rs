//! Comparing what is to be written with what is there, and writing it: all of it through the directory's handle.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, Permissions, PermissionsExt};
use serde::{Serialize, Serializer};

use super::error::ZinitError;
use crate::files::{replace, sha256};

/// What became of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The directory that they are in.
    pub directory: PathBuf,
    /// Each with its path in the directory.
    #[serde(serialize_with = "as_objects")]
    pub files: Vec<(String, FileState)>,
}

fn as_objects<S: Serializer>(files: &[(String, FileState)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct File<'a> {
        path: &'a str,
        state: FileState,
    }
    serializer.collect_seq(files.iter().map(|(path, state)| File { path, state: *state }))
}

/// What became of a file, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// It was not there.
    Created,
    /// It was there as it is.
    Unchanged,
    /// It was there with other contents.
    Replaced,
    /// It is there with other contents, which stay.
    Kept,
    /// It is not generated any more.
    Removed,
}

impl FileState {
    /// The word in what is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            FileState::Created => "created",
            FileState::Unchanged => "unchanged",
            FileState::Replaced => "replaced",
            FileState::Kept => "kept",
            FileState::Removed => "removed",
        }
    }
}

impl Written {
    /// Whether everything is as it was.
    pub fn is_unchanged(&self) -> bool {
        self.files.iter().all(|(_, state)| *state == FileState::Unchanged)
    }

    /// How many files are in a state.
    pub fn count(&self, wanted: FileState) -> usize {
        self.files.iter().filter(|(_, state)| *state == wanted).count()
    }
}

/// A file as it is to be.
pub(super) struct WantedFile {
    /// In the directory.
    pub path: String,
    pub bytes: Vec<u8>,
    pub mode: u32,
}

/// What is at a file's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Same,
    /// The same contents with other permissions, which nobody would miss.
    OtherMode,
    /// Other contents: their SHA-256.
    Other(String),
    /// Not a regular file.
    Foreign,
}

impl Found {
    /// What becomes of the file when it is written.
    pub fn state(&self) -> FileState {
        match self {
            Found::Nothing => FileState::Created,
            Found::Same => FileState::Unchanged,
            Found::OtherMode | Found::Other(_) | Found::Foreign => FileState::Replaced,
        }
    }
}

/// An error that names all files whose contents would be lost.
pub(super) fn refuse_conflicts(directory: &Path, found: &[(WantedFile, Found)]) -> Result<(), ZinitError> {
    let is_lost = |found: &Found| matches!(found, Found::Other(_) | Found::Foreign);
    let paths: Vec<String> =
        found.iter().filter(|(_, found)| is_lost(found)).map(|(wanted, _)| wanted.path.clone()).collect();
    match paths.is_empty() {
        true => Ok(()),
        false => Err(ZinitError::Conflicts { directory: directory.to_owned(), paths }),
    }
}

/// Looks at a file's place. A symlink there is not followed: zinit 0.2 would not follow it, either.
pub(super) fn find(dir: &Dir, wanted: &WantedFile) -> std::io::Result<Found> {
    let metadata = match dir.symlink_metadata(&wanted.path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Ok(Found::Foreign);
    }
    let bytes = dir.read(&wanted.path)?;
    Ok(match bytes == wanted.bytes {
        false => Found::Other(sha256(&bytes)),
        true if metadata.permissions().mode() & 0o7777 == wanted.mode => Found::Same,
        true => Found::OtherMode,
    })
}

/// Writes a file so that its place holds the old or the new one, whatever happens, with its permissions whatever the umask is.
pub(super) fn put(dir: &Dir, wanted: &WantedFile) -> std::io::Result<()> {
    let path = Path::new(&wanted.path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let parent = match path.parent().filter(|parent| *parent != Path::new("")) {
        Some(parent) => {
            dir.create_dir_all(parent)?;
            dir.open_dir(parent)?
        }
        None => dir.try_clone()?,
    };
    replace(&parent, name, |temporary| {
        let mut file = parent.create(temporary)?;
        file.write_all(&wanted.bytes)?;
        file.set_permissions(Permissions::from_mode(wanted.mode))?;
        file.sync_all()
    })
}
