//! Reading reports again: all of the one beside an flist, or of each only what says which build it is of.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use flistry_common::text::without_mark;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::build_report::{BuildReport, SCHEMA, file_name};
use super::error::ReportError;
use crate::files;
use crate::manifest::name::FlistName;

/// Bytes of the largest report that is read: one names each entry that was left out.
pub(crate) const MAX_REPORT: u64 = 256 << 20;

/// Which build a report is of, and what that made. There may be hundreds of reports, and long ones: the rest is skipped.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ReportedBuild {
    /// The flist's name in the configuration.
    pub flist: String,
    /// The manifest's file name.
    pub file: FlistName,
    /// Other names that it was published under.
    pub aliases: Vec<FlistName>,
    /// The kernel version of the build.
    pub kernel: String,
    /// When the build ended; UTC.
    pub built: String,
    /// The manifest.
    pub manifest: ReportedManifest,
}

/// What a build made.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ReportedManifest {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl ReportedBuild {
    /// Reads it from the report at `path`.
    ///
    /// # Errors
    /// A file that is not a report, or one of another schema.
    pub fn read(path: &Path) -> Result<ReportedBuild, ReportError> {
        let bytes = bytes(path).map_err(|error| ReportError::Read { path: path.to_owned(), error })?;
        parse(&bytes, path)
    }

    /// The build that a report's bytes tell of; none where they are no report of this version.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<ReportedBuild> {
        parse(bytes, Path::new("")).ok()
    }
}

/// The report beside an flist; none where there is no such file. An alias has the report of the flist that it leads to.
///
/// # Errors
/// A report that is there and cannot be used. That is not as if there were none: its aliases would be forgotten.
pub fn beside(flist: &Path) -> Result<Option<BuildReport>, ReportError> {
    let path = match flist.canonicalize() {
        Ok(flist) => path_beside(&flist),
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(ReportError::Read { path: path_beside(flist), error }),
    };
    match bytes(&path) {
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(ReportError::Read { path, error }),
        Ok(bytes) => parse(&bytes, &path).map(Some),
    }
}

/// All reports in a directory, in no order.
///
/// # Errors
/// The directory can't be read; one that is not there has no reports.
pub fn all_in(directory: &Path) -> io::Result<Vec<Result<ReportedBuild, ReportError>>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let ending = file_name(".fl");
    let mut reports = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending)) {
            reports.push(ReportedBuild::read(&path));
        }
    }
    Ok(reports)
}

fn path_beside(flist: &Path) -> PathBuf {
    flist.with_file_name(file_name(&flist.file_name().unwrap_or_default().to_string_lossy()))
}

/// Whether there is no such file. A name that no file can have is that, too: a long one with `.report.json` behind it.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidFilename)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = files::read(path, MAX_REPORT)?;
    match bytes.len() as u64 > MAX_REPORT {
        true => Err(io::Error::other(format!("it is larger than {MAX_REPORT} bytes"))),
        false => Ok(bytes),
    }
}

/// The schema is looked at first: what another one has under the same keys is not known.
fn parse<T: DeserializeOwned>(bytes: &[u8], path: &Path) -> Result<T, ReportError> {
    #[derive(Deserialize)]
    struct Header {
        schema: u64,
    }

    let malformed = |error| ReportError::Malformed { path: path.to_owned(), error };
    let bytes = without_mark(bytes);
    let Header { schema } = serde_json::from_slice(bytes).map_err(malformed)?;
    if schema != u64::from(SCHEMA) {
        return Err(ReportError::Schema { path: path.to_owned(), found: schema });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}
