//! Letting stock rfs do what a node does, and comparing: rfs lists, inspects and unpacks the flist.
//!
//! What rfs's `unpack` does not restore is not compared: times, owners, the modes of directories, devices and pipes.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::finding::Finding;
use crate::block::{BLOCK_SIZE, keys_of};
use crate::manifest::Manifest;
use crate::tree::{EntryId, Kind};

/// Where rfs is, relative to a project that builds it, if it is nowhere else.
const IN_PROJECT: &str = "components/rfs/target/x86_64-unknown-linux-musl/release/rfs";

/// Finds stock rfs: what `RFS_BIN` names, else in `PATH`, else where a project builds it.
///
/// # Errors
/// [`RfsError::NotFound`] says where it was looked for.
pub fn find(rfs_bin: Option<&str>, path: Option<&str>, project: &Path) -> Result<PathBuf, RfsError> {
    let in_path =
        path.unwrap_or_default().split(':').filter(|dir| !dir.is_empty()).map(|dir| Path::new(dir).join("rfs"));
    let candidates: Vec<PathBuf> = match rfs_bin {
        // What was named must be there: another rfs would prove something else.
        Some(named) => vec![PathBuf::from(named)],
        None => in_path.chain([project.join(IN_PROJECT)]).collect(),
    };
    crate::files::first_executable(candidates).ok_or_else(|| RfsError::NotFound { named: rfs_bin.map(str::to_owned) })
}

/// Lets rfs list, inspect and unpack the flist at `file`, below the directory `scratch`, and compares with the manifest.
///
/// # Errors
/// Where rfs can't be run, or what it unpacked can't be read.
pub fn compare(rfs: &Path, file: &Path, manifest: &Manifest, scratch: &Path) -> Result<Vec<Finding>, RfsError> {
    let mut findings = Vec::new();
    let file = file.as_os_str();
    for look in ["inspect", "tree"] {
        let output = run(rfs, Command::new(rfs).args(["flist", look]).arg(file))?;
        if let Err(why) = output {
            findings.push(Finding::Rfs(format!("`rfs flist {look}` fails: {why}")));
        } else if look == "tree" {
            let listed = output.unwrap_or_default();
            let unlisted = manifest.tree.iter().skip(1).find(|(_, entry)| {
                matches!(entry.kind, Kind::Directory | Kind::File { .. } | Kind::Symlink { .. })
                    && !listed.contains(&*entry.name)
            });
            if let Some((id, _)) = unlisted {
                findings.push(Finding::Rfs(format!("`rfs flist tree` does not list /{}", manifest.tree.path(id))));
            }
        }
    }
    let (target, cache) = (scratch.join("tree"), scratch.join("cache"));
    let unpack = run(rfs, Command::new(rfs).args(["unpack", "-m"]).arg(file).arg("-c").arg(&cache).arg(&target))?;
    match unpack {
        Err(why) => findings.push(Finding::Rfs(format!("`rfs unpack` fails: {why}"))),
        Ok(_) => compare_tree(manifest, &target, &mut findings)?,
    }
    Ok(findings)
}

/// What rfs printed, or the last line of what it complained about.
fn run(rfs: &Path, command: &mut Command) -> Result<Result<String, String>, RfsError> {
    let output = command.output().map_err(|error| RfsError::Run { rfs: rfs.to_owned(), error })?;
    if output.status.success() {
        return Ok(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    // rfs prints a route with its credentials in some errors.
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().rfind(|line| !line.trim().is_empty() && !line.contains("://")).unwrap_or("no message");
    Ok(Err(format!("{} ({last})", output.status)))
}

fn compare_tree(manifest: &Manifest, target: &Path, findings: &mut Vec<Finding>) -> Result<(), RfsError> {
    let mut unpacked = HashMap::new();
    walk(target, String::new(), &mut unpacked)?;
    for (id, entry) in manifest.tree.iter().skip(1) {
        if !matches!(entry.kind, Kind::Directory | Kind::File { .. } | Kind::Symlink { .. }) {
            continue;
        }
        let path = manifest.tree.path(id);
        match unpacked.remove(&path) {
            None => findings.push(Finding::Rfs(format!("/{path} is not unpacked"))),
            Some(found) => {
                if let Some(why) = differs(manifest, id, &found)? {
                    findings.push(Finding::Rfs(format!("/{path} {why}")));
                }
            }
        }
    }
    findings.extend(unpacked.into_keys().map(|path| Finding::Rfs(format!("/{path} is unpacked but not in the flist"))));
    Ok(())
}

fn walk(dir: &Path, prefix: String, found: &mut HashMap<String, PathBuf>) -> Result<(), RfsError> {
    let failed = |error| RfsError::Read { path: dir.to_owned(), error };
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), format!("{path}/"), found)?;
        }
        found.insert(path, entry.path());
    }
    Ok(())
}

fn differs(manifest: &Manifest, id: EntryId, found: &Path) -> Result<Option<String>, RfsError> {
    let failed = |error| RfsError::Read { path: found.to_owned(), error };
    let entry = manifest.tree.get(id);
    let metadata = found.symlink_metadata().map_err(failed)?;
    let kind = entry.kind.type_bits();
    if metadata.mode() & 0o170_000 != kind {
        return Ok(Some(format!("is unpacked as another kind than {}", entry.kind.name())));
    }
    match &entry.kind {
        Kind::Symlink { target } if found.read_link().map_err(failed)?.as_os_str().as_bytes() != target => {
            Ok(Some("is unpacked with another target".to_owned()))
        }
        Kind::File { size } => {
            if metadata.len() != *size {
                return Ok(Some(format!("is unpacked with {} bytes, not {size}", metadata.len())));
            }
            if metadata.mode() & 0o777 != entry.mode() & 0o777 {
                return Ok(Some(format!("is unpacked with mode {:o}", metadata.mode() & 0o777)));
            }
            let bytes = std::fs::read(found).map_err(failed)?;
            let keys = keys_of(bytes.chunks(BLOCK_SIZE));
            let same = keys.iter().eq(manifest.blocks.of(id).iter().map(|block| &block.key));
            Ok((!same).then(|| "is unpacked with other contents".to_owned()))
        }
        _ => Ok(None),
    }
}

/// Stock rfs could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RfsError {
    /// There is none.
    #[error("stock rfs was not found{}", named.as_ref().map(|path| format!(": RFS_BIN names {path}, which is not a program")).unwrap_or_default())]
    NotFound {
        /// What `RFS_BIN` says.
        named: Option<String>,
    },
    /// It does not start.
    #[error("cannot run {}: {error}", rfs.display())]
    Run {
        /// The program.
        rfs: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// What it unpacked can't be read.
    #[error("cannot read {}, which rfs unpacked: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
}

impl RfsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            RfsError::NotFound { .. } => Some(format!(
                "set RFS_BIN to the rfs binary, put it in PATH, or build it at {IN_PROJECT} in the project"
            )),
            RfsError::Run { .. } | RfsError::Read { .. } => None,
        }
    }
}
