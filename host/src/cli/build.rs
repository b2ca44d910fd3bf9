//! `flistry build`

use std::fmt::Write;

use flistry::build::{Executed, Published, Session};
use flistry::error::Error;
use flistry::tree::file_cache::CacheAccess;
use serde_json::json;

use super::Context;
use super::changes;
use super::output::{Outcome, bytes, good};
use super::zinit::{summarize as summarize_units, to_json as units_json};

#[derive(clap::Args)]
pub struct Args {
    /// The flists to build, by their names in config/flistry.toml; all of them if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
    /// Read every file, though the pack cache knows it to be unchanged
    #[arg(long)]
    no_cache: bool,
}

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let config = context.config()?;
    let mut session = Session::open(&config, &args.flists, CacheAccess::ReadWrite, &context.terminal)?;
    let plans = session.plan()?;
    let Executed { built, units, error } = session.execute(plans, !args.no_cache)?;
    let mut text = String::new();
    built.iter().for_each(|built| summarize(built, &mut text));
    if let Some(written) = &units {
        summarize_units(written, &mut text);
    }
    let units = units.as_ref().map(units_json);
    Ok(Outcome { error, ..Outcome::done(text, json!({ "built": built, "units": units })) })
}

fn summarize(built: &Published, text: &mut String) {
    let report = &built.report;
    let (entries, pack) = (&report.entries, &report.pack);
    writeln!(text, "{} {}", good(&"built"), report.subject.flist).expect("a string takes all");
    let mut line = |name: &str, value: String| writeln!(text, "  {name:<10} {value}").expect("a string takes all");
    line("manifest", format!("{} ({})", built.path.display(), bytes(report.manifest.bytes)));
    for alias in &report.subject.aliases {
        line("alias", built.path.with_file_name(alias).display().to_string());
    }
    line("source", report.subject.source.clone());
    line(
        "entries",
        format!(
            "{} files with {}, {} folders, {} links{}",
            entries.files,
            bytes(entries.bytes),
            entries.directories,
            entries.symlinks,
            match report.decisions.left_out.len() {
                0 => String::new(),
                count => format!("; {count} left out"),
            }
        ),
    );
    for removed in changes::removed_by_plugin(&report.decisions.left_out) {
        line("removed", removed);
    }
    for found in changes::findings_by_plugin(&report.decisions.plugins) {
        line("found", found);
    }
    if let Some(made) = &report.indexes {
        let symbols = match &made.system_map {
            Some(map) => format!("every symbol is in them or in {map}"),
            None => "symbols not checked: there is no system-map".to_owned(),
        };
        line("indexes", format!("made again by depmod ({}); {symbols}", made.depmod));
    }
    for note in &report.decisions.notes {
        line("note", note.clone());
    }
    line("packed", format!("{} files read, {} unchanged since the last pack", pack.files_read, pack.files_unchanged));
    line(
        "blobs",
        format!(
            "{} with {}; {} with {} sent to {}",
            pack.blobs,
            bytes(pack.blob_bytes),
            pack.sent_blobs,
            bytes(pack.sent_bytes),
            report.store.join(", ")
        ),
    );
    line("route", report.route.join(", "));
    line(
        "read back",
        format!(
            "{}: {} blobs there, {} fetched and proven",
            report.read_back.level, report.read_back.blobs, report.read_back.fetched
        ),
    );
    for place in &built.published {
        line("published", place.clone());
    }
    line("sha256", report.manifest.sha256.clone());
    let seconds: f64 = report.stages.iter().map(|stage| stage.seconds).sum();
    line("time", format!("{seconds:.2} s"));
}
