//! `flistry build`

use std::fmt::{self, Display, Formatter};

use flistry::build::{Caches, Executed, Published, Session};
use flistry::error::Error;
use flistry::report::BuildReport;
use flistry::zinit::{FileState, Written};
use serde::Serialize;

use super::changes;
use super::context::CommandContext;
use super::outcome::{Failure, Outcome};
use super::style::{bytes, field, good};

#[derive(clap::Args)]
pub struct BuildArgs {
    /// The flists to build, by their names in config/flistry.toml; all of them if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
    /// Read every file, and leave the file cache alone
    #[arg(long)]
    no_cache: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
pub struct BuildOutcome(Executed);

pub fn run(args: BuildArgs, context: &CommandContext) -> Result<BuildOutcome, Error> {
    let config = context.config()?;
    let caches = match args.no_cache {
        true => Caches { files: None, ..Caches::READ_WRITE },
        false => Caches::READ_WRITE,
    };
    let session = Session::open(&config, &args.flists, caches, &context.terminal)?;
    Ok(BuildOutcome(session.plan()?.execute()?))
}

impl Outcome for BuildOutcome {
    fn failures(&self) -> Vec<Failure<'_>> {
        self.0.error.iter().map(|error| Failure { file: None, error }).collect()
    }
}

impl Display for BuildOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.built.iter().try_for_each(|built| flist(f, built))?;
        self.0.units.iter().try_for_each(|written| units(f, written))
    }
}

fn flist(f: &mut Formatter<'_>, built: &Published) -> fmt::Result {
    let report = &built.report;
    writeln!(f, "{} {}", good("built"), report.subject.flist)?;
    field(f, "manifest", format_args!("{} ({})", built.path.display(), bytes(report.manifest.bytes)))?;
    for alias in &report.subject.aliases {
        field(f, "alias", built.path.with_file_name(alias.as_str()).display())?;
    }
    contents(f, report)?;
    packed(f, report)?;
    for place in &built.published {
        field(f, "published", place)?;
    }
    field(f, "sha256", &report.manifest.sha256)?;
    let seconds: f64 = report.stages.iter().map(|stage| stage.seconds).sum();
    field(f, "time", format_args!("{seconds:.2} s"))
}

/// What is in the flist, and what plugins had to do with that.
fn contents(f: &mut Formatter<'_>, report: &BuildReport) -> fmt::Result {
    field(f, "source", &report.subject.source)?;
    let left_out = match report.decisions.left_out.len() {
        0 => String::new(),
        count => format!("; {count} left out"),
    };
    field(f, "entries", format_args!("{}{left_out}", changes::counts(&report.entries)))?;
    for removed in changes::removed_by_plugin(&report.decisions.left_out) {
        field(f, "removed", removed)?;
    }
    for found in changes::findings_by_plugin(&report.decisions.plugins) {
        field(f, "found", found)?;
    }
    if let Some(made) = &report.indexes {
        let symbols = match &made.system_map {
            Some(map) => format!("every symbol is in them or in {map}"),
            None => "symbols not checked: there is no system-map".to_owned(),
        };
        field(f, "indexes", format_args!("made again by depmod ({}); {symbols}", made.depmod))?;
    }
    report.decisions.notes.iter().try_for_each(|note| field(f, "note", note))
}

/// What was sent, and what reading it back proved.
fn packed(f: &mut Formatter<'_>, report: &BuildReport) -> fmt::Result {
    let (pack, read_back) = (&report.pack, &report.read_back);
    let unchanged = pack.files_unchanged;
    field(f, "packed", format_args!("{} files read, {unchanged} unchanged since the last pack", pack.files_read))?;
    let all = format!("{} with {}", pack.blobs, bytes(pack.blob_bytes));
    let sent = format!("{} with {}", pack.sent_blobs, bytes(pack.sent_bytes));
    field(f, "blobs", format_args!("{all}; {sent} sent to {}", report.store.join(", ")))?;
    field(f, "route", report.route.join(", "))?;
    let proven = format!("{} blobs there, {} fetched and proven", read_back.blobs, read_back.fetched);
    field(f, "read back", format_args!("{}: {proven}", read_back.level))
}

fn units(f: &mut Formatter<'_>, written: &Written) -> fmt::Result {
    let states = [FileState::Created, FileState::Replaced, FileState::Removed, FileState::Kept, FileState::Unchanged];
    let counts = states.into_iter().map(|state| (written.count(state), state.as_str())).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, state)| format!("{count} {state}")).collect();
    writeln!(f, "{} units", good("wrote"))?;
    field(f, "directory", written.directory.display())?;
    field(f, "files", counts.join(", "))
}
