//! Commands that take several flists: what they say of each, so that one that can't be read hides no other.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::{Error, ExitCode};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::outcome::{Failure, Outcome};

/// What a command says of one flist.
pub trait OfFlist: Outcome {
    /// What stands between two of them for people.
    const BETWEEN: &'static str;
}

/// What a command says of the flists that it was given: of one, no more than of that one.
#[derive(Serialize)]
#[serde(untagged)]
pub enum OfEach<T> {
    One(T),
    Several(Several<T>),
}

#[derive(Serialize)]
pub struct Several<T> {
    /// In the order of the command line.
    files: Vec<T>,
    failed: Vec<Failed>,
}

/// An flist of which nothing can be said.
struct Failed {
    file: PathBuf,
    error: Error,
}

/// Says something of each flist.
///
/// # Errors
/// The one flist's. Those of several are part of the outcome.
pub fn of_each<T>(files: Vec<PathBuf>, mut one: impl FnMut(PathBuf) -> Result<T, Error>) -> Result<OfEach<T>, Error> {
    if files.len() == 1 {
        return files.into_iter().map(one).map(|outcome| outcome.map(OfEach::One)).next().expect("it is one");
    }
    let mut several = Several { files: Vec::new(), failed: Vec::new() };
    for file in files {
        match one(file.clone()) {
            Ok(outcome) => several.files.push(outcome),
            Err(error) => several.failed.push(Failed { file, error }),
        }
    }
    Ok(OfEach::Several(several))
}

impl<T: OfFlist> Outcome for OfEach<T> {
    /// The worst.
    fn exit_code(&self) -> ExitCode {
        match self {
            OfEach::One(outcome) => outcome.exit_code(),
            OfEach::Several(Several { files, .. }) => {
                files.iter().map(Outcome::exit_code).max().unwrap_or(ExitCode::Done)
            }
        }
    }

    fn failures(&self) -> Vec<Failure<'_>> {
        match self {
            OfEach::One(outcome) => outcome.failures(),
            OfEach::Several(Several { failed, .. }) => {
                failed.iter().map(|Failed { file, error }| Failure { file: Some(file), error }).collect()
            }
        }
    }
}

impl<T: OfFlist> Display for OfEach<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            OfEach::One(outcome) => outcome.fmt(f),
            OfEach::Several(Several { files, .. }) => files.iter().enumerate().try_for_each(|(index, outcome)| {
                f.write_str(if index == 0 { "" } else { T::BETWEEN })?;
                outcome.fmt(f)
            }),
        }
    }
}

impl Serialize for Failed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Failed", 3)?;
        object.serialize_field("file", &self.file)?;
        object.serialize_field("error", &self.error.to_string())?;
        object.serialize_field("hint", &self.error.hint())?;
        object.end()
    }
}
