//! `flistry route show` and `flistry route patch`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flistry::error::Error;
use flistry::manifest::{Route, replace_routes};
use flistry::publish::{sha256, write_atomically};
use flistry::route::CleanManifest;
use flistry::store::url::{Credentials, Ranged, ReadUrl};
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
    let old = manifest::bytes(&args.file)?;
    let table: Vec<Route> = routes.iter().map(Route::from).collect();
    let new = replace_routes(&old, &table).map_err(|error| Error::Manifest { path: args.file.clone(), error })?;
    let clean = CleanManifest::check(new, &write_keys)?;
    let target = args.output.as_ref().unwrap_or(&args.file);
    write(target, &clean)?;
    let urls: Vec<String> = routes.iter().map(|route| route.value.to_string()).collect();
    let text = format!("{} {}: {}\n", good(&"patched"), target.display(), urls.join(", "));
    Ok(Outcome::done(text, json!({ "file": target, "sha256": sha256(clean.bytes()), "routes": urls })))
}

/// The routes to write, and the write keys that must not be in the result.
fn new_routes(named: &[String], context: &Context) -> Result<(Vec<Ranged<ReadUrl>>, Vec<Credentials>), Error> {
    if named.is_empty() {
        let storage = context.config()?.store;
        return Ok((storage.route, storage.write_credentials));
    }
    let here = std::env::current_dir().map_err(|error| Error::Read { path: ".".into(), error })?;
    let routes = named
        .iter()
        .map(|text| {
            let Ranged { range, value } = Ranged::parse_or_folder(text, &here)?;
            Ok(Ranged { range, value: ReadUrl::new(value)? })
        })
        .collect::<Result<_, Error>>()?;
    // A flist of a project that has write keys is looked through for them, too; elsewhere there is nothing to look for.
    let in_project = context.project.join("config/rfs.conf").exists();
    let write_keys = if in_project { context.config()?.store.write_credentials } else { Vec::new() };
    Ok((routes, write_keys))
}

/// Writes the manifest, and its checksum where one stands beside it.
fn write(target: &Path, clean: &CleanManifest) -> Result<(), Error> {
    let failed = |error| Error::Write { path: target.to_owned(), error };
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let name =
        target.file_name().ok_or_else(|| failed(std::io::Error::other("it has no file name")))?.to_string_lossy();
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(failed)?;
    write_atomically(&dir, &name, clean.bytes()).map_err(failed)?;
    let checksum = format!("{name}.sha256");
    if dir.exists(&checksum) {
        let line = format!("{}  {name}\n", sha256(clean.bytes()));
        write_atomically(&dir, &checksum, line.as_bytes()).map_err(failed)?;
    }
    Ok(())
}
