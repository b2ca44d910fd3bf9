//! `flistry build`

use std::fmt::Write;

use flistry::build::plan::Planner;
use flistry::build::session::{Built, Recorder, build, open_store};
use flistry::config::{Config, Flist};
use flistry::error::Error;
use flistry::zinit;
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
    let flists = chosen(&config, &args.flists)?;
    let templates = zinit::templates(&config, &context.terminal)?;
    // All plans before the first pack: what is wrong with the second flist should not wait for the first's upload.
    let mut planner = Planner::new(&config, &flists, Some(&config.plugin_cache), &context.terminal)?;
    let plans = flists.into_iter().map(|flist| {
        context.terminal.about(&flist.name);
        let recorder = Recorder::new(&context.terminal);
        Ok((planner.plan(flist, &recorder)?, recorder))
    });
    let plans: Result<Vec<_>, Error> = plans.collect();
    // Also where a plan fails: what was read for it need not be read again.
    planner.remember(&context.terminal);
    let plans = plans?;
    let store = open_store(&config.store)?;
    let mut text = String::new();
    let mut reports = Vec::new();
    let mut error = None;
    for (plan, recorder) in plans {
        context.terminal.about(&plan.flist.name);
        match build(plan, &*store, !args.no_cache, &recorder) {
            Ok(built) => {
                summarize(&built, &mut text);
                reports.push(json!({ "path": built.path, "published": built.published, "report": built.report }));
            }
            // What is built is published already, and is said.
            Err(cause) => {
                error = Some(cause);
                break;
            }
        }
    }
    let mut units = None;
    if error.is_none() {
        context.terminal.about("");
        match zinit::after_build(&config, &templates, &context.terminal) {
            Ok(written) => units = written,
            Err(cause) => error = Some(cause.into()),
        }
    }
    if let Some(written) = &units {
        summarize_units(written, &mut text);
    }
    let units = units.as_ref().map(units_json);
    Ok(Outcome { error, ..Outcome::done(text, json!({ "built": reports, "units": units })) })
}

/// The named flists, or all of the configuration.
pub fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<&'a Flist>, Error> {
    if names.is_empty() {
        return Ok(config.flists.iter().collect());
    }
    let mut chosen: Vec<&Flist> = Vec::new();
    for name in names {
        let flist = config.flist(name)?;
        if !chosen.iter().any(|other| other.name == flist.name) {
            chosen.push(flist);
        }
    }
    Ok(chosen)
}

fn summarize(built: &Built, text: &mut String) {
    let report = &built.report;
    let (entries, pack) = (&report.entries, &report.pack);
    writeln!(text, "{} {}", good(&"built"), report.flist).expect("a string takes all");
    let mut line = |name: &str, value: String| writeln!(text, "  {name:<10} {value}").expect("a string takes all");
    line("manifest", format!("{} ({})", built.path.display(), bytes(report.manifest.bytes)));
    for alias in &report.aliases {
        line("alias", built.path.with_file_name(alias).display().to_string());
    }
    line("source", report.source.clone());
    line(
        "entries",
        format!(
            "{} files with {}, {} folders, {} links{}",
            entries.files,
            bytes(entries.bytes),
            entries.directories,
            entries.symlinks,
            match report.dropped.len() + report.removed.len() {
                0 => String::new(),
                count => format!("; {count} left out"),
            }
        ),
    );
    for removed in changes::removed_by_plugin(&report.removed) {
        line("removed", removed);
    }
    for found in changes::findings_by_plugin(&report.plugins) {
        line("found", found);
    }
    if let Some(made) = &report.indexes {
        let symbols = match &made.system_map {
            Some(map) => format!("every symbol is in them or in {map}"),
            None => "symbols not checked: there is no system-map".to_owned(),
        };
        line("indexes", format!("made again by depmod ({}); {symbols}", made.depmod));
    }
    for note in &report.notes {
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
