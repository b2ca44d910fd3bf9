//! Filling an initramfs tree: flists, scripts and units at the places where a node looks for them. The tree is opened once,
//! and no symlink in it is followed out of it.

use std::collections::BTreeSet;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flistry_common::text::text;

use super::error::ZinitError;
use super::generated::{GeneratedFile, GeneratedKind};
use super::mount::Mount;
use super::settings::{Dialect, ZinitSettings};
use super::write::{FileState, Found, WantedFile, Written, find, put, refuse_conflicts};
use crate::files::sha256;
use crate::progress::{Progress, Warning};

/// Where zinit 0.2 looks for units.
const YAML_UNITS: &str = "etc/zinit";

/// Where zinit 0.3 looks for units as the first process of a system, in this order.
const TOML_UNITS: [&str; 2] = ["etc/zinit/system", "etc/zinit/services"];

/// Bytes of the largest unit of the image that is looked at.
const MAX_UNIT: u64 = 64 * 1024;

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillMode {
    /// Say what would be done.
    Compare,
    /// Overwrite nothing that has other contents.
    Refuse,
    /// Overwrite.
    Overwrite,
}

/// Puts the flists of `mounts` and the generated files into the tree `root`.
///
/// # Errors
/// Files that have other contents, unless they are to be overwritten: nothing was written. A manifest that is not the one
/// that was built. What cannot be read or written.
pub fn fill(
    root: &Path,
    mounts: &[Mount],
    files: &[GeneratedFile],
    settings: &ZinitSettings,
    mode: FillMode,
    progress: &dyn Progress,
) -> Result<Written, ZinitError> {
    let dir = Dir::open_ambient_dir(root, ambient_authority())
        .map_err(|error| ZinitError::Root { path: root.to_owned(), error })?;
    let mut wanted = Vec::new();
    for mount in mounts {
        let path = format!("{}/{}", inside(&settings.manifests), mount.built.name);
        wanted.push(WantedFile { path, bytes: manifest(mount)?, mode: 0o644 });
    }
    wanted.extend(files.iter().map(|file| WantedFile {
        path: place(file, settings),
        bytes: file.text.clone().into_bytes(),
        mode: file.mode(),
    }));
    let look = |wanted: WantedFile| match find(&dir, &wanted) {
        Ok(found) => Ok((wanted, found)),
        Err(error) => Err(ZinitError::Write { path: root.join(&wanted.path), error }),
    };
    let found: Vec<(WantedFile, Found)> = wanted.into_iter().map(look).collect::<Result<_, _>>()?;
    if mode == FillMode::Refuse {
        refuse_conflicts(root, &found)?;
    }
    let mut written = Vec::new();
    for (wanted, found) in &found {
        let state = found.state();
        if mode != FillMode::Compare && state != FileState::Unchanged {
            put(&dir, wanted).map_err(|error| ZinitError::Write { path: root.join(&wanted.path), error })?;
        }
        written.push((wanted.path.clone(), state));
    }
    let warnings = missing_units(&dir, files, settings).into_iter().chain(namesakes(&dir, files));
    warnings.for_each(|warning| progress.warn(warning));
    Ok(Written { directory: root.to_owned(), files: written })
}

/// A path on the node, relative to the tree.
fn inside(path: &str) -> &str {
    path.trim_start_matches('/')
}

fn place(file: &GeneratedFile, settings: &ZinitSettings) -> String {
    let directory = match file.kind {
        GeneratedKind::Script => inside(&settings.scripts),
        GeneratedKind::Unit(Dialect::Yaml) => YAML_UNITS,
        GeneratedKind::Unit(Dialect::Toml) => TOML_UNITS[0],
    };
    format!("{directory}/{}", file.name)
}

fn manifest(mount: &Mount) -> Result<Vec<u8>, ZinitError> {
    let path = &mount.built.path;
    let bytes = std::fs::read(path).map_err(|error| ZinitError::Read { path: path.clone(), error })?;
    match sha256(&bytes) == mount.built.sha256 {
        true => Ok(bytes),
        false => Err(ZinitError::OtherManifest(path.clone())),
    }
}

/// Units of the image that the new ones wait for and that are not in the tree: they would wait for ever. A dialect of which
/// the tree has no other unit is not the image's.
fn missing_units(dir: &Dir, files: &[GeneratedFile], settings: &ZinitSettings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for dialect in &settings.dialects {
        let own: BTreeSet<&str> = files
            .iter()
            .filter(|file| file.kind == GeneratedKind::Unit(*dialect))
            .map(|file| file.name.as_str())
            .collect();
        let directories: &[&str] = match dialect {
            Dialect::Yaml => &[YAML_UNITS],
            Dialect::Toml => &TOML_UNITS,
        };
        let ending = format!(".{}", dialect.as_str());
        let there: BTreeSet<String> = directories.iter().flat_map(|directory| names(dir, directory)).collect();
        if !there.iter().any(|name| name.ends_with(&ending) && !own.contains(name.as_str())) {
            continue;
        }
        for unit in settings.waited_for(*dialect).collect::<BTreeSet<_>>() {
            if !there.contains(&format!("{unit}{ending}")) {
                let word = dialect.as_str();
                warnings.push(Warning::new(
                    format!("the tree has no unit {unit}{ending}, which the generated units wait for"),
                    format!("name the image's own units in [zinit.{word}]"),
                ));
            }
        }
    }
    warnings
}

/// System units of zinit 0.3 that have the name of a generated one and lie in another file: it would then load no unit at all.
fn namesakes(dir: &Dir, files: &[GeneratedFile]) -> Vec<Warning> {
    let own: Vec<&str> = files
        .iter()
        .filter(|file| file.kind == GeneratedKind::Unit(Dialect::Toml))
        .filter_map(|file| file.name.strip_suffix(".toml"))
        .collect();
    let mut others = names(dir, TOML_UNITS[0]);
    others.retain(|name| name.strip_suffix(".toml").is_some_and(|stem| !own.contains(&stem)));
    others.sort();
    let mut warnings = Vec::new();
    for other in others {
        let path = format!("{}/{other}", TOML_UNITS[0]);
        let Some(unit) = unit_name(dir, &path).filter(|unit| own.contains(&unit.as_str())) else { continue };
        let what = format!("{path} has a unit named {unit}, too: zinit 0.3 then loads no unit at all");
        warnings.push(Warning::new(what, "remove one of the two, or give it another name"));
    }
    warnings
}

/// The name in a unit of zinit 0.3, if the file is one.
fn unit_name(dir: &Dir, path: &str) -> Option<String> {
    if dir.metadata(path).ok()?.len() > MAX_UNIT {
        return None;
    }
    let table: toml::Table = text(dir.read(path).ok()?).ok()?.parse().ok()?;
    let part = table.get("service").or_else(|| table.get("target"))?;
    Some(part.get("name")?.as_str()?.to_owned())
}

fn names(dir: &Dir, directory: &str) -> Vec<String> {
    let Ok(entries) = dir.read_dir(directory) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
