//! What the last build of each flist made, by the reports beside the flists: a date in a name then does not drift.

use std::path::{Path, PathBuf};

use super::error::ZinitError;
use super::kernel_text::KernelText;
use super::mount::{LastBuild, Mount, MountPoint};
use crate::manifest::name::FlistName;
use crate::progress::{Progress, Warning};
use crate::report::{self, ReportedBuild};

/// The mounts of the flists that were built, by the newest report of each in the directory `flists`.
///
/// # Errors
/// A directory that cannot be read. A report that cannot be used is warned of and passed over: units of other flists need
/// not wait for it.
pub fn built(points: &[MountPoint], flists: &Path, progress: &dyn Progress) -> Result<Vec<Mount>, ZinitError> {
    let reports = reports(flists, progress)?;
    let mount = |point: &MountPoint| {
        let report = reports.iter().rev().find(|report| report.flist == point.flist)?;
        let name = report.aliases.first().unwrap_or(&report.file).clone();
        Some(Mount {
            point: point.clone(),
            manifest: KernelText::from_name(&name, &report.kernel),
            built: LastBuild { path: flists.join(report.file.as_str()), sha256: report.manifest.sha256.clone(), name },
        })
    };
    Ok(points.iter().filter_map(mount).collect())
}

/// The same, where each flist has to be built.
///
/// # Errors
/// The first that has no report.
pub fn all_built(points: &[MountPoint], flists: &Path, progress: &dyn Progress) -> Result<Vec<Mount>, ZinitError> {
    let mounts = built(points, flists, progress)?;
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
fn reports(directory: &Path, progress: &dyn Progress) -> Result<Vec<ReportedBuild>, ZinitError> {
    let all = report::all_in(directory).map_err(|error| ZinitError::Read { path: directory.to_owned(), error })?;
    let mut reports = Vec::new();
    for report in all {
        match report {
            Ok(report) => reports.push(report),
            Err(error) => progress.warn(Warning::new(format!("{error}; its build is passed over"), error.hint())),
        }
    }
    // Of two builds within a second the names decide, so that it is the same one every time.
    reports.sort_by(|a, b| (&a.built, &a.file).cmp(&(&b.built, &b.file)));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Recorder, Silent};
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
            "schema": report::SCHEMA, "flist": flist, "file": file, "aliases": aliases, "kernel": "6.1", "built": built,
            "manifest": { "sha256": "00", "bytes": 1 }, "left_out": [],
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
        let points = [point("fw", "/fw"), point("m", "/m/{kernel}"), point("unbuilt", "/u")];
        let recorder = Recorder::new(&Silent, Vec::new());
        let mounts = built(&points, directory, &recorder).unwrap();
        let [fw, m] = &mounts[..] else { panic!("{mounts:?}") };
        assert_eq!((fw.manifest.to_string(), m.manifest.to_string()), ("fw-latest.fl".into(), "m-{kernel}.fl".into()));
        assert_eq!(fw.built.path, directory.join("fw-3.fl"));
        // One that cannot be used is not kept quiet: it may be the newest.
        let [warning] = &recorder.warnings()[..] else { panic!("{:?}", recorder.warnings()) };
        let bad = directory.join("bad.fl.report.json");
        assert!(warning.what.starts_with(&format!("{} is not the report of a build: ", bad.display())), "{warning}");
        assert!(warning.what.ends_with("; its build is passed over"), "{warning}");
        assert_eq!(warning.hint.as_deref(), Some("build again; if it is not an flist's report, move it elsewhere"));
    }

    #[test]
    fn an_flist_without_a_report_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let points = [point("fw", "/fw")];
        let error = all_built(&points, directory.path(), &Silent).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("flist `fw` has not been built yet: {} has no report of it", directory.path().display())
        );
        assert_eq!(error.hint().unwrap(), "run `flistry build fw` first, or name the flists that are built");
        assert!(all_built(&points, &directory.path().join("gone"), &Silent).is_err());
    }
}
