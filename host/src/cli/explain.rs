//! `flistry explain`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::printable::Printable;
use serde_json::json;

use super::manifest;
use super::output::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// The flist; its report must lie beside it
    file: PathBuf,
    /// The path from the flist's root
    path: String,
}

pub fn run(args: Args) -> Result<Outcome, Error> {
    let tree = manifest::open(&args.file)?.tree;
    let report = manifest::report(&args.file).ok_or_else(|| Error::Usage {
        what: format!("no report beside {} says how it was made", args.file.display()),
        hint: "`flistry build` writes one; copy it along with the flist".into(),
    })?;
    let path = args.path.trim_matches('/');
    let why = report.explain(path);
    let entry = tree.by_path().get(path).map(|id| tree.get(*id));
    if entry.is_none() && why.is_empty() {
        return Err(Error::Usage {
            what: format!("neither the flist nor what was left out of it has /{}", Printable(path)),
            hint: format!("`flistry tree {}` lists what there is", args.file.display()),
        });
    }
    let mut text = match entry {
        Some(entry) => format!("/{} is in the flist: a {}\n", Printable(path), entry.kind.name()),
        None => format!("/{} is not in the flist\n", Printable(path)),
    };
    for sentence in &why {
        writeln!(text, "  {}", Printable(sentence)).expect("a string takes all");
    }
    if entry.is_some() && why.is_empty() {
        let filters: Vec<&str> = report
            .decisions
            .plugins
            .iter()
            .filter(|run| run.hook == flistry::plugin::Hook::Filter)
            .map(|run| run.name.as_str())
            .collect();
        match filters.is_empty() {
            true => writeln!(text, "  no plugin had a say in what goes in"),
            false => writeln!(text, "  kept by all filters: {}", filters.join(", ")),
        }
        .expect("a string takes all");
    }
    Ok(Outcome::done(text, json!({ "path": path, "packed": entry.is_some(), "because": why })))
}
