//! `flistry plugin build`

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::plugin::author::componentize::{Toolchain, componentize};
use serde::Serialize;

use super::check::{CheckOutcome, check_if_configured};
use super::component::ComponentArgs;
use crate::cli::context::CommandContext;
use crate::cli::outcome::Outcome;
use crate::cli::style::{bytes, good};

#[derive(clap::Args)]
pub struct BuildPluginArgs {
    /// The crate's directory
    dir: PathBuf,
    /// The component; NAME.wasm in the crate's directory if not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
pub struct ComponentBuilt {
    built: PathBuf,
    bytes: u64,
    toolchain: String,
    #[serde(flatten)]
    check: CheckOutcome,
}

pub fn run(args: BuildPluginArgs, context: &CommandContext) -> Result<ComponentBuilt, Error> {
    let toolchain = Toolchain::find(OsStr::new(context.variable("PATH").unwrap_or_default()))?;
    let module = toolchain.build(&args.dir)?;
    let component = componentize(&module.module, &module.metadata)?;
    let built = args.output.unwrap_or_else(|| args.dir.join(format!("{}.wasm", module.metadata.name)));
    std::fs::write(&built, &component).map_err(|error| Error::Write { path: built.clone(), error })?;
    // What was built is a plugin, or the author learns here why not.
    let check = check_if_configured(&ComponentArgs::from_file(built.clone()), context)?;
    Ok(ComponentBuilt { built, bytes: component.len() as u64, toolchain: toolchain.to_string(), check })
}

impl Outcome for ComponentBuilt {}

impl Display for ComponentBuilt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (file, size) = (self.built.display(), bytes(self.bytes));
        writeln!(f, "{} {file} ({size}) with {}", good("built"), self.toolchain)?;
        self.check.fmt(f)
    }
}
