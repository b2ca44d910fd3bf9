//! The output folder, `dist/zinit`. Beside the files lies `SHA256SUMS`, in the form that `sha256sum -c` reads: what flistry
//! wrote last. A file that still has that digest may be replaced by a build; any other was changed by a person.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::write::{FileState, Found, Wanted, Written, find, put};
use super::{GeneratedFile, ZinitError};
use crate::files::sha256;
use crate::progress::Warning;

/// What was written last, by digest.
pub const SUMS: &str = "SHA256SUMS";

/// What to do about files that are there with other contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing at all is written: `flistry zinit`.
    Refuse,
    /// They are overwritten: `--force`.
    Overwrite,
    /// Those that a person changed stay, with a warning; flistry's own are replaced, or removed if nothing generates them
    /// any more: a build.
    KeepChanged,
}

/// What writing would do; nothing is written.
///
/// # Errors
/// What can't be read.
pub fn compare(folder: &Path, files: &[GeneratedFile]) -> Result<Written, ZinitError> {
    let found = look(open(folder)?.as_ref(), folder, files)?;
    let state = |found: &Found| match found {
        Found::Nothing => FileState::Created,
        Found::Same => FileState::Unchanged,
        Found::OtherMode | Found::Other(_) | Found::Foreign => FileState::Replaced,
    };
    let files = found.iter().map(|(wanted, found)| (wanted.path.clone(), state(found))).collect();
    Ok(Written { folder: folder.to_owned(), files })
}

/// Writes the files, each as a whole, and makes the folder if need be.
///
/// # Errors
/// With [`Policy::Refuse`], files that have other contents: nothing was written. What can't be read or written.
pub fn write(folder: &Path, files: &[GeneratedFile], policy: Policy) -> Result<(Written, Vec<Warning>), ZinitError> {
    let existing = open(folder)?;
    let found = look(existing.as_ref(), folder, files)?;
    if policy == Policy::Refuse {
        refuse_conflicts(folder, &found)?;
    }
    let failed = |path: &str, error| ZinitError::Write { path: folder.join(path), error };
    let dir = match existing {
        Some(dir) => dir,
        None => {
            std::fs::create_dir_all(folder).map_err(|error| failed("", error))?;
            Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| failed("", error))?
        }
    };
    let before = Sums::read(&dir, folder)?;
    let mut sums = before.clone();
    let mut written = Vec::new();
    let mut warnings = Vec::new();
    for (wanted, found) in &found {
        let is_changed = match found {
            Found::Other(digest) => before.0.get(&wanted.path) != Some(digest),
            Found::Foreign => true,
            Found::Nothing | Found::Same | Found::OtherMode => false,
        };
        if policy == Policy::KeepChanged && is_changed {
            warnings.push(Warning::new(
                format!("{} was changed by hand and is left as it is", folder.join(&wanted.path).display()),
                "`flistry zinit --output DIR` writes what belongs there into another folder, `flistry zinit --force` here",
            ));
            written.push((wanted.path.clone(), FileState::Kept));
            continue;
        }
        let state = match found {
            Found::Nothing => FileState::Created,
            Found::Same => FileState::Unchanged,
            Found::OtherMode | Found::Other(_) | Found::Foreign => FileState::Replaced,
        };
        if state != FileState::Unchanged {
            put(&dir, wanted).map_err(|error| failed(&wanted.path, error))?;
        }
        sums.0.insert(wanted.path.clone(), sha256(&wanted.bytes));
        written.push((wanted.path.clone(), state));
    }
    if policy == Policy::KeepChanged {
        let stale: Vec<String> =
            before.0.keys().filter(|path| !found.iter().any(|(wanted, _)| wanted.path == **path)).cloned().collect();
        for path in stale {
            match remove_own(&dir, &path, &before.0[&path]).map_err(|error| failed(&path, error))? {
                Removal::Done => written.push((path.clone(), FileState::Removed)),
                Removal::Gone => {}
                Removal::Changed => {
                    let what =
                        format!("{} is not generated any more, but was changed by hand", folder.join(&path).display());
                    warnings.push(Warning::new(what, "remove it if nothing needs it"));
                }
            }
            sums.0.remove(&path);
        }
    }
    if sums != before {
        let wanted = Wanted { path: SUMS.to_owned(), bytes: sums.to_string().into_bytes(), mode: 0o644 };
        put(&dir, &wanted).map_err(|error| failed(SUMS, error))?;
    }
    Ok((Written { folder: folder.to_owned(), files: written }, warnings))
}

/// An error that names all files that would be lost.
pub(super) fn refuse_conflicts(folder: &Path, found: &[(Wanted, Found)]) -> Result<(), ZinitError> {
    let lost = |found: &Found| matches!(found, Found::Other(_) | Found::Foreign);
    let paths: Vec<String> =
        found.iter().filter(|(_, found)| lost(found)).map(|(wanted, _)| wanted.path.clone()).collect();
    match paths.is_empty() {
        true => Ok(()),
        false => Err(ZinitError::Conflicts { folder: folder.to_owned(), paths }),
    }
}

fn open(folder: &Path) -> Result<Option<Dir>, ZinitError> {
    match Dir::open_ambient_dir(folder, ambient_authority()) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ZinitError::Read { path: folder.to_owned(), error }),
    }
}

fn look(dir: Option<&Dir>, folder: &Path, files: &[GeneratedFile]) -> Result<Vec<(Wanted, Found)>, ZinitError> {
    let look = |file: &GeneratedFile| {
        let wanted = Wanted { path: file.path(), bytes: file.text.clone().into_bytes(), mode: file.mode() };
        let found = match dir {
            Some(dir) => {
                find(dir, &wanted).map_err(|error| ZinitError::Read { path: folder.join(&wanted.path), error })?
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

/// Removes a file that has still the digest that it was written with.
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
    /// A file that is not there, or not as flistry writes it, says nothing of any file.
    fn read(dir: &Dir, folder: &Path) -> Result<Sums, ZinitError> {
        match dir.read(SUMS) {
            Ok(bytes) => Ok(Sums::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Sums::default()),
            Err(error) => Err(ZinitError::Read { path: folder.join(SUMS), error }),
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
