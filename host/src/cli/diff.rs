//! `flistry diff`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::manifest::diff::{Difference, diff};
use serde::Serialize;

use super::flist_file;
use super::outcome::Outcome;

#[derive(clap::Args)]
pub struct DiffArgs {
    /// The older flist
    a: PathBuf,
    /// The newer flist
    b: PathBuf,
}

#[derive(Serialize)]
pub struct Differences {
    differences: Vec<Difference>,
}

pub fn run(args: DiffArgs) -> Result<Differences, Error> {
    let (a, b) = (flist_file::open(&args.a)?, flist_file::open(&args.b)?);
    Ok(Differences { differences: diff(&a, &b) })
}

impl Outcome for Differences {}

impl Display for Differences {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))?;
        match self.differences.len() {
            0 => writeln!(f, "no differences"),
            1 => writeln!(f, "1 difference"),
            n => writeln!(f, "{n} differences"),
        }
    }
}
