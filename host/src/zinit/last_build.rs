//! What the last build of each flist made, by the reports beside the flists: a date in a name then does not drift.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ZinitError;
use super::kernel_text::KernelText;
use super::mount::{LastBuild, Mount, MountPoint};
use crate::manifest::name::FlistName;
use crate::report;

/// Bytes of the largest report that is read: one names each entry that was left out.
const MAX_REPORT: u64 = 256 << 20;

/// What a report says about how a node finds the flist. The rest may have been written by another version.
#[derive(Deserialize)]
struct ReportedBuild {
    flist: String,
    file: String,
    aliases: Vec<String>,
    kernel: String,
    built: String,
    manifest: ReportedManifest,
}

#[derive(Deserialize)]
struct ReportedManifest {
    sha256: String,
}

/// The mounts of the flists that were built, by the newest report of each in the directory `flists`.
///
/// # Errors
/// A directory or report that cannot be read. A file that is not a report is passed over.
pub fn built(points: &[MountPoint], flists: &Path) -> Result<Vec<Mount>, ZinitError> {
    let reports = reports(flists)?;
    let mount = |point: &MountPoint| {
        let report = reports.iter().rev().find(|report| report.flist == point.flist)?;
        // A report with another file name was not written by a build.
        let file = FlistName::new(&report.file).ok()?;
        let alias = report.aliases.first().and_then(|alias| FlistName::new(alias).ok());
        let name = alias.unwrap_or_else(|| file.clone());
        Some(Mount {
            point: point.clone(),
            manifest: KernelText::from_name(&name, &report.kernel),
            built: LastBuild { path: flists.join(file.as_str()), sha256: report.manifest.sha256.clone(), name },
        })
    };
    Ok(points.iter().filter_map(mount).collect())
}

/// The same, where each flist has to be built.
///
/// # Errors
/// The first that has no report.
pub fn all_built(points: &[MountPoint], flists: &Path) -> Result<Vec<Mount>, ZinitError> {
    let mounts = built(points, flists)?;
    match points.iter().find(|point| !mounts.iter().any(|mount| mount.point == **point)) {
        Some(point) => Err(ZinitError::NotBuilt { flist: point.flist.clone(), directory: flists.to_owned() }),
        None => Ok(mounts),
    }
}

/// Mounts of flists that may not be built yet, under a name that each could have: to try what does not depend on the name.
pub(super) fn before_build(points: &[MountPoint]) -> Vec<Mount> {
    let mount = |point: &MountPoint| {
        let name = FlistName::new(&format!("{}.fl", point.flist)).ok()?;
        Some(Mount {
            point: point.clone(),
            manifest: KernelText::from_name(&name, ""),
            built: LastBuild { path: PathBuf::new(), sha256: String::new(), name },
        })
    };
    points.iter().filter_map(mount).collect()
}

/// All reports in a directory, the newest last.
fn reports(directory: &Path) -> Result<Vec<ReportedBuild>, ZinitError> {
    let failed = |path: &Path, error| ZinitError::Read { path: path.to_owned(), error };
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(directory, error))?,
    };
    let ending = report::file_name("");
    let mut reports = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(directory, error))?.path();
        let is_report = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending));
        let metadata = path.metadata();
        if !is_report || !metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_REPORT) {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, error))?;
        if let Ok(report) = serde_json::from_slice::<ReportedBuild>(&bytes) {
            reports.push(report);
        }
    }
    // Of two builds within a second the names decide, so that it is the same one every time.
    reports.sort_by(|a, b| (&a.built, &a.file).cmp(&(&b.built, &b.file)));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FlistKind;

    fn point(flist: &str, target: &str) -> MountPoint {
        MountPoint {
            flist: flist.to_owned(),
            kind: FlistKind::Plain,
            target: KernelText::parse(target).unwrap(),
            unit: format!("rfs-{flist}"),
        }
    }

    fn report(directory: &Path, flist: &str, file: &str, aliases: &[&str], built: &str) {
        let json = serde_json::json!({
            "format": 1, "flist": flist, "file": file, "aliases": aliases, "kernel": "6.1", "built": built,
            "manifest": { "sha256": "00", "new": 1 }, "unknown": [],
        });
        std::fs::write(directory.join(format!("{file}.report.json")), json.to_string()).unwrap();
    }

    #[test]
    fn the_newest_report_counts_and_the_first_alias_before_the_name() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        report(directory, "fw", "fw-3.fl", &["fw-latest.fl", "fw-x.fl"], "2025-03-01T00:00:00Z");
        report(directory, "fw", "fw-4.fl", &[], "2025-02-01T00:00:00Z");
        report(directory, "m", "m-6.1.fl", &[], "2025-02-01T00:00:00Z");
        std::fs::write(directory.join("bad.fl.report.json"), "{").unwrap();
        let mounts =
            built(&[point("fw", "/fw"), point("m", "/m/{kernel}"), point("unbuilt", "/u")], directory).unwrap();
        let [fw, m] = &mounts[..] else { panic!("{mounts:?}") };
        assert_eq!((fw.manifest.to_string(), m.manifest.to_string()), ("fw-latest.fl".into(), "m-{kernel}.fl".into()));
        assert_eq!(fw.built.path, directory.join("fw-3.fl"));
    }

    #[test]
    fn an_flist_without_a_report_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let points = [point("fw", "/fw")];
        let error = all_built(&points, directory.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("flist `fw` has not been built yet: {} has no report of it", directory.path().display())
        );
        assert_eq!(error.hint().unwrap(), "run `flistry build fw` first, or name the flists that are built");
        assert!(all_built(&points, &directory.path().join("gone")).is_err());
    }
}
