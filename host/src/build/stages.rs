//! The stages of one flist's build, each a value that only the one before can make:
//!
//! ```text
//! Plan ─▶ Packed ─▶ CleanManifest ─▶ ProvenManifest ─▶ Published
//! ```
//!
//! Nothing gets a name that a reader could find before the read-back has passed. A build that fails leaves blobs behind,
//! which the next one finds again, and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::UtcDateTime;

use super::clock::Clock;
use super::plan::{NewIndexes, Plan};
use crate::config::{Config, Flist};
use crate::error::Error;
use crate::kernel::indexes::depmod::Staged;
use crate::manifest::clean::CleanManifest;
use crate::manifest::{ContentsDigest, Manifest, Route, tags, write};
use crate::pack::{PackStats, Packer};
use crate::plugin::FlistNames;
use crate::progress::{Progress, Recorder, Step, Warning};
use crate::publish::Publication;
use crate::report::{self, BuildReport, Decisions, IndexesMade, ManifestFacts, ReadBack, Subject};
use crate::store::WriteBlobs;
use crate::tree::edit::TreeEdit;
use crate::tree::file_cache::CachePlace;
use crate::tree::source::Source;
use crate::tree::{Input, timestamp};
use crate::verify::read_back::ProvenManifest;

/// An flist that was built.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Published {
    /// Where the manifest is.
    pub path: PathBuf,
    /// Where else it was put: directories and masked URLs.
    pub published: Vec<String>,
    /// How it was made.
    pub report: BuildReport,
}

/// How a manifest is proven before it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// As a node will read it: through its own route.
    Route,
    /// In the store that its blobs went to, which no route leads to.
    Store,
}

/// What is told of a build, whatever becomes of its manifest.
struct Record<'a> {
    config: &'a Config,
    flist: &'a Flist,
    names: FlistNames,
    source: PathBuf,
    decisions: Decisions,
    indexes: Option<IndexesMade>,
    generated: Vec<String>,
    pack: PackStats,
    clock: Clock,
    recorder: Recorder<'a>,
}

/// Contents are in the store; the manifest is bytes that nobody has looked at yet.
struct Packed<'a> {
    manifest: Vec<u8>,
    record: Record<'a>,
}

/// Carries a plan out.
///
/// # Errors
/// The first stage that fails. Nothing is published then.
pub(super) fn carry_out<'a>(
    plan: Plan<'a>,
    store: &dyn WriteBlobs,
    proof: Proof,
    cache: Option<&CachePlace>,
    progress: &'a dyn Progress,
) -> Result<Published, Error> {
    progress.about(&plan.flist.name);
    let Packed { manifest, mut record } = pack(plan, store, cache, progress)?;
    let storage = &record.config.store;
    let clean = CleanManifest::check(manifest, &storage.write_credentials)?;
    record.clock.stage("route");
    // From here on what counts is what the file says, not what was meant to be in it.
    let level = record.config.read_back;
    let proven = match proof {
        Proof::Route => ProvenManifest::prove(clean, &storage.route, &storage.write, level, &record.recorder)?,
        Proof::Store => ProvenManifest::prove_in(clean, store, level, &record.recorder)?,
    };
    record.clock.stage("read-back");
    publish(&proven, record, store, proof)
}

/// Stores the contents and writes the manifest.
fn pack<'a>(
    plan: Plan<'a>,
    store: &dyn WriteBlobs,
    cache: Option<&CachePlace>,
    progress: &'a dyn Progress,
) -> Result<Packed<'a>, Error> {
    let Plan { config, flist, source, mut input, names, tags: mut own, decisions, indexes: new, .. } = plan;
    let recorder = Recorder::new(progress, plan.warnings);
    let mut clock = Clock::after(plan.stages);
    let mut generated: Vec<String> = decisions.added.iter().map(|symlink| symlink.path.clone()).collect();
    let mut indexes = None;
    if let Some(new) = &new {
        let (made, report) = make_indexes((config, flist), &source, &input, new, &recorder)?;
        own.insert(tags::DEPMOD.to_owned(), report.depmod.clone());
        generated.extend(made.keys().cloned());
        input = with_generated(input, made);
        indexes = Some(report);
        clock.stage("depmod");
    }

    let mut cache = cache.and_then(|cache| cache.open_ambient(&recorder));
    let packer = Packer { source: &source, store, workers: config.pack.workers, progress: &recorder };
    let (blocks, pack) = packer.pack(&input, cache.as_mut())?;
    clock.stage("pack");

    own.insert(tags::KERNEL.to_owned(), config.kernel.to_string());
    own.insert(tags::KIND.to_owned(), flist.kind.as_str().to_owned());
    own.insert(tags::VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    own.insert(tags::CONTENTS.to_owned(), ContentsDigest::of(&input.tree, &blocks).to_string());
    let routes = config.store.route.iter().map(Route::from).collect();
    let manifest = write(&Manifest { tree: input.tree, blocks, tags: own, routes }).map_err(Error::Sqlite)?;
    clock.stage("manifest");
    let source = source.path().to_owned();
    let record = Record { config, flist, names, source, decisions, indexes, generated, pack, clock, recorder };
    Ok(Packed { manifest, record })
}

/// Puts the indexes in the place of the source's own.
fn with_generated(input: Input, files: BTreeMap<String, Vec<u8>>) -> Input {
    let mut edit = TreeEdit::default();
    files.into_iter().for_each(|(name, bytes)| edit.add_generated(&input, &name, bytes));
    edit.apply(input).expect("an index has a name that an entry can have").input
}

fn make_indexes(
    (config, flist): (&Config, &Flist),
    source: &Source,
    input: &Input,
    new: &NewIndexes,
    progress: &dyn Progress,
) -> Result<(BTreeMap<String, Vec<u8>>, IndexesMade), Error> {
    progress.begin(Step::Indexes, 0);
    // Beside the file cache: a disk of the project's, where a system's temporary directory may be memory.
    let scratch = config.pack.cache.parent().unwrap_or(&config.project);
    let stage = Staged { source, input, modules: &new.modules, places: &flist.places(config), kernel: &config.kernel };
    let made = new.depmod.make(&stage, new.system_map.as_deref(), scratch)?;
    for complaint in made.complaints {
        progress.warn(Warning::bare(complaint));
    }
    let report = IndexesMade {
        depmod: new.depmod.version().to_owned(),
        system_map: new.system_map.as_ref().map(|map| map.display().to_string()),
        why: new.why.iter().map(ToString::to_string).collect(),
    };
    Ok((made.indexes, report))
}

/// Gives the manifest its names: here and, if a node can read it, everywhere that the configuration says.
fn publish(
    proven: &ProvenManifest,
    record: Record<'_>,
    store: &dyn WriteBlobs,
    proof: Proof,
) -> Result<Published, Error> {
    let Record { config, flist, names, source, decisions, indexes, generated, pack, clock, recorder } = record;
    let clean = proven.clean();
    let subject = Subject {
        flist: flist.name.clone(),
        file: names.file,
        aliases: names.aliases,
        kernel: config.kernel.to_string(),
        source: source.display().to_string(),
        owner: flist.owner,
        source_date_epoch: config.source_date_epoch,
    };
    let report = BuildReport {
        schema: report::SCHEMA,
        flistry: env!("CARGO_PKG_VERSION").to_owned(),
        built: timestamp::second(UtcDateTime::now()).expect("no clock is beyond the year 9999"),
        store: match proof {
            Proof::Route => config.store.write.iter().map(|url| url.value.to_string()).collect(),
            Proof::Store => vec![store.describe()],
        },
        route: config.store.route.iter().map(|url| url.value.to_string()).collect(),
        entries: clean.manifest().tree.counts(),
        read_back: ReadBack {
            level: config.read_back,
            blobs: proven.verification().blobs,
            fetched: proven.verification().fetched,
        },
        manifest: ManifestFacts::of(clean),
        subject,
        decisions,
        indexes,
        generated,
        pack,
        stages: clock.stages,
        warnings: recorder.warnings().iter().map(ToString::to_string).collect(),
    };
    let publication = Publication {
        manifest: clean,
        name: &report.subject.file,
        aliases: &report.subject.aliases,
        report: Some(&report),
    };
    let path = publication.to_directory(&config.output)?;
    let published = match proof {
        Proof::Route => publication.to_all(&config.publish, config.publish.upload, &recorder)?,
        // No node could read it: it must not take the place of one that nodes mount.
        Proof::Store => Vec::new(),
    };
    Ok(Published { path, published, report })
}
