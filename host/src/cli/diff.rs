//! `flistry diff`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::manifest::diff::diff;
use serde_json::json;

use super::manifest;
use super::output::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// The older flist
    a: PathBuf,
    /// The newer flist
    b: PathBuf,
}

pub fn run(args: Args) -> Result<Outcome, Error> {
    let (a, b) = (manifest::open(&args.a)?, manifest::open(&args.b)?);
    let differences = diff(&a, &b);
    let mut text = String::new();
    for difference in &differences {
        writeln!(text, "{difference}").expect("a string takes all");
    }
    match differences.len() {
        0 => text.push_str("no differences\n"),
        1 => text.push_str("1 difference\n"),
        n => writeln!(text, "{n} differences").expect("a string takes all"),
    }
    Ok(Outcome::done(text, json!({ "differences": differences })))
}
