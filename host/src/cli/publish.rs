//! `flistry publish`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::manifest::clean::CleanManifest;
use flistry::manifest::name::FlistName;
use flistry::publish::Publication;
use serde::Serialize;

use super::context::CommandContext;
use super::flist_file;
use super::outcome::Outcome;
use super::style::good;

#[derive(clap::Args)]
pub struct PublishArgs {
    /// The flist
    file: PathBuf,
    /// Publish to this directory instead of where the project's configuration says
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Leave the aliases as they are: for an flist that is not the newest
    #[arg(long)]
    no_aliases: bool,
}

#[derive(Serialize)]
pub struct PublishOutcome {
    /// Directories' paths and masked URLs.
    published: Vec<String>,
    aliases: Vec<FlistName>,
}

pub fn run(args: PublishArgs, context: &CommandContext) -> Result<PublishOutcome, Error> {
    // The configuration is read either way: it knows the write keys that must not leave.
    let config = context.config()?;
    let file = args.file.canonicalize().map_err(|error| Error::Read { path: args.file.clone(), error })?;
    let clean = CleanManifest::check(flist_file::bytes(&file)?, &config.store.write_credentials)?;
    let name = FlistName::new(&file.file_name().unwrap_or_default().to_string_lossy())
        .map_err(|error| Error::Usage { what: error.to_string(), hint: "rename the file first".into() })?;
    let report = flist_file::report(&file)?;
    let aliases = match &report {
        Some(report) if !args.no_aliases => report.subject.aliases.clone(),
        _ => Vec::new(),
    };
    let publication = Publication { manifest: &clean, name: &name, aliases: &aliases, report: report.as_ref() };
    let published = match &args.to {
        Some(directory) => vec![publication.to_directory(directory)?.display().to_string()],
        None => publication.to_all(&config.publish, true, &context.terminal)?,
    };
    if published.is_empty() {
        let what = "there is nowhere to publish to: no config/rfs.conf, and no `directory` under [publish]".to_owned();
        return Err(Error::Usage { what, hint: "name a directory with --to DIR".into() });
    }
    Ok(PublishOutcome { published, aliases })
}

impl Outcome for PublishOutcome {}

impl Display for PublishOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.published.iter().try_for_each(|place| writeln!(f, "{} {place}", good("published")))
    }
}
