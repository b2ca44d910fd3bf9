//! `flistry verify`

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use flistry::error::{Error, ExitCode};
use flistry::kernel::compatibility;
use flistry::manifest::tags;
use flistry::manifest::{Manifest, ManifestError, check, read};
use flistry::progress::Progress;
use flistry::report::{BuildReport, normal_rules_of};
use flistry::tree::FlistKind;
use flistry::tree::source::Source;
use flistry::verify::source_comparison::compare;
use flistry::verify::{Finding, Level, Verification, rfs, verify};
use flistry_common::globs::Glob;
use serde::{Serialize, Serializer};

use super::context::CommandContext;
use super::flist_file;
use super::outcome::Outcome;
use super::several::{OfEach, OfFlist, of_each};
use super::store_args::StoreArgs;
use super::style::{bad, first, good};

#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The flist, or several
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How far to go; each level includes those before it
    #[arg(long, default_value = "sample")]
    level: Reach,
    /// The directory to compare with; implies the level `source`. Without it, the one that the build's report names
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// Leave what matches this glob out of the comparison, for an flist without a build's report
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Let stock rfs list and unpack the flist, too, and compare
    #[arg(long)]
    with_rfs: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// How far verification goes: up to a level of the ladder, or all the way to the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Level(Level),
    Source,
}

impl ValueEnum for Reach {
    fn value_variants<'a>() -> &'a [Self] {
        use Reach::{Level as To, Source};
        const { &[To(Level::Schema), To(Level::Presence), To(Level::Sample), To(Level::Full), Source] }
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Reach::Level(level) => level.to_possible_value(),
            Reach::Source => {
                Some(PossibleValue::new("source").help("And the tree equals the directory that it was made from"))
            }
        }
    }
}

impl Reach {
    fn as_str(self) -> &'static str {
        match self {
            Reach::Level(level) => level.as_str(),
            Reach::Source => "source",
        }
    }
}

impl Serialize for Reach {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// How many findings are printed for people; JSON has them all.
const SHOWN: usize = 50;

#[derive(Serialize)]
pub struct VerifyOutcome {
    file: PathBuf,
    level: Reach,
    ok: bool,
    #[serde(flatten)]
    verification: Verification,
    /// What is worth knowing and is not damage.
    notes: Vec<String>,
}

pub fn run(mut args: VerifyArgs, context: &CommandContext) -> Result<OfEach<VerifyOutcome>, Error> {
    let files = std::mem::take(&mut args.files);
    let several = files.len() > 1;
    if several && args.source.is_some() {
        let what = format!("--source names the directory of one flist, and there are {} flists", files.len());
        let hint = "verify one after the other; --level source compares each with the directory that its report names";
        return Err(Error::Usage { what, hint: hint.into() });
    }
    let outcome = of_each(files, |file| {
        if several {
            context.terminal.about(&file.display().to_string());
        }
        verify_one(file, &args, context)
    });
    context.terminal.about("");
    outcome
}

fn verify_one(file: PathBuf, args: &VerifyArgs, context: &CommandContext) -> Result<VerifyOutcome, Error> {
    let reach = if args.source.is_some() { Reach::Source } else { args.level };
    let bytes = flist_file::bytes(&file)?;
    let manifest = match read(&bytes) {
        Ok(manifest) => manifest,
        Err(ManifestError::Malformed { .. }) => {
            let problems = check(&bytes).map_err(|error| Error::Manifest { path: file.clone(), error })?;
            let mut verification = Verification::default();
            verification.findings.extend(problems.into_iter().map(Finding::Schema));
            return Ok(VerifyOutcome::new(file, Reach::Level(Level::Schema), verification, Vec::new()));
        }
        Err(error) => return Err(Error::Manifest { path: file, error }),
    };
    let level = match reach {
        Reach::Level(level) => level,
        Reach::Source => Level::Full,
    };
    let mut verification = Verification::default();
    if level > Level::Schema {
        let store = args.store.open(&manifest.routes)?;
        verification = verify(&manifest, &*store, level, &context.terminal)?;
    }
    if reach == Reach::Source {
        let (findings, explained) = compare_with_source(&file, args, &manifest, context)?;
        verification.findings.extend(findings);
        verification.explained = explained;
    }
    if args.with_rfs {
        let program = rfs::find(context.variable("RFS_BIN"), context.variable("PATH"), &context.project)?;
        let scratch = tempfile::tempdir().map_err(|error| Error::Write { path: std::env::temp_dir(), error })?;
        verification.findings.extend(rfs::compare(&program, &file, &manifest, scratch.path())?);
    }
    let notes = notes(&manifest, context);
    Ok(VerifyOutcome::new(file, reach, verification, notes))
}

/// What the project that it was built for says of it, where this is such a project: what a node could not use is warned of,
/// the rest is returned. That is not damage, and an flist of another kernel can't be judged so.
fn notes(manifest: &Manifest, context: &CommandContext) -> Vec<String> {
    let tag = |name| manifest.tags.get(name).map(String::as_str);
    let Some(kind) = tag(tags::KIND).and_then(FlistKind::from_tag) else { return Vec::new() };
    let config = context.quiet_config().ok();
    let Some(config) = config.filter(|config| tag(tags::KERNEL) == Some(config.kernel.as_str())) else {
        return Vec::new();
    };
    let places = compatibility::places(kind, config.kernel.as_str(), None);
    let remarks = compatibility::check(kind, &manifest.tree, &places, &config.kernel_config, &config.node);
    remarks.unusable.into_iter().for_each(|warning| context.terminal.warn(warning));
    remarks.notes
}

fn compare_with_source(
    file: &Path,
    args: &VerifyArgs,
    manifest: &Manifest,
    context: &CommandContext,
) -> Result<(Vec<Finding>, Vec<String>), Error> {
    let report = flist_file::report(file)?;
    let directory = match (&args.source, &report) {
        (Some(directory), _) => directory.clone(),
        (None, Some(report)) => PathBuf::from(&report.subject.source),
        (None, None) => {
            let what = format!("no report beside {} says what it was made from", file.display());
            return Err(Error::Usage { what, hint: "name the directory with --source DIR".into() });
        }
    };
    let source = Source::open_ambient(&file.display().to_string(), &[directory])?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let rules = report.as_ref().map_or_else(|| normal_rules_of(manifest), BuildReport::normal_rules);
    let mut known = report.as_ref().map(BuildReport::known_differences).unwrap_or_default();
    known.exclude = patterns(&args.exclude)?;
    Ok(compare(manifest, &source, rules, &known, threads, &context.terminal)?)
}

fn patterns(exclude: &[String]) -> Result<Vec<Glob>, Error> {
    let pattern = |text: &String| {
        Glob::new(text).map_err(|what| Error::Usage {
            what: format!("--exclude {text}: {what}"),
            hint: "write a glob like \"*.txt\" or \"directory/**\"".into(),
        })
    };
    exclude.iter().map(pattern).collect()
}

impl VerifyOutcome {
    fn new(file: PathBuf, level: Reach, verification: Verification, notes: Vec<String>) -> Self {
        VerifyOutcome { file, level, ok: verification.findings.is_empty(), verification, notes }
    }
}

impl Outcome for VerifyOutcome {
    fn exit_code(&self) -> ExitCode {
        if self.ok { ExitCode::Done } else { ExitCode::Damage }
    }
}

impl OfFlist for VerifyOutcome {
    const BETWEEN: &'static str = "";
}

impl Display for VerifyOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Verification { findings, explained, blobs, fetched, .. } = &self.verification;
        let findings_shown = first(SHOWN, findings, ToString::to_string, |more| format!("and {more} more"));
        findings_shown.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        let explained = first(SHOWN, explained, String::clone, |more| format!("and {more} more"));
        explained.iter().try_for_each(|line| writeln!(f, "explained: {line}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))?;
        let verdict = if self.ok { good("verified") } else { bad("damaged") };
        let count = match findings.len() {
            0 => String::new(),
            1 => ", 1 finding".to_owned(),
            count => format!(", {count} findings"),
        };
        let (file, level) = (self.file.display(), self.level.as_str());
        writeln!(f, "{verdict} {file} at level {level}: {blobs} blobs, {fetched} of them fetched and proven{count}")
    }
}
