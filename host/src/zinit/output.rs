//! The output directory, `dist/zinit`. Beside the files lies `SHA256SUMS`, which `sha256sum -c` reads: what flistry wrote
//! last. A build may replace a file that still has that digest; any other was changed by a person.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flistry_common::text::lossy_text;

use super::error::ZinitError;
use super::generated::GeneratedFile;
use super::write::{FileState, Found, WantedFile, Written, find, put, refuse_conflicts};
use crate::files::sha256;
use crate::progress::{Progress, Warning};

/// What was written last, by digest.
pub const SUMS: &str = "SHA256SUMS";

/// What to do about files that are there with other contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// Write nothing at all: `flistry zinit`.
    Refuse,
    /// Overwrite them: `--force`.
    Overwrite,
    /// Keep those that a person changed, with a warning; replace flistry's own, and remove those of its own that are not
    /// generated any more: a build.
    KeepChanged,
}

/// What writing would do; nothing is written.
///
/// # Errors
/// What cannot be read.
pub fn compare(directory: &Path, files: &[GeneratedFile]) -> Result<Written, ZinitError> {
    let found = look(open(directory)?.as_ref(), directory, files)?;
    let files = found.iter().map(|(wanted, found)| (wanted.path.clone(), found.state())).collect();
    Ok(Written { directory: directory.to_owned(), files })
}

/// Writes the files, each atomically, and creates the directory if needed.
///
/// # Errors
/// With [`ConflictPolicy::Refuse`], files that have other contents: nothing was written. What cannot be read or written.
pub fn write(
    directory: &Path,
    files: &[GeneratedFile],
    policy: ConflictPolicy,
    progress: &dyn Progress,
) -> Result<Written, ZinitError> {
    let existing = open(directory)?;
    let found = look(existing.as_ref(), directory, files)?;
    if policy == ConflictPolicy::Refuse {
        refuse_conflicts(directory, &found)?;
    }
    let dir = match existing {
        Some(dir) => dir,
        None => create(directory).map_err(|error| ZinitError::Write { path: directory.to_owned(), error })?,
    };
    let before = Sums::read(&dir, directory)?;
    let mut update = Update { directory, dir, sums: before.clone(), states: Vec::new(), progress };
    for (wanted, found) in &found {
        match policy == ConflictPolicy::KeepChanged && before.is_changed(wanted, found) {
            true => update.keep(wanted),
            false => update.put(wanted, found)?,
        }
    }
    if policy == ConflictPolicy::KeepChanged {
        for (path, digest) in &before.0 {
            if !found.iter().any(|(wanted, _)| wanted.path == *path) {
                update.remove_stale(path, digest)?;
            }
        }
    }
    update.finish(&before)
}

/// Files being written into a directory, and what became of them so far.
struct Update<'a> {
    directory: &'a Path,
    dir: Dir,
    sums: Sums,
    states: Vec<(String, FileState)>,
    progress: &'a dyn Progress,
}

impl Update<'_> {
    fn failed(&self, path: &str, error: std::io::Error) -> ZinitError {
        ZinitError::Write { path: self.directory.join(path), error }
    }

    fn keep(&mut self, wanted: &WantedFile) {
        self.progress.warn(Warning::new(
            format!("{} was changed by hand and is left as it is", self.directory.join(&wanted.path).display()),
            "`flistry zinit --output DIR` writes the generated file elsewhere, `flistry zinit --force` overwrites this one",
        ));
        self.states.push((wanted.path.clone(), FileState::Kept));
    }

    fn put(&mut self, wanted: &WantedFile, found: &Found) -> Result<(), ZinitError> {
        let state = found.state();
        if state != FileState::Unchanged {
            put(&self.dir, wanted).map_err(|error| self.failed(&wanted.path, error))?;
        }
        self.sums.0.insert(wanted.path.clone(), sha256(&wanted.bytes));
        self.states.push((wanted.path.clone(), state));
        Ok(())
    }

    /// Removes a file that is not generated any more, unless a person changed it.
    fn remove_stale(&mut self, path: &str, digest: &str) -> Result<(), ZinitError> {
        match remove_own(&self.dir, path, digest).map_err(|error| self.failed(path, error))? {
            Removal::Done => self.states.push((path.to_owned(), FileState::Removed)),
            Removal::Gone => {}
            Removal::Changed => {
                let path = self.directory.join(path);
                let what = format!("{} is not generated any more, but was changed by hand", path.display());
                self.progress.warn(Warning::new(what, "remove it if nothing needs it"));
            }
        }
        self.sums.0.remove(path);
        Ok(())
    }

    /// Writes the digests, where they are not those of `before`.
    fn finish(self, before: &Sums) -> Result<Written, ZinitError> {
        if self.sums != *before {
            let wanted = WantedFile { path: SUMS.to_owned(), bytes: self.sums.to_string().into_bytes(), mode: 0o644 };
            put(&self.dir, &wanted).map_err(|error| self.failed(SUMS, error))?;
        }
        Ok(Written { directory: self.directory.to_owned(), files: self.states })
    }
}

fn create(directory: &Path) -> std::io::Result<Dir> {
    std::fs::create_dir_all(directory)?;
    Dir::open_ambient_dir(directory, ambient_authority())
}

fn open(directory: &Path) -> Result<Option<Dir>, ZinitError> {
    match Dir::open_ambient_dir(directory, ambient_authority()) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ZinitError::Read { path: directory.to_owned(), error }),
    }
}

fn look(dir: Option<&Dir>, directory: &Path, files: &[GeneratedFile]) -> Result<Vec<(WantedFile, Found)>, ZinitError> {
    let look = |file: &GeneratedFile| {
        let wanted = WantedFile { path: file.path(), bytes: file.text.clone().into_bytes(), mode: file.mode() };
        let found = match dir {
            Some(dir) => {
                find(dir, &wanted).map_err(|error| ZinitError::Read { path: directory.join(&wanted.path), error })?
            }
            None => Found::Nothing,
        };
        Ok((wanted, found))
    };
    files.iter().map(look).collect()
}

enum Removal {
    Done,
    Gone,
    Changed,
}

/// Removes a file that still has the digest that it was written with.
fn remove_own(dir: &Dir, path: &str, digest: &str) -> std::io::Result<Removal> {
    match dir.symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Removal::Gone),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() => return Ok(Removal::Changed),
        Ok(_) => {}
    }
    if sha256(&dir.read(path)?) != digest {
        return Ok(Removal::Changed);
    }
    dir.remove_file(path).map(|()| Removal::Done)
}

/// `SHA256SUMS`: path and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums(BTreeMap<String, String>);

impl Sums {
    /// A file that is missing, or that flistry did not write, says nothing about any file.
    fn read(dir: &Dir, directory: &Path) -> Result<Sums, ZinitError> {
        match dir.read(SUMS) {
            Ok(bytes) => Ok(lossy_text(&bytes).map(|text| Sums::parse(&text)).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Sums::default()),
            Err(error) => Err(ZinitError::Read { path: directory.join(SUMS), error }),
        }
    }

    /// Whether what is at a file's place is not what was written there last.
    fn is_changed(&self, wanted: &WantedFile, found: &Found) -> bool {
        match found {
            Found::Other(digest) => self.0.get(&wanted.path) != Some(digest),
            Found::Foreign => true,
            Found::Nothing | Found::Same | Found::OtherMode => false,
        }
    }

    fn parse(text: &str) -> Sums {
        let line = |line: &str| {
            let (digest, path) = line.split_once("  ")?;
            let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            is_digest.then(|| (path.to_owned(), digest.to_owned()))
        };
        Sums(text.lines().filter_map(line).collect())
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(path, digest)| writeln!(f, "{digest}  {path}"))
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
