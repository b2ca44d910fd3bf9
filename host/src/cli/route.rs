//! `flistry route show` and `flistry route patch`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use flistry::error::Error;
use flistry::files::sha256;
use flistry::manifest::clean::CleanManifest;
use flistry::manifest::{Route, replace_routes};
use flistry::publish::Publication;
use flistry::store::url::{Credentials, IdRange, Ranged, ReadUrl};
use serde_json::{Value, json};

use super::Context;
use super::manifest::{self, masked, range};
use super::output::{Outcome, good};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Prints the route table, with secrets masked
    Show(ShowArgs),
    /// Replaces the route table by a read-only one
    Patch(PatchArgs),
}

#[derive(clap::Args)]
pub struct ShowArgs {
    /// The flist
    file: PathBuf,
    /// Print credentials, too
    #[arg(long)]
    show_secrets: bool,
}

#[derive(clap::Args)]
pub struct PatchArgs {
    /// The flist
    file: PathBuf,
    /// The new route; several make a table. Without it, the route of the project's config/rfs.conf
    #[arg(long = "route", value_name = "[RANGE=]URL")]
    routes: Vec<String>,
    /// Write the result here, not over the flist
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn show(args: ShowArgs) -> Result<Outcome, Error> {
    let manifest = manifest::open(&args.file)?;
    let url = |route: &Route| if args.show_secrets { route.url().expose().to_owned() } else { masked(route) };
    let mut text = String::new();
    let mut rows: Vec<Value> = Vec::new();
    for route in &manifest.routes {
        writeln!(text, "{} {}", range(route.range), url(route)).expect("a string takes all");
        rows.push(json!({ "range": range(route.range), "url": url(route) }));
    }
    if rows.is_empty() {
        text.push_str("no routes\n");
    }
    Ok(Outcome::done(text, json!({ "routes": rows })))
}

pub fn patch(args: PatchArgs, context: &Context) -> Result<Outcome, Error> {
    let (routes, write_keys) = new_routes(&args.routes, context)?;
    // An alias is a link: what it leads to is patched, the link stays.
    let file = args.file.canonicalize().map_err(|error| Error::Read { path: args.file.clone(), error })?;
    let old = manifest::bytes(&file)?;
    let table: Vec<Route> = routes.iter().map(Route::from).collect();
    let new = replace_routes(&old, &table).map_err(|error| Error::Manifest { path: args.file.clone(), error })?;
    let clean = CleanManifest::check(new, &write_keys)?;
    let urls: Vec<String> = routes.iter().map(|route| route.value.to_string()).collect();
    let target = args.output.as_ref().unwrap_or(&file);
    write(target, &clean, &urls)?;
    let text = format!("{} {}: {}\n", good(&"patched"), target.display(), urls.join(", "));
    Ok(Outcome::done(text, json!({ "file": target, "sha256": sha256(clean.bytes()), "routes": urls })))
}

/// The routes to write, and the write keys that must not be in the result.
fn new_routes(named: &[String], context: &Context) -> Result<(Vec<Ranged<ReadUrl>>, Vec<Credentials>), Error> {
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
    // A flist of a project that has write keys is looked through for them, too; elsewhere there is nothing to look for.
    let in_project = context.project.join("config/rfs.conf").exists();
    let write_keys = if in_project { context.config()?.store.write_credentials } else { Vec::new() };
    Ok((routes, write_keys))
}

/// Writes the manifest. What stands beside it and speaks of its bytes is renewed: the report, and the checksums under
/// its name and its aliases.
fn write(target: &Path, clean: &CleanManifest, routes: &[String]) -> Result<(), Error> {
    let failed = |error| Error::Write { path: target.to_owned(), error };
    let directory = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let name =
        target.file_name().ok_or_else(|| failed(std::io::Error::other("it has no file name")))?.to_string_lossy();
    let mut report = manifest::report(target);
    if let Some(report) = &mut report {
        report.manifest.bytes = clean.bytes().len() as u64;
        report.manifest.sha256 = sha256(clean.bytes());
        report.route = routes.to_vec();
    }
    let aliases = report.as_ref().map_or(&[][..], |report| &report.subject.aliases);
    let publication = Publication { manifest: clean, name: &name, aliases, report: report.as_ref() };
    publication.renew(directory)?;
    Ok(())
}
