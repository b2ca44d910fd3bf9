//! `flistry zinit`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::config::{Config, Flist};
use flistry::error::{Error, ExitCode};
use flistry::printable::Printable;
use flistry::progress::{Progress, Step};
use flistry::zinit::initramfs::{self, FillMode};
use flistry::zinit::output::{self, ConflictPolicy};
use flistry::zinit::{self, Dialect, Form, MountPoint, Written, ZinitSettings, last_build};
use serde::Serialize;

use super::context::CommandContext;
use super::outcome::Outcome;
use super::style::good;

#[derive(clap::Args)]
pub struct ZinitArgs {
    /// The flists to mount, by their names in config/flistry.toml; all that have a `mount` if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
    /// For which zinit, instead of those that the configuration says; may be repeated
    #[arg(long = "dialect", value_name = "DIALECT")]
    dialects: Vec<Dialect>,
    /// How the mounts are run, instead of as the configuration says
    #[arg(long, value_name = "FORM")]
    form: Option<Form>,
    /// Write into this directory instead of the one that the configuration says
    #[arg(long, value_name = "DIR", conflicts_with = "into")]
    output: Option<PathBuf>,
    /// Fill an initramfs tree: flists, scripts and units at their places on a node
    #[arg(long, value_name = "ROOT")]
    into: Option<PathBuf>,
    /// Overwrite files that have other contents
    #[arg(long)]
    force: bool,
    /// Write nothing; exit code 1 says that something would change
    #[arg(long, conflicts_with = "force")]
    check: bool,
}

#[derive(Serialize)]
pub struct ZinitOutcome {
    /// Nothing was written.
    check: bool,
    #[serde(flatten)]
    written: Written,
}

pub fn run(args: ZinitArgs, context: &CommandContext) -> Result<ZinitOutcome, Error> {
    let config = context.config()?;
    let templates = zinit::templates(&config.project, &config.mount_points(), &config.zinit, &context.terminal)?;
    let points: Vec<MountPoint> = match args.flists.is_empty() {
        true => config.mount_points(),
        false => config.chosen(&args.flists)?.into_iter().map(Flist::mount_point).collect::<Result<_, _>>()?,
    };
    let mounts = last_build::all_built(&points, &config.output, &context.terminal)?;
    let settings = settings(&config, &args);
    let files = zinit::plan(&mounts, &settings, &templates)?;
    context.terminal.begin(Step::Units, 0);
    let written = match &args.into {
        Some(root) => {
            let mode = match (args.check, args.force) {
                (true, _) => FillMode::Compare,
                (false, true) => FillMode::Overwrite,
                (false, false) => FillMode::Refuse,
            };
            initramfs::fill(root, &mounts, &files, &settings, mode, &context.terminal)?
        }
        None => {
            let directory = args.output.as_deref().unwrap_or(&config.zinit.output);
            match (args.check, args.force) {
                (true, _) => output::compare(directory, &files)?,
                (false, true) => output::write(directory, &files, ConflictPolicy::Overwrite, &context.terminal)?,
                (false, false) => output::write(directory, &files, ConflictPolicy::Refuse, &context.terminal)?,
            }
        }
    };
    Ok(ZinitOutcome { check: args.check, written })
}

fn settings(config: &Config, args: &ZinitArgs) -> ZinitSettings {
    let mut settings = config.zinit.clone();
    if !args.dialects.is_empty() {
        settings.dialects.clone_from(&args.dialects);
        settings.dialects.sort_unstable();
        settings.dialects.dedup();
    }
    settings.form = args.form.unwrap_or(settings.form);
    settings
}

impl Outcome for ZinitOutcome {
    fn exit_code(&self) -> ExitCode {
        if self.check && !self.written.is_unchanged() { ExitCode::Failed } else { ExitCode::Done }
    }
}

impl Display for ZinitOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let did = if self.check { "compared" } else { "wrote" };
        writeln!(f, "{} {}", good(did), self.written.directory.display())?;
        self.written
            .files
            .iter()
            .try_for_each(|(path, state)| writeln!(f, "  {:<10} {}", state.as_str(), Printable(path)))
    }
}
