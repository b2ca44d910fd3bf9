//! `flistry plugin new`

use std::path::PathBuf;

use flistry::error::Error;
use flistry::plugin::Hook;
use flistry::plugin::author::scaffold::new_plugin;
use serde::Serialize;

use crate::cli::outcome::Outcome;
use crate::cli::style::good;

#[derive(clap::Args)]
pub struct NewPluginArgs {
    /// The name of the plugin, of its crate and of the crate's directory
    name: String,
    /// What the plugin decides
    #[arg(long)]
    hook: Hook,
    /// Where the crate's directory is created
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

#[derive(Serialize)]
pub struct CrateCreated {
    created: PathBuf,
}

pub fn run(args: NewPluginArgs) -> Result<CrateCreated, Error> {
    Ok(CrateCreated { created: new_plugin(&args.dir, &args.name, args.hook)? })
}

impl Outcome for CrateCreated {}

impl std::fmt::Display for CrateCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let directory = self.created.display();
        writeln!(f, "{} {directory}", good("created"))?;
        writeln!(f, "  next: cargo test in it, then flistry plugin build {directory}")
    }
}
