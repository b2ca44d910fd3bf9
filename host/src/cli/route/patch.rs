//! `flistry route patch`

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use flistry::error::Error;
use flistry::files::sha256;
use flistry::manifest::clean::CleanManifest;
use flistry::manifest::{Route, replace_routes};
use flistry::publish::renew;
use flistry::store::url::{Credentials, IdRange, Ranged, ReadUrl};
use serde::Serialize;

use crate::cli::context::CommandContext;
use crate::cli::flist_file;
use crate::cli::outcome::Outcome;
use crate::cli::style::good;

#[derive(clap::Args)]
pub struct PatchRouteArgs {
    /// The flist
    file: PathBuf,
    /// The new route; repeat it for a table. Without it, the route of the project's config/rfs.conf
    #[arg(long = "route", value_name = "[RANGE=]URL")]
    routes: Vec<String>,
    /// Write the result here, not over the flist
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
pub struct PatchOutcome {
    file: PathBuf,
    sha256: String,
    /// The new routes, masked.
    routes: Vec<String>,
}

pub fn run(args: PatchRouteArgs, context: &CommandContext) -> Result<PatchOutcome, Error> {
    let (routes, write_keys) = new_routes(&args.routes, context)?;
    // An alias is a symlink: what it leads to is patched, the symlink stays.
    let file = args.file.canonicalize().map_err(|error| Error::Read { path: args.file.clone(), error })?;
    let old = flist_file::bytes(&file)?;
    let table: Vec<Route> = routes.iter().map(Route::from).collect();
    let new = replace_routes(&old, &table).map_err(|error| Error::Manifest { path: args.file.clone(), error })?;
    let clean = CleanManifest::check(new, &write_keys)?;
    let routes: Vec<String> = routes.iter().map(|route| route.value.to_string()).collect();
    let file = args.output.unwrap_or(file);
    write(&file, &clean, &routes)?;
    Ok(PatchOutcome { file, sha256: sha256(clean.bytes()), routes })
}

impl Outcome for PatchOutcome {}

impl Display for PatchOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}: {}", good("patched"), self.file.display(), self.routes.join(", "))
    }
}

/// The routes to write, and the write keys that must not be in the result.
fn new_routes(named: &[String], context: &CommandContext) -> Result<(Vec<Ranged<ReadUrl>>, Vec<Credentials>), Error> {
    if named.is_empty() {
        let storage = context.config()?.store;
        return Ok((storage.route, storage.write_credentials));
    }
    let routes = named
        .iter()
        .map(|text| {
            let Ranged { range, value } = Ranged::parse(text)?;
            Ok(Ranged { range, value: ReadUrl::new(value)? })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    if let Some(gap) = IdRange::first_gap(routes.iter().map(|route| route.range)) {
        let what = format!("the routes leave out the blobs {gap}");
        return Err(Error::Usage { what, hint: "add a route for them; one without a range is for all blobs".into() });
    }
    // A project's own write keys must not be in the result; outside a project there are none to look for.
    let in_project = context.project.join("config/rfs.conf").exists();
    let write_keys = if in_project { context.config()?.store.write_credentials } else { Vec::new() };
    Ok((routes, write_keys))
}

/// Writes the manifest. What stands beside it and speaks of its bytes is renewed: the report, and the checksums under
/// its name and its aliases.
fn write(target: &Path, clean: &CleanManifest, routes: &[String]) -> Result<(), Error> {
    let report = flist_file::report(target)?.map(|report| report.with_routes(clean, routes.to_vec()));
    renew(target, clean, report.as_ref())?;
    Ok(())
}
