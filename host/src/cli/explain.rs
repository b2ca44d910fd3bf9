//! `flistry explain`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::plugin::Hook;
use flistry::printable::Printable;
use serde::Serialize;

use super::flist_file;
use super::outcome::Outcome;

#[derive(clap::Args)]
pub struct ExplainArgs {
    /// The flist; its report must be beside it
    file: PathBuf,
    /// The path from the flist's root
    path: String,
}

#[derive(Serialize)]
pub struct Explanation {
    path: String,
    packed: bool,
    /// What kind of entry it is, if it is packed.
    kind: Option<&'static str>,
    /// What plugins did to it or said of it, a sentence each.
    because: Vec<String>,
    /// The filters that an entry had to pass.
    filters: Vec<String>,
}

pub fn run(args: ExplainArgs) -> Result<Explanation, Error> {
    let tree = flist_file::open(&args.file)?.tree;
    let report = flist_file::report(&args.file)?.ok_or_else(|| Error::Usage {
        what: format!("no report beside {} says how it was made", args.file.display()),
        hint: "`flistry build` writes one; copy it along with the flist".into(),
    })?;
    let path = args.path.trim_matches('/');
    let because = report.explain(path);
    let entry = tree.by_path().get(path).map(|id| tree.get(*id));
    if entry.is_none() && because.is_empty() {
        return Err(Error::Usage {
            what: format!("/{} is neither in the flist nor among what was left out of it", Printable(path)),
            hint: format!("`flistry tree {}` lists the flist's entries", args.file.display()),
        });
    }
    let filters = report.decisions.plugins.iter().filter(|run| run.hook == Hook::Filter);
    Ok(Explanation {
        path: path.to_owned(),
        packed: entry.is_some(),
        kind: entry.map(|entry| entry.kind.name()),
        because,
        filters: filters.map(|run| run.name.clone()).collect(),
    })
}

impl Outcome for Explanation {}

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = Printable(&self.path);
        match self.kind {
            Some(kind) => writeln!(f, "/{path} is in the flist: a {kind}")?,
            None => writeln!(f, "/{path} is not in the flist")?,
        }
        self.because.iter().try_for_each(|sentence| writeln!(f, "  {}", Printable(sentence)))?;
        match (self.because.is_empty(), self.filters.is_empty()) {
            (false, _) => Ok(()),
            (true, true) => writeln!(f, "  no plugin had a say in what goes in"),
            (true, false) => writeln!(f, "  kept by all filters: {}", self.filters.join(", ")),
        }
    }
}
