//! A pack as a whole: what is known of unchanged files, the threads for the rest, one list of blocks out of both.

use std::collections::{HashMap, HashSet};

use super::cache::{self, CachedFile};
use super::error::PackError;
use super::packer::Packer;
use super::sealed::SealedBlock;
use super::stats::PackStats;
use super::workers;
use crate::block::BlobId;
use crate::manifest::Blocks;
use crate::progress::{Step, Warning};
use crate::store::parallel;
use crate::tree::EntryId;
use crate::tree::Input;
use crate::tree::file_cache::FileCache;
use crate::tree::source::Contents;

impl Packer<'_> {
    /// Stores the contents of every file of `input` and returns each one's blocks.
    ///
    /// # Errors
    /// The first file that could not be read, or changed while it was read, or the first blob that could not be
    /// stored. The store may have some blobs by then; a later pack will not send those again.
    pub fn pack(&self, input: &Input, mut cache: Option<&mut FileCache<'_>>) -> Result<(Blocks, PackStats), PackError> {
        let cached =
            cache.as_mut().map(|cache| cache::load(cache, self.source.path(), self.progress)).unwrap_or_default();
        self.progress.begin(Step::Pack, input.tree.counts().bytes);
        let mut stats = PackStats::default();
        let mut sealed: HashMap<EntryId, Vec<SealedBlock>> = HashMap::new();
        let mut lost_attributes: Vec<(EntryId, String)> = Vec::new();

        let unchanged = self.unchanged(input, cached)?;
        let todo: Vec<EntryId> =
            input.tree.files().map(|(id, _)| id).filter(|id| !unchanged.contains_key(id)).collect();
        for (id, file) in unchanged {
            stats.files_unchanged += 1;
            self.progress.advance(file.identity.size);
            if !file.lost_attributes.is_empty() {
                lost_attributes.push((id, file.lost_attributes));
            }
            sealed.insert(id, file.blocks);
        }

        let done = workers::run(self, input, &todo)?;
        stats.files_read = todo.len() as u64;
        stats.bytes_read = done.bytes_read;
        stats.sent_blobs = done.sent_blobs;
        stats.sent_bytes = done.sent_bytes;
        if stats.sent_blobs > 0 {
            self.store.sync()?;
        }
        if let Some(cache) = &mut cache {
            let lost: HashMap<EntryId, String> = done.lost_attributes.iter().cloned().collect();
            let fresh = done.files.iter().filter_map(|(id, blocks)| {
                let Some(Contents::Source(identity)) = input.contents(*id) else { return None };
                let lost_attributes = lost.get(id).cloned().unwrap_or_default();
                let file = CachedFile { identity: *identity, blocks: blocks.clone(), lost_attributes };
                Some((input.tree.path(*id), file))
            });
            let all = || input.tree.files().map(|(id, _)| input.tree.path(id)).collect();
            cache::store(cache, self.source.path(), fresh, all, self.progress);
        }
        lost_attributes.extend(done.lost_attributes);
        sealed.extend(done.files);
        self.warn_of_lost_attributes(input, lost_attributes);

        let mut blocks = Blocks::new();
        let mut seen = HashSet::new();
        for (id, _) in input.tree.iter() {
            let own = sealed.remove(&id).unwrap_or_default();
            for block in &own {
                if seen.insert(block.reference.id) {
                    stats.blobs += 1;
                    stats.blob_bytes += u64::from(block.len);
                }
            }
            blocks.push(own.iter().map(|block| block.reference));
        }
        stats.blocks = blocks.len() as u64;
        stats.deduped_blocks = stats.blocks - stats.blobs;
        Ok((blocks, stats))
    }

    /// The files that are as the file cache has them, and whose blobs the store still has.
    fn unchanged(
        &self,
        input: &Input,
        mut cached: HashMap<String, CachedFile>,
    ) -> Result<HashMap<EntryId, CachedFile>, PackError> {
        let mut unchanged = HashMap::new();
        if cached.is_empty() {
            return Ok(unchanged);
        }
        for (id, _) in input.tree.files() {
            if let Some(Contents::Source(identity)) = input.contents(id)
                && let Some(file) = cached.remove(&input.tree.path(id))
                && file.identity == *identity
            {
                unchanged.insert(id, file);
            }
        }
        let lens: HashMap<BlobId, u32> =
            unchanged.values().flat_map(|file| &file.blocks).map(|block| (block.reference.id, block.len)).collect();
        let lens: Vec<(BlobId, u32)> = lens.into_iter().collect();
        let has = parallel::map(&lens, self.store.parallelism(), |(id, len)| self.store.has_all(id, u64::from(*len)))?;
        let missing: HashSet<BlobId> = lens.iter().zip(has).filter(|(_, has)| !has).map(|((id, _), _)| *id).collect();
        if !missing.is_empty() {
            unchanged.retain(|_, file| !file.blocks.iter().any(|block| missing.contains(&block.reference.id)));
        }
        Ok(unchanged)
    }

    fn warn_of_lost_attributes(&self, input: &Input, mut lost: Vec<(EntryId, String)>) {
        lost.sort();
        if let Some((first, names)) = lost.first() {
            let what = format!(
                "{} files have extended attributes that an flist can't hold (the first: {names} of /{})",
                lost.len(),
                input.tree.path(*first)
            );
            self.progress.warn(Warning::new(what, "a node will not see them; capabilities have to be set there"));
        }
    }
}
