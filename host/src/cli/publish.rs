//! `flistry publish`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::manifest::clean::CleanManifest;
use flistry::manifest::name::FlistName;
use flistry::publish::Publication;
use serde_json::json;

use super::Context;
use super::manifest;
use super::output::{Outcome, good};

#[derive(clap::Args)]
pub struct Args {
    /// The flist
    file: PathBuf,
    /// Publish to this folder, not where the project's configuration says
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Leave the aliases where they lead: for an flist that is not the newest
    #[arg(long)]
    no_aliases: bool,
}

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    // The configuration is read either way: it knows the write keys that must not leave.
    let config = context.config()?;
    let file = args.file.canonicalize().map_err(|error| Error::Read { path: args.file.clone(), error })?;
    let clean = CleanManifest::check(manifest::bytes(&file)?, &config.store.write_credentials)?;
    let name = FlistName::new(&file.file_name().unwrap_or_default().to_string_lossy())
        .map_err(|error| Error::Usage { what: error.to_string(), hint: "rename the file first".into() })?;
    let report = manifest::report(&file);
    let aliases = match &report {
        Some(report) if !args.no_aliases => report.subject.aliases.clone(),
        _ => Vec::new(),
    };
    let aliases: Vec<String> = aliases.into_iter().filter(|alias| FlistName::new(alias).is_ok()).collect();
    let publication = Publication { manifest: &clean, name: name.as_str(), aliases: &aliases, report: report.as_ref() };
    let places = match &args.to {
        Some(directory) => vec![publication.to_directory(directory)?.display().to_string()],
        None => publication.to_all(&config.publish, true, &context.terminal)?,
    };
    if places.is_empty() {
        let what = "there is nowhere to publish to: no config/rfs.conf, and no `folder` under [publish]".to_owned();
        return Err(Error::Usage { what, hint: "name a folder with --to DIR".into() });
    }
    let mut text = String::new();
    for place in &places {
        writeln!(text, "{} {place}", good(&"published")).expect("a string takes all");
    }
    Ok(Outcome::done(text, json!({ "published": places, "aliases": aliases })))
}
