//! What a node mounts: each flist as its last build named it, so that a date in a name does not drift, with its place.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::kernel_text::KernelText;
use super::{Settings, ZinitError};
use crate::config::Flist;
use crate::manifest::name::FlistName;
use crate::tree::FlistKind;

/// Bytes of the largest report that is read: one names each entry that was left out.
const MAX_REPORT: u64 = 256 << 20;

/// One flist, and where a node mounts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The flist's name in the configuration, which is the script's.
    pub flist: String,
    /// What kind of tree it is.
    pub kind: FlistKind,
    /// The file name that the script looks for.
    pub manifest: KernelText,
    /// Where it is mounted.
    pub target: KernelText,
    /// The unit's name.
    pub unit: String,
    /// What the last build made.
    pub built: Built,
}

/// What the last build of an flist made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The manifest on this machine.
    pub path: PathBuf,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The name that the script looks for on a node of the same kernel.
    pub name: FlistName,
}

impl Mount {
    /// The variable that has its script mount another flist.
    pub fn variable(&self) -> String {
        let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = self.flist.chars().map(upper).collect();
        // No variable's name begins with a digit.
        let underscore = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
        format!("{underscore}{name}_FLIST")
    }

    /// Its script's file name.
    pub fn script(&self) -> String {
        format!("{}.sh", self.flist)
    }

    /// Its script's path on the node.
    pub(super) fn script_path(&self, settings: &Settings) -> String {
        format!("{}/{}", settings.scripts, self.script())
    }
}

/// What of a report says how an flist is found on a node. The rest may have been written by another version.
#[derive(Deserialize)]
struct Report {
    flist: String,
    file: String,
    aliases: Vec<String>,
    kernel: String,
    built: String,
    manifest: Manifest,
}

#[derive(Deserialize)]
struct Manifest {
    sha256: String,
}

/// The mounts of the flists that have a place on a node, by the newest report of each in `output`; without those that have
/// none yet.
///
/// # Errors
/// A folder or report that can't be read. A file that is no report is passed over.
pub fn built<'a>(flists: impl IntoIterator<Item = &'a Flist>, output: &Path) -> Result<Vec<Mount>, ZinitError> {
    let reports = reports(output)?;
    let mount = |flist: &Flist| {
        let target = flist.mount.clone()?;
        let report = reports.iter().rev().find(|report| report.flist == flist.name)?;
        // A report that names no flist was not written by a build.
        let file = FlistName::new(&report.file).ok()?;
        let alias = report.aliases.first().and_then(|alias| FlistName::new(alias).ok());
        let name = alias.unwrap_or_else(|| file.clone());
        Some(Mount {
            flist: flist.name.clone(),
            kind: flist.kind,
            manifest: KernelText::of_name(&name, &report.kernel),
            target,
            unit: flist.unit.clone(),
            built: Built { path: output.join(file.as_str()), sha256: report.manifest.sha256.clone(), name },
        })
    };
    Ok(flists.into_iter().filter_map(mount).collect())
}

/// The same, where each of them has to be built and to have a place.
///
/// # Errors
/// The first that has no place on a node, or no report.
pub fn all_built(flists: &[&Flist], output: &Path) -> Result<Vec<Mount>, ZinitError> {
    if let Some(flist) = flists.iter().find(|flist| flist.mount.is_none()) {
        return Err(ZinitError::NoPlace(flist.name.clone()));
    }
    let mounts = built(flists.iter().copied(), output)?;
    match flists.iter().find(|flist| !mounts.iter().any(|mount| mount.flist == flist.name)) {
        Some(flist) => Err(ZinitError::NotBuilt { flist: flist.name.clone(), output: output.to_owned() }),
        None => Ok(mounts),
    }
}

/// The mounts of flists that may not be built yet, under a name that each could have: for what the name has no part in.
pub(super) fn before_build(flists: &[Flist]) -> Vec<Mount> {
    let mount = |flist: &Flist| {
        let name = FlistName::new(&format!("{}.fl", flist.name)).ok()?;
        Some(Mount {
            flist: flist.name.clone(),
            kind: flist.kind,
            manifest: KernelText::of_name(&name, ""),
            target: flist.mount.clone()?,
            unit: flist.unit.clone(),
            built: Built { path: PathBuf::new(), sha256: String::new(), name },
        })
    };
    flists.iter().filter_map(mount).collect()
}

/// All reports of a folder, the newest last.
fn reports(output: &Path) -> Result<Vec<Report>, ZinitError> {
    let failed = |path: &Path, error| ZinitError::Read { path: path.to_owned(), error };
    let entries = match std::fs::read_dir(output) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(output, error))?,
    };
    let ending = crate::report::file_name("");
    let mut reports = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(output, error))?.path();
        let is_report = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending));
        let metadata = path.metadata();
        if !is_report || !metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_REPORT) {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, error))?;
        if let Ok(report) = serde_json::from_slice::<Report>(&bytes) {
            reports.push(report);
        }
    }
    // Two builds within a second: the names decide, so that it is the same one every time.
    reports.sort_by(|a, b| (&a.built, &a.file).cmp(&(&b.built, &b.file)));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flist(name: &str, target: Option<&str>) -> Flist {
        Flist {
            name: name.to_owned(),
            kind: FlistKind::Plain,
            sources: Vec::new(),
            filters: Vec::new(),
            naming: "n".to_owned(),
            post_pack: Vec::new(),
            owner: Default::default(),
            mount: target.map(|target| KernelText::parse(target).unwrap()),
            unit: format!("rfs-{name}"),
        }
    }

    fn report(folder: &Path, flist: &str, file: &str, aliases: &[&str], built: &str) {
        let json = serde_json::json!({
            "format": 1, "flist": flist, "file": file, "aliases": aliases, "kernel": "6.1", "built": built,
            "manifest": { "sha256": "00", "new": 1 }, "unknown": [],
        });
        std::fs::write(folder.join(format!("{file}.report.json")), json.to_string()).unwrap();
    }

    #[test]
    fn the_newest_report_counts_and_the_first_alias_before_the_name() {
        let folder = tempfile::tempdir().unwrap();
        report(folder.path(), "fw", "fw-3.fl", &["fw-latest.fl", "fw-x.fl"], "2025-03-01T00:00:00Z");
        report(folder.path(), "fw", "fw-4.fl", &[], "2025-02-01T00:00:00Z");
        report(folder.path(), "m", "m-6.1.fl", &[], "2025-02-01T00:00:00Z");
        std::fs::write(folder.path().join("bad.fl.report.json"), "{").unwrap();
        let flists = [flist("fw", Some("/fw")), flist("m", Some("/m/{kernel}")), flist("none", None)];
        let mounts = built(&flists, folder.path()).unwrap();
        let [fw, m] = &mounts[..] else { panic!("{mounts:?}") };
        assert_eq!((fw.manifest.to_string(), m.manifest.to_string()), ("fw-latest.fl".into(), "m-{kernel}.fl".into()));
        assert_eq!(fw.built.path, folder.path().join("fw-3.fl"));
    }

    #[test]
    fn what_is_not_built_or_has_no_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (fw, none) = (flist("fw", Some("/fw")), flist("none", None));
        let error = all_built(&[&fw], folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("flist `fw` was not built yet: {} has no report of it", folder.path().display())
        );
        assert_eq!(error.hint().unwrap(), "run `flistry build fw` first, or name the flists that are built");
        let error = all_built(&[&none], folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "flist `none` has no place on a node");
        assert!(all_built(&[&fw], &folder.path().join("gone")).is_err());
    }

    #[test]
    fn the_variable_is_one() {
        let variable = |name: &str| {
            let folder = tempfile::tempdir().unwrap();
            report(folder.path(), name, "a.fl", &[], "1");
            built(&[flist(name, Some("/a"))], folder.path()).unwrap()[0].variable()
        };
        assert_eq!(variable("modules"), "MODULES_FLIST");
        assert_eq!((variable("a-b_2"), variable("2x")), ("A_B_2_FLIST".into(), "_2X_FLIST".into()));
    }
}
