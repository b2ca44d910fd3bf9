//! `flistry man`

use std::path::PathBuf;

use flistry::error::Error;
use serde::Serialize;

use super::outcome::Outcome;

#[derive(clap::Args)]
pub struct ManArgs {
    /// Write a page for each command into this directory
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Manual {
    /// The program's own page.
    Page { page: String },
    /// A page for each command, in files.
    Files { directory: PathBuf },
}

/// The manual of `command`, which is the whole program's.
pub fn run(args: ManArgs, command: clap::Command) -> Result<Manual, Error> {
    let Some(directory) = args.output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).expect("a vector takes every byte");
        return Ok(Manual::Page { page: String::from_utf8_lossy(&page).into_owned() });
    };
    let failed = |error| Error::Write { path: directory.clone(), error };
    std::fs::create_dir_all(&directory).map_err(failed)?;
    clap_mangen::generate_to(command, &directory).map_err(failed)?;
    Ok(Manual::Files { directory })
}

impl Outcome for Manual {}

impl std::fmt::Display for Manual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Manual::Page { page } => f.write_str(page),
            Manual::Files { directory } => writeln!(f, "wrote the manual pages to {}", directory.display()),
        }
    }
}
