//! `flistry zinit`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::config::{Config, Flist};
use flistry::error::{Error, ExitCode};
use flistry::printable::Printable;
use flistry::progress::{Progress, Step};
use flistry::zinit::initramfs::{self, FillMode};
use flistry::zinit::output::{self, ConflictPolicy};
use flistry::zinit::{self, Dialect, FileState, Form, MountPoint, Written, ZinitSettings, last_build};
use serde_json::{Value, json};

use super::Context;
use super::output::{Outcome, good};

#[derive(clap::Args)]
pub struct Args {
    /// The flists to mount, by their names in config/flistry.toml; all that have a `mount` if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
    /// For which zinit; may be repeated. The configuration says it otherwise
    #[arg(long = "dialect", value_name = "DIALECT")]
    dialects: Vec<Dialect>,
    /// How the mounts are run. The configuration says it otherwise
    #[arg(long, value_name = "FORM")]
    form: Option<Form>,
    /// Write into this folder, not where the configuration says
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

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let config = context.config()?;
    let templates = zinit::templates(&config.project, &config.mount_points(), &config.zinit, &context.terminal)?;
    let points: Vec<MountPoint> = match args.flists.is_empty() {
        true => config.mount_points(),
        false => config.chosen(&args.flists)?.into_iter().map(Flist::mount_point).collect::<Result<_, _>>()?,
    };
    let mounts = last_build::all_built(&points, &config.output)?;
    let settings = settings(&config, &args);
    let files = zinit::plan(&mounts, &settings, &templates)?;
    context.terminal.begin(Step::Units, 0);
    let (written, warnings) = match &args.into {
        Some(root) => {
            let mode = match (args.check, args.force) {
                (true, _) => FillMode::Compare,
                (false, true) => FillMode::Overwrite,
                (false, false) => FillMode::Refuse,
            };
            initramfs::fill(root, &mounts, &files, &settings, mode)?
        }
        None => {
            let folder = args.output.as_deref().unwrap_or(&config.zinit.output);
            match (args.check, args.force) {
                (true, _) => (output::compare(folder, &files)?, Vec::new()),
                (false, true) => output::write(folder, &files, ConflictPolicy::Overwrite)?,
                (false, false) => output::write(folder, &files, ConflictPolicy::Refuse)?,
            }
        }
    };
    for warning in warnings {
        context.terminal.warn(warning);
    }
    let mut text = String::new();
    let what = if args.check { "compared" } else { "wrote" };
    writeln!(text, "{} {}", good(&what), written.directory.display()).expect("a string takes all");
    for (path, state) in &written.files {
        writeln!(text, "  {:<10} {}", state.as_str(), Printable(path)).expect("a string takes all");
    }
    let code = if args.check && !written.is_unchanged() { ExitCode::Failed } else { ExitCode::Done };
    Ok(Outcome { code, ..Outcome::done(text, to_json(&written)) })
}

/// The units in a build's summary.
pub fn summarize(written: &Written, text: &mut String) {
    let states = [FileState::Created, FileState::Replaced, FileState::Removed, FileState::Kept, FileState::Unchanged];
    let counts: Vec<String> = states
        .into_iter()
        .filter(|state| written.count(*state) > 0)
        .map(|state| format!("{} {}", written.count(state), state.as_str()))
        .collect();
    writeln!(text, "{} units", good(&"wrote")).expect("a string takes all");
    writeln!(text, "  {:<10} {}", "folder", written.directory.display()).expect("a string takes all");
    writeln!(text, "  {:<10} {}", "files", counts.join(", ")).expect("a string takes all");
}

/// The same for machines.
pub fn to_json(written: &Written) -> Value {
    let file = |(path, state): &(String, FileState)| json!({ "path": path, "state": state });
    json!({ "folder": written.directory, "files": written.files.iter().map(file).collect::<Vec<_>>() })
}

fn settings(config: &Config, args: &Args) -> ZinitSettings {
    let mut settings = config.zinit.clone();
    if !args.dialects.is_empty() {
        settings.dialects.clone_from(&args.dialects);
        settings.dialects.sort_unstable();
        settings.dialects.dedup();
    }
    settings.form = args.form.unwrap_or(settings.form);
    settings
}
