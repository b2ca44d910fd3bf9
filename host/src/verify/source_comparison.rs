//! Comparing an flist with the directory it was made from.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::finding::Finding;
use crate::block::{BLOCK_SIZE, BlobKey, block_count, block_len, keys_of};
use crate::manifest::Manifest;
use crate::manifest::diff::diff_trees;
use crate::progress::{Progress, Silent, Step};
use crate::store::parallel;
use crate::tree::filtered::Filtered;
use crate::tree::normal::{NormalRules, UnpackableError, normalize};
use crate::tree::scan::{ScanError, scan};
use crate::tree::source::{Contents, FileIdentity, Source, SourceReadError};
use crate::tree::{EntryId, Kind};
use flistry_common::globs::Glob;

/// Differences that are meant: the build's report tells them.
#[derive(Clone, Debug, Default)]
pub struct KnownDifferences {
    /// Paths of the source that a plugin left out, each with the plugin's name.
    pub left_out: HashMap<String, String>,
    /// Paths that the build made itself.
    pub generated: HashSet<String>,
    /// What the user leaves out of the comparison.
    pub exclude: Vec<Glob>,
}

/// The differences between a source in normal form and an flist: those that are not explained, and those that are.
///
/// # Errors
/// Where the source can't be read.
pub fn compare(
    manifest: &Manifest,
    source: &Source,
    rules: NormalRules,
    known: &KnownDifferences,
    threads: usize,
    progress: &dyn Progress,
) -> Result<(Vec<Finding>, Vec<String>), CompareError> {
    let scan = scan(source)?;
    // What can't be packed is not a difference if it was left out, and the flist can't have it otherwise.
    let filtered = Filtered::without(&scan, |path| {
        known.left_out.contains_key(path) || known.exclude.iter().any(|pattern| pattern.covers(path))
    });
    // What it would warn of, the build warned of.
    let input = normalize(&scan, &filtered, rules, &Silent)?;

    let packed = manifest.tree.by_path();
    let pairs: Vec<(EntryId, EntryId)> = input
        .tree
        .files()
        .filter_map(|(id, size)| {
            let other = *packed.get(&input.tree.path(id))?;
            (manifest.tree.get(other).kind == Kind::File { size }).then_some((id, other))
        })
        .collect();
    progress.begin(Step::Compare, input.tree.counts().bytes);
    let same = parallel::map(&pairs, threads, |(id, other)| {
        let path = input.tree.path(*id);
        let Kind::File { size } = input.tree.get(*id).kind else { unreachable!("pairs are of files") };
        let Some(Contents::Source(was)) = input.contents(*id) else { unreachable!("nothing is generated here") };
        let keys = keys_of_file(source, &path, was)
            .map_err(|error| CompareError::Read { path: source.path().join(&path), error: error.into() })?;
        progress.advance(size);
        Ok::<_, CompareError>(keys.iter().eq(manifest.blocks.of(*other).iter().map(|block| &block.key)))
    })?;
    let same: HashSet<EntryId> = pairs.iter().zip(same).filter(|(_, same)| *same).map(|((id, _), _)| *id).collect();

    let differences = diff_trees(&input.tree, &manifest.tree, |id, _| same.contains(&id));
    let mut notes: Vec<String> =
        known.left_out.iter().map(|(path, by)| format!("/{path} was left out by plugin `{by}`")).collect();
    notes.sort();
    let mut findings = Vec::new();
    for difference in differences {
        if known.generated.contains(&difference.path) {
            notes.push(format!("/{} was made by the build", difference.path));
        } else {
            findings.push(Finding::Source(difference));
        }
    }
    Ok((findings, notes))
}

fn keys_of_file(source: &Source, path: &str, was: &FileIdentity) -> Result<Vec<BlobKey>, SourceReadError> {
    let file = source.open_unchanged(path, was)?;
    let mut buffer = vec![0; BLOCK_SIZE];
    (0..block_count(was.size))
        .map(|index| {
            let block = &mut buffer[..block_len(was.size, index)];
            file.read_exact_at(block, index * BLOCK_SIZE as u64)?;
            Ok(keys_of(std::iter::once(&*block))[0])
        })
        .collect()
}

/// A source that can't be compared with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// It can't be walked.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// It holds what no flist could.
    #[error(transparent)]
    Unpackable(#[from] UnpackableError),
    /// A file can't be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
}
