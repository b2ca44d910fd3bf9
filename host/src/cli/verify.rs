//! `flistry verify`

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use flistry::config::{Config, Environment};
use flistry::error::{Error, ExitCode};
use flistry::kernel::compatibility;
use flistry::manifest::tags;
use flistry::manifest::{Manifest, ManifestError, check, read};
use flistry::progress::Progress;
use flistry::report::BuildReport;
use flistry::tree::normal::NormalRules;
use flistry::tree::source::Source;
use flistry::tree::{FlistKind, Owner};
use flistry::verify::source::{KnownDifferences, compare};
use flistry::verify::{Finding, Level, Verification, rfs, verify};
use flistry_common::globs::Glob;
use serde_json::json;
use time::UtcDateTime;

use super::Context;
use super::manifest::{self, StoreArgs};
use super::output::{Outcome, bad, good};

#[derive(clap::Args)]
pub struct Args {
    /// The flist
    file: PathBuf,
    /// How far to go; each level includes those before it
    #[arg(long, default_value = "sample")]
    level: WantedLevel,
    /// The folder to compare with; implies the level `source`. The build's report names it otherwise
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// Leave what matches this glob out of the comparison, where no build's report says what was left out
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Let stock rfs list and unpack it, too, and compare
    #[arg(long)]
    with_rfs: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
enum WantedLevel {
    /// The manifest alone, by stock rfs's rules
    Schema,
    /// Every blob is in the store
    Presence,
    /// And a sample of them is what it should be
    Sample,
    /// And all of them are
    Full,
    /// And the tree equals the folder it was made from
    Source,
}

/// How many findings are printed for people; JSON has them all.
const SHOWN: usize = 50;

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let with_source = args.level == WantedLevel::Source || args.source.is_some();
    let level = match args.level {
        _ if with_source => Level::Full,
        WantedLevel::Schema => Level::Schema,
        WantedLevel::Presence => Level::Presence,
        WantedLevel::Sample => Level::Sample,
        WantedLevel::Full | WantedLevel::Source => Level::Full,
    };
    let bytes = manifest::bytes(&args.file)?;
    let manifest = match read(&bytes) {
        Ok(manifest) => manifest,
        Err(ManifestError::Malformed { .. }) => {
            let problems = check(&bytes).map_err(|error| Error::Manifest { path: args.file.clone(), error })?;
            let findings = problems.into_iter().map(Finding::Schema).collect();
            return Ok(outcome(&args.file, "schema", Verification { findings, ..Verification::default() }, &[]));
        }
        Err(error) => return Err(Error::Manifest { path: args.file.clone(), error }),
    };
    let mut result = Verification::default();
    if level > Level::Schema {
        let store = args.store.open(&manifest.routes)?;
        result = verify(&manifest, &*store, level, &context.terminal)?;
    }
    if with_source {
        compare_with_source(&args, &manifest, context, &mut result)?;
    }
    if args.with_rfs {
        let program = rfs::find(context.variable("RFS_BIN"), context.variable("PATH"), &context.project)?;
        let scratch = tempfile::tempdir().map_err(|error| Error::Write { path: std::env::temp_dir(), error })?;
        result.findings.extend(rfs::compare(&program, &args.file, &manifest, scratch.path())?);
    }
    let name = if with_source { "source".to_owned() } else { level.to_string() };
    let notes = notes(&manifest, context);
    Ok(outcome(&args.file, &name, result, &notes))
}

/// What the project that it was built for says of it, where this is such a project: what a node could not use is warned of,
/// the rest is returned. That is no damage, and an flist of another kernel can't be judged so.
fn notes(manifest: &Manifest, context: &Context) -> Vec<String> {
    let tag = |name| manifest.tags.get(name).map(String::as_str);
    let Some(contents) = tag(tags::KIND).and_then(FlistKind::from_tag) else { return Vec::new() };
    let config = Config::load(&context.project, &Environment(context.environment.clone()), UtcDateTime::now());
    let Some(config) = config.ok().filter(|config| tag(tags::KERNEL) == Some(config.kernel.as_str())) else {
        return Vec::new();
    };
    let remarks = compatibility::check(contents, &manifest.tree, &config.kernel_config, &config.node);
    remarks.unusable.into_iter().for_each(|warning| context.terminal.warn(warning));
    remarks.notes
}

fn compare_with_source(
    args: &Args,
    manifest: &Manifest,
    context: &Context,
    result: &mut Verification,
) -> Result<(), Error> {
    let report = manifest::report(&args.file);
    let folder = match (&args.source, &report) {
        (Some(folder), _) => folder.clone(),
        (None, Some(report)) => PathBuf::from(&report.subject.source),
        (None, None) => {
            let what = format!("no report beside {} says what it was made from", args.file.display());
            return Err(Error::Usage { what, hint: "name the folder with --source DIR".into() });
        }
    };
    let source = Source::open_ambient(&args.file.display().to_string(), &[folder])?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let rules = rules(report.as_ref(), manifest);
    let explained = explained(report.as_ref(), &args.exclude)?;
    let (findings, explained) = compare(manifest, &source, rules, &explained, threads, &context.terminal)?;
    result.findings.extend(findings);
    result.explained = explained;
    Ok(())
}

/// The normal form's rules that the build used. Without a report, the owners in the manifest show which.
fn rules(report: Option<&BuildReport>, manifest: &Manifest) -> NormalRules {
    let owner = match report {
        Some(report) => report.subject.owner,
        None => {
            let all_root = manifest.tree.iter().all(|(_, e)| (e.attributes.uid, e.attributes.gid) == (0, 0));
            if all_root { Owner::Root } else { Owner::Preserve }
        }
    };
    NormalRules { owner, not_after: report.and_then(|report| report.subject.source_date_epoch) }
}

fn explained(report: Option<&BuildReport>, exclude: &[String]) -> Result<KnownDifferences, Error> {
    let pattern = |text: &String| {
        Glob::new(text).map_err(|what| Error::Usage {
            what: format!("--exclude {text}: {what}"),
            hint: "write a glob like \"*.txt\" or \"folder/**\"".into(),
        })
    };
    let exclude = exclude.iter().map(pattern).collect::<Result<_, _>>()?;
    let Some(report) = report else { return Ok(KnownDifferences { exclude, ..KnownDifferences::default() }) };
    Ok(KnownDifferences {
        left_out: report
            .decisions
            .left_out
            .iter()
            .map(|left_out| (left_out.path.clone(), left_out.by.clone()))
            .collect(),
        generated: report.generated.iter().cloned().collect(),
        exclude,
    })
}

fn outcome(file: &Path, level: &str, result: Verification, notes: &[String]) -> Outcome {
    let mut text = String::new();
    let ok = result.findings.is_empty();
    for finding in result.findings.iter().take(SHOWN) {
        writeln!(text, "{finding}").expect("a string takes all");
    }
    if let Some(more) = result.findings.len().checked_sub(SHOWN + 1) {
        writeln!(text, "and {} more", more + 1).expect("a string takes all");
    }
    for note in result.explained.iter().take(SHOWN) {
        writeln!(text, "explained: {note}").expect("a string takes all");
    }
    if let Some(more @ 1..) = result.explained.len().checked_sub(SHOWN) {
        writeln!(text, "explained: and {more} more").expect("a string takes all");
    }
    for note in notes {
        writeln!(text, "note: {note}").expect("a string takes all");
    }
    let verdict = if ok { good(&"verified") } else { bad(&"damaged") };
    let found = match result.findings.len() {
        0 => String::new(),
        1 => ", 1 finding".to_owned(),
        count => format!(", {count} findings"),
    };
    writeln!(
        text,
        "{verdict} {} at level {level}: {} blobs, {} of them fetched and proven{found}",
        file.display(),
        result.blobs,
        result.fetched
    )
    .expect("a string takes all");
    let json = json!({
        "file": file,
        "level": level,
        "ok": ok,
        "blobs": result.blobs,
        "fetched": result.fetched,
        "findings": result.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "explained": result.explained,
        "notes": notes,
    });
    let code = if ok { ExitCode::Done } else { ExitCode::Damage };
    Outcome { code, ..Outcome::done(text, json) }
}
