//! Another manifest in the place of one that is there.

use std::path::{Path, PathBuf};

use super::error::PublishError;
use super::published_file::{PublishedFile, failed, open, write};
use crate::files::sha256;
use crate::manifest::clean::CleanManifest;
use crate::report::BuildReport;

/// Writes `manifest` to `target`, a file with a name of its user's, together with what stands beside it and speaks of its
/// bytes: the report, if there is one, and those checksums under its name and its aliases that are there. What the aliases
/// lead to is the manifest, so they stay as they are. Returns the manifest's path.
///
/// # Errors
/// The first file that can't be written.
pub fn renew(target: &Path, manifest: &CleanManifest, report: Option<&BuildReport>) -> Result<PathBuf, PublishError> {
    let nameless = || failed(target, std::io::Error::other("it has no file name"));
    let name = target.file_name().ok_or_else(nameless)?.to_string_lossy();
    let directory = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let dir = open(directory)?;
    let digest = sha256(manifest.bytes());
    let aliases = report.map_or(&[][..], |report| &report.subject.aliases);
    let checksums = [&*name].into_iter().chain(aliases.iter().map(|alias| alias.as_str()));
    let checksums = checksums.map(|name| PublishedFile::checksum(name, &digest));
    let mut files = vec![PublishedFile::manifest(&name, manifest.bytes())];
    files.extend(checksums.filter(|file| dir.exists(&file.name)));
    files.extend(report.map(|report| PublishedFile::report(&name, report)));
    write(&dir, directory, files)?;
    Ok(directory.join(&*name))
}
