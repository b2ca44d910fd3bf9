//! Whose a name is. What a report in a directory or a bucket gives to one flist no other one takes: nodes would mount it in
//! that one's place.

use std::path::{Path, PathBuf};

use super::error::PublishError;
use crate::manifest::name::FlistName;
use crate::report::{self, ReportedBuild};
use crate::store::StoreError;
use crate::store::s3::S3Bucket;

/// Makes sure that none of `names` is in `directory` that of another flist than `flist`.
///
/// # Errors
/// [`PublishError::Taken`] names the first one that is.
pub fn check_owner<'n>(
    directory: &Path,
    flist: &str,
    names: impl IntoIterator<Item = &'n FlistName>,
) -> Result<(), PublishError> {
    let place = directory.display().to_string();
    check_each(&place, flist, names, |name| Ok(owner(directory, name)))
}

/// The same for a bucket, where an alias is a copy without a report: whose alias a name is nobody tells there.
///
/// # Errors
/// [`PublishError::Taken`] names the first one that is another's; a report that is there and can't be fetched.
pub(super) fn check_owner_in_bucket<'n>(
    bucket: &S3Bucket,
    flist: &str,
    names: impl IntoIterator<Item = &'n FlistName>,
) -> Result<(), PublishError> {
    check_each(&bucket.describe(), flist, names, |name| {
        match bucket.get(&report::file_name(name.as_str()), report::MAX_REPORT) {
            Ok(bytes) => Ok(ReportedBuild::from_bytes(&bytes).map(|report| report.flist)),
            // A key that may not list is told that it may not read what is not there.
            Err(StoreError::Missing { .. } | StoreError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
}

/// Fails at the first name whose `owner` is another flist.
fn check_each<'n>(
    place: &str,
    flist: &str,
    names: impl IntoIterator<Item = &'n FlistName>,
    owner: impl Fn(&FlistName) -> Result<Option<String>, PublishError>,
) -> Result<(), PublishError> {
    for name in names {
        if let Some(owner) = owner(name)?
            && owner != flist
        {
            let (flist, name, place) = (flist.to_owned(), name.to_string(), place.to_owned());
            return Err(PublishError::Taken { flist, name, place, owner });
        }
    }
    Ok(())
}

/// The flist that a name belongs to. An alias belongs to the one that it leads to; one that a copy made a file of, to the
/// newest build that has it among its aliases. A report that can't be used says nothing.
fn owner(directory: &Path, name: &FlistName) -> Option<String> {
    let path = directory.join(name.as_str());
    let report_of = |file: PathBuf| {
        let report = file.with_file_name(report::file_name(&file.file_name()?.to_string_lossy()));
        ReportedBuild::read(&report).ok()
    };
    let led_to = path.read_link().ok().and_then(|target| report_of(directory.join(target)));
    if let Some(report) = led_to.or_else(|| report_of(path.clone())) {
        return Some(report.flist);
    }
    path.symlink_metadata().ok()?;
    let reports = report::all_in(directory).ok()?;
    let mut builds = reports.into_iter().flatten().filter(|report| report.aliases.contains(name)).collect::<Vec<_>>();
    builds.sort_by(|a, b| a.built.cmp(&b.built));
    builds.pop().map(|report| report.flist)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(directory: &Path, flist: &str, file: &str, aliases: &[&str], built: &str) {
        let json = serde_json::json!({
            "schema": report::SCHEMA, "flist": flist, "file": file, "aliases": aliases, "kernel": "6.1", "built": built,
            "manifest": { "sha256": "00" },
        });
        std::fs::write(directory.join(report::file_name(file)), json.to_string()).unwrap();
    }

    #[test]
    fn a_report_says_whose_a_name_is() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path();
        let owner = |name: &str| owner(directory, &FlistName::new(name).unwrap());
        report(directory, "fw", "fw-1.fl", &["fw.fl", "moved.fl", "copied.fl", "gone.fl"], "2025-01-01T00:00:00Z");
        report(directory, "other", "other.fl", &["moved.fl"], "2025-02-01T00:00:00Z");
        for (alias, target) in [("fw.fl", "fw-1.fl"), ("moved.fl", "other.fl"), ("odd.fl", "elsewhere.fl")] {
            std::os::unix::fs::symlink(target, directory.join(alias)).unwrap();
        }
        std::fs::write(directory.join("copied.fl"), "").unwrap();
        std::fs::write(directory.join("unknown.fl"), "").unwrap();
        assert_eq!(owner("fw-1.fl").as_deref(), Some("fw"), "by its report, also where the file is gone");
        assert_eq!(owner("fw.fl").as_deref(), Some("fw"));
        assert_eq!(owner("copied.fl").as_deref(), Some("fw"));
        assert_eq!(owner("moved.fl").as_deref(), Some("other"), "what the alias leads to counts");
        for free in ["gone.fl", "odd.fl", "unknown.fl", "new.fl"] {
            assert_eq!(owner(free), None, "{free}");
        }
    }

    #[test]
    fn a_name_of_another_flist_is_refused_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        report(directory.path(), "modules", "modules.fl", &[], "2025-01-01T00:00:00Z");
        let names = ["new.fl", "modules.fl"].map(|name| FlistName::new(name).unwrap());
        assert!(check_owner(directory.path(), "modules", &names).is_ok());
        assert!(check_owner(&directory.path().join("none"), "x", &names).is_ok());
        let error = check_owner(directory.path(), "x", &names).unwrap_err();
        let place = directory.path().display();
        let what = format!("flist `x` would take the name `modules.fl`, which is flist `modules`'s in {place}");
        assert_eq!(error.to_string(), what);
        let remedy = format!(
            "correct its naming plugin; if flist `modules` no longer needs the name, remove {place}/modules.fl and the \
             report beside it, if it has one"
        );
        assert_eq!(error.hint().unwrap(), remedy);
    }
}
