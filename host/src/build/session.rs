//! The pipeline behind `flistry build`, from a plan to a published flist.
//!
//! ```text
//! plan:   version ─▶ source ─▶ scan ─▶ filter ─▶ name ─▶ post-pack (tree and tags)
//! build:  ─▶ pack (contents) ─▶ route ─▶ read back ─▶ publish
//! ```
//!
//! Nothing gets a name that a reader could find before the read-back has passed. A build that fails leaves blobs
//! behind, which the next one finds again, and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::UtcDateTime;

use crate::build::clock::Clock;
use crate::build::plan::{NewIndexes, Plan};
use crate::config::{Config, Storage};
use crate::error::Error;
use crate::files::sha256;
use crate::manifest::clean::CleanManifest;
use crate::manifest::name::FlistName;
use crate::manifest::tags;
use crate::manifest::{ContentsDigest, Manifest, Route, write};
use crate::pack::{PackCache, Packer};
use crate::progress::Warning;
use crate::progress::{Progress, Step};
use crate::publish::Publication;
use crate::report::{FORMAT, IndexesMade, ManifestFacts, ReadBack, Report};
use crate::store::WriteBlobs;
use crate::store::open::{open_write, open_write_ranges};
use crate::store::s3::S3Bucket;
use crate::store::url::StoreUrl;
use crate::tree::normal::Input;
use crate::tree::source::Source;
use crate::tree::timestamp;
use crate::verify::read_back::{prove_read_only, read_back};

/// What a build made.
pub struct Built {
    /// Where the manifest is.
    pub path: PathBuf,
    /// Where else it was put: folders and masked URLs.
    pub published: Vec<String>,
    /// How it was made.
    pub report: Report,
}

/// Opens the store that a configuration's builds write to, after asking it whether it takes what they will send: a
/// wrong key or bucket ends a build here, before anything was read.
///
/// # Errors
/// What the store answers.
pub fn open_store(storage: &Storage) -> Result<Box<dyn WriteBlobs>, Error> {
    for url in &storage.write {
        open_write(&url.value)?.probe()?;
    }
    Ok(open_write_ranges(&storage.write)?)
}

/// Carries a plan out.
///
/// # Errors
/// The first stage that fails. Nothing is published then.
pub fn build(plan: Plan<'_>, store: &dyn WriteBlobs, use_cache: bool, progress: &Recorder<'_>) -> Result<Built, Error> {
    let Plan { config, flist, source, input, names, mut tags, dropped, removed, added, plugins, stages, .. } = plan;
    let mut clock = Clock::default();

    let mut generated: Vec<String> = added.iter().map(|link| link.path.clone()).collect();
    let mut indexes_made = None;
    let input = match plan.indexes {
        None => input,
        Some(new) => {
            let (made, report) = make_indexes(config, &source, &input, &new, progress)?;
            tags.insert("flistry.depmod".to_owned(), report.depmod.clone());
            indexes_made = Some(report);
            generated.extend(made.keys().cloned());
            clock.stage("depmod");
            input.with_generated(made).expect("an index has a name that an entry can have")
        }
    };

    let mut cache = if use_cache { open_cache(config, progress) } else { None };
    let packer = Packer { source: &source, store, workers: config.pack.workers, progress };
    let (blocks, packed) = packer.pack(&input, cache.as_mut())?;
    for warning in cache.iter_mut().flat_map(PackCache::take_warnings) {
        progress.warn(warning);
    }
    clock.stage("pack");

    tags.insert(tags::KERNEL.to_owned(), config.kernel.to_string());
    tags.insert(tags::KIND.to_owned(), flist.kind.as_str().to_owned());
    tags.insert("flistry.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    tags.insert("flistry.contents".to_owned(), ContentsDigest::of(&input.tree, &blocks).to_string());
    let routes = config.store.route.iter().map(Route::from).collect();
    let manifest = Manifest { tree: input.tree, blocks, tags, routes };
    let bytes = write(&manifest).map_err(Error::Sqlite)?;
    clock.stage("manifest");

    let clean = CleanManifest::check(bytes, &config.store.write_credentials)?;
    clock.stage("route");

    let level = config.read_back;
    // From here on what counts is what the file says, not what was meant to be in it.
    let proven = read_back(clean.manifest(), &config.store.route, &config.store.write, level, progress)?;
    prove_read_only(clean.manifest(), &config.store.route)?;
    clock.stage("read-back");

    let report = Report {
        format: FORMAT,
        flistry: env!("CARGO_PKG_VERSION").to_owned(),
        flist: flist.name.clone(),
        file: names.file.to_string(),
        aliases: names.aliases.iter().map(FlistName::to_string).collect(),
        kernel: config.kernel.to_string(),
        source: source.path().display().to_string(),
        owner: flist.owner.as_str().to_owned(),
        source_date_epoch: config.source_date_epoch,
        built: timestamp::second(UtcDateTime::now()).expect("no clock is beyond the year 9999"),
        store: config.store.write.iter().map(|url| url.value.to_string()).collect(),
        route: config.store.route.iter().map(|url| url.value.to_string()).collect(),
        entries: clean.manifest().tree.counts(),
        dropped,
        indexes: indexes_made,
        notes: plan.notes,
        generated,
        removed,
        added,
        plugins,
        pack: packed,
        read_back: ReadBack { level: level.to_string(), blobs: proven.blobs, fetched: proven.fetched },
        manifest: ManifestFacts {
            bytes: clean.bytes().len() as u64,
            sha256: sha256(clean.bytes()),
            tags: clean.manifest().tags.clone(),
        },
        stages: stages.into_iter().chain(clock.stages).collect(),
        warnings: progress.warnings(),
    };
    let report_text = report.to_json();
    let publication =
        Publication { manifest: &clean, name: &names.file, aliases: &names.aliases, report: Some(&report_text) };
    let path = publication.to_folder(&config.output)?;
    let published = publish_to(config, &publication, progress, false)?;
    Ok(Built { path, published, report })
}

fn make_indexes(
    config: &Config,
    source: &Source,
    input: &Input,
    new: &NewIndexes,
    progress: &dyn Progress,
) -> Result<(BTreeMap<String, Vec<u8>>, IndexesMade), Error> {
    progress.begin(Step::Indexes, 0);
    // Beside the pack cache: a disk of the project's, where a system's temporary folder may be memory.
    let scratch = config.pack.cache.parent().unwrap_or(&config.project);
    let made = new.depmod.make(source, input, &config.kernel, new.system_map.as_deref(), scratch)?;
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

fn open_cache(config: &Config, progress: &dyn Progress) -> Option<PackCache> {
    PackCache::open_ambient(&config.pack.cache).map_err(|warning| progress.warn(warning)).ok()
}

/// Puts an flist where the configuration says, beside the output folder; returns where that was. The bucket gets it
/// with `UPLOAD_MANIFESTS=true`, or if it is `asked` for.
///
/// # Errors
/// The first place that does not take it.
pub fn publish_to(
    config: &Config,
    publication: &Publication<'_>,
    progress: &dyn Progress,
    asked: bool,
) -> Result<Vec<String>, Error> {
    let mut places = Vec::new();
    progress.begin(Step::Publish, 0);
    if let Some(folder) = &config.publish.folder {
        places.push(publication.to_folder(folder)?.display().to_string());
    }
    if let Some(manifests) = &config.publish.manifests
        && (asked || config.publish.upload)
        && let StoreUrl::S3(url) = &manifests.0
    {
        places.push(publication.to_s3(&S3Bucket::new(url)?)?);
    }
    Ok(places)
}

/// Passes progress on and remembers the warnings, for the report.
pub struct Recorder<'a> {
    inner: &'a dyn Progress,
    warnings: std::sync::Mutex<Vec<String>>,
}

impl<'a> Recorder<'a> {
    /// Records what goes to `inner`.
    pub fn new(inner: &'a dyn Progress) -> Self {
        Recorder { inner, warnings: Default::default() }
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.lock().expect("no holder panics").clone()
    }
}

impl Progress for Recorder<'_> {
    fn begin(&self, step: Step, total: u64) {
        self.inner.begin(step, total);
    }

    fn advance(&self, units: u64) {
        self.inner.advance(units);
    }

    fn warn(&self, warning: crate::progress::Warning) {
        self.warnings.lock().expect("no holder panics").push(warning.to_string());
        self.inner.warn(warning);
    }
}
