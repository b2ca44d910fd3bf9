//! From the store to findings, level by level.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::finding::{FileDamage, Finding, Verification};
use super::level::Level;
use crate::block::{BlobId, BlockRef, block_len};
use crate::kernel::compatibility;
use crate::kernel::indexes::Modules;
use crate::kernel::modinfo::{Compression, MAX_MODULE_BYTES, ModinfoError, kernel_of_module};
use crate::manifest::{Manifest, tags};
use crate::progress::{Progress, Step};
use crate::store::fetch::{FetchError, fetch};
use crate::store::{ReadBlobs, StoreError, parallel};
use crate::tree::{EntryId, FlistKind};

/// Blobs that the sample level fetches: their ids are digests, so the lowest are as good as any drawn by chance, and
/// the same every time.
const SAMPLE: usize = 64;

/// Verifies a manifest that could be read, against a store.
///
/// # Errors
/// Where the store can't be asked at all.
pub fn verify(
    manifest: &Manifest,
    store: &dyn ReadBlobs,
    level: Level,
    progress: &dyn Progress,
) -> Result<Verification, StoreError> {
    let mut result = Verification::default();
    if level == Level::Schema {
        return Ok(result);
    }
    let blobs = manifest.blobs();
    result.blobs = blobs.len() as u64;
    if level == Level::Full {
        // Fetching shows what is missing, too.
        full(manifest, store, progress, &mut result)?;
        indexes(manifest, store, &mut result)?;
        return unless_forbidden(result);
    }
    let missing = presence(manifest, &blobs, store, progress)?;
    let is_missing: HashSet<BlobId> = missing.iter().map(|(id, _)| *id).collect();
    result.findings.extend(missing.into_iter().map(|(_, finding)| finding));
    if level == Level::Sample {
        let sample: Vec<(BlockRef, EntryId)> =
            blobs.into_iter().filter(|(block, _)| !is_missing.contains(&block.id)).take(SAMPLE).collect();
        progress.begin(Step::ReadBack, sample.len() as u64);
        let found = parallel::map(&sample, store.parallelism(), |(block, entry)| {
            let found = finding(manifest, *entry, block.id, fetch(store, block))?.err();
            progress.advance(1);
            Ok::<_, StoreError>(found)
        })?;
        result.fetched = sample.len() as u64;
        result.findings.extend(found.into_iter().flatten());
        indexes(manifest, store, &mut result)?;
    }
    unless_forbidden(result)
}

/// A store that answers "forbidden" whatever it is asked says nothing of the flist: the key was withdrawn, perhaps.
fn unless_forbidden(mut result: Verification) -> Result<Verification, StoreError> {
    let forbidden = |finding: &Finding| {
        matches!(finding, Finding::Blob { why: FetchError::Store(StoreError::Missing { forbidden: true, .. }), .. })
    };
    if result.fetched > 0 || result.findings.is_empty() || !result.findings.iter().all(forbidden) {
        return Ok(result);
    }
    match result.findings.swap_remove(0) {
        Finding::Blob { why: FetchError::Store(error), .. } => Err(error),
        _ => unreachable!("all are of that kind"),
    }
}

fn presence(
    manifest: &Manifest,
    blobs: &[(BlockRef, EntryId)],
    store: &dyn ReadBlobs,
    progress: &dyn Progress,
) -> Result<Vec<(BlobId, Finding)>, StoreError> {
    progress.begin(Step::Presence, blobs.len() as u64);
    let found = parallel::map(blobs, store.parallelism(), |(block, entry)| {
        let answer = match store.size(&block.id) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(StoreError::Missing { name: block.id.hex(), store: store.describe(), forbidden: false }),
            Err(error) => Err(error),
        };
        progress.advance(1);
        Ok::<_, StoreError>(
            finding(manifest, *entry, block.id, answer.map_err(FetchError::from))?.err().map(|f| (block.id, f)),
        )
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn full(
    manifest: &Manifest,
    store: &dyn ReadBlobs,
    progress: &dyn Progress,
    result: &mut Verification,
) -> Result<(), StoreError> {
    let files: Vec<(EntryId, u64)> = manifest.tree.files().collect();
    progress.begin(Step::ReadBack, manifest.blocks.len() as u64);
    let modules = modules(manifest);
    let full = Full { manifest, store, progress, modules, proven: Mutex::default() };
    let found = parallel::map(&files, store.parallelism(), |(file, size)| full.file(*file, *size))?;
    result.fetched = full.proven.into_inner().expect("no holder panics").len() as u64;
    result.findings.extend(found.into_iter().flatten());
    Ok(())
}

/// Compares the indexes of a modules flist with its modules, unless something is wrong with it already.
fn indexes(manifest: &Manifest, store: &dyn ReadBlobs, result: &mut Verification) -> Result<(), StoreError> {
    if !result.findings.is_empty() || manifest.tags.get(tags::KIND).is_none_or(|kind| kind != "modules") {
        return Ok(());
    }
    let contents = |file: EntryId| {
        let mut bytes = Vec::new();
        for block in manifest.blocks.of(file) {
            match finding(manifest, file, block.id, fetch(store, block))? {
                Ok(plain) => bytes.extend_from_slice(plain.bytes()),
                Err(finding) => return Err(Unread::Finding(Box::new(finding))),
            }
        }
        Ok(bytes)
    };
    match crate::kernel::indexes::check(&manifest.tree, &places(manifest), contents) {
        Ok(mismatches) => result.findings.extend(mismatches.into_iter().map(Finding::Index)),
        Err(Unread::Finding(finding)) => result.findings.push(*finding),
        Err(Unread::Store(error)) => return Err(error),
    }
    Ok(())
}

/// Where a node sees a modules flist.
fn places(manifest: &Manifest) -> Vec<String> {
    let kernel = manifest.tags.get(tags::KERNEL).map_or("", String::as_str);
    compatibility::places(FlistKind::Modules, kernel, None)
}

/// The modules of a modules flist with their compressions, by their files.
fn modules(manifest: &Manifest) -> HashMap<EntryId, Compression> {
    if manifest.tags.get(tags::KIND).is_none_or(|kind| kind != "modules") {
        return HashMap::new();
    }
    let name = |path: &str| path.rsplit('/').next().and_then(Compression::of_module);
    let modules = Modules::of(&manifest.tree, &places(manifest));
    // A file's own name first: it tells how the file is compressed.
    let by_path = modules.iter().filter_map(|module| Some((module.file, name(&module.path)?)));
    let by_name = manifest.tree.files().filter_map(|(id, _)| Some((id, name(&manifest.tree.get(id).name)?)));
    by_path.chain(by_name).collect()
}

/// Why an index could not be read.
enum Unread {
    Finding(Box<Finding>),
    Store(StoreError),
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Unread::Store(error)
    }
}

/// The full level, file by file.
struct Full<'a> {
    manifest: &'a Manifest,
    store: &'a dyn ReadBlobs,
    progress: &'a dyn Progress,
    modules: HashMap<EntryId, Compression>,
    /// The plain length of every blob that was fetched and opened.
    proven: Mutex<HashMap<BlobId, usize>>,
}

impl Full<'_> {
    fn file(&self, file: EntryId, size: u64) -> Result<Option<Finding>, StoreError> {
        let module = self.module(file);
        if module.is_some() && size > MAX_MODULE_BYTES {
            let why = ModinfoError::TooLarge(size).into();
            return Ok(Some(Finding::File { path: self.manifest.tree.path(file), why }));
        }
        let mut contents = Vec::new();
        for (index, block) in self.manifest.blocks.of(file).iter().enumerate() {
            // A block that several files share is proven once, unless its bytes are wanted.
            let known = self.proven.lock().expect("no holder panics").get(&block.id).copied();
            let len = match known {
                Some(len) if module.is_none() => len,
                _ => match finding(self.manifest, file, block.id, fetch(self.store, block))? {
                    Err(finding) => return Ok(Some(finding)),
                    Ok(plain) => {
                        if module.is_some() {
                            contents.extend_from_slice(plain.bytes());
                        }
                        plain.bytes().len()
                    }
                },
            };
            self.proven.lock().expect("no holder panics").insert(block.id, len);
            let expected = block_len(size, index as u64);
            if len != expected {
                let why = FileDamage::Block { index: index as u64, found: len, expected };
                return Ok(Some(Finding::File { path: self.manifest.tree.path(file), why }));
            }
            self.progress.advance(1);
        }
        Ok(module.and_then(|(kernel, compression)| {
            let why = match kernel_of_module(&contents, compression) {
                Ok(found) if found == kernel => return None,
                Ok(found) => FileDamage::Kernel { found, expected: kernel.to_owned() },
                Err(error) => error.into(),
            };
            Some(Finding::File { path: self.manifest.tree.path(file), why })
        }))
    }

    /// Of a module in a modules flist, the kernel that it must be for.
    fn module(&self, file: EntryId) -> Option<(&str, Compression)> {
        let kernel = self.manifest.tags.get(tags::KERNEL)?;
        Some((kernel, *self.modules.get(&file)?))
    }
}

/// Sorts an answer: the thing itself, a finding about the one blob, or an error about the whole store.
fn finding<T>(
    manifest: &Manifest,
    entry: EntryId,
    id: BlobId,
    answer: Result<T, FetchError>,
) -> Result<Result<T, Finding>, StoreError> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(why) if why.is_damage() => Ok(Err(Finding::Blob { path: manifest.tree.path(entry), id, why })),
        Err(FetchError::Store(error)) => Err(error),
        Err(FetchError::Damaged(_)) => unreachable!("damage is a finding"),
    }
}
