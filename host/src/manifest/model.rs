//! [`Manifest`]: what an flist file says, as a value that is known to be a tree.

use std::collections::BTreeMap;
use std::fmt;

use crate::block::{BlobId, BlockRef, digest};
use crate::store::secret::Secret;
use crate::store::url::{IdRange, Ranged, ReadUrl};
use crate::tree::{EntryId, Tree};

/// The contents of an flist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The entries.
    pub tree: Tree,
    /// The blocks of each file.
    pub blocks: Blocks,
    /// Facts about the flist, by key.
    pub tags: BTreeMap<String, String>,
    /// Where the blobs are.
    pub routes: Vec<Route>,
}

impl Manifest {
    /// Every blob that is referred to, once, with the first entry that needs it; ordered by id.
    pub fn blobs(&self) -> Vec<(BlockRef, EntryId)> {
        let mut blobs: Vec<(BlockRef, EntryId)> =
            self.tree.files().flat_map(|(id, _)| self.blocks.of(id).iter().map(move |block| (*block, id))).collect();
        blobs.sort_by_key(|(block, entry)| (block.id, *entry));
        blobs.dedup_by_key(|(block, _)| block.id);
        blobs
    }
}

/// The blocks of all files, one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Blocks {
    refs: Vec<BlockRef>,
    /// Where each entry's blocks end in `refs`; an entry's begin where the one before ends.
    ends: Vec<u32>,
}

impl Blocks {
    /// No blocks yet, of no entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next entry's blocks; none for what is not a file.
    pub fn push(&mut self, blocks: impl IntoIterator<Item = BlockRef>) {
        self.refs.extend(blocks);
        self.ends.push(self.refs.len() as u32);
    }

    /// The blocks of an entry, in order.
    pub fn of(&self, entry: EntryId) -> &[BlockRef] {
        let start = if entry.index() == 0 { 0 } else { self.ends[entry.index() - 1] as usize };
        &self.refs[start..self.ends[entry.index()] as usize]
    }

    /// How many blocks there are in all, each as often as it is referred to.
    pub fn len(&self) -> usize {
        self.refs.len()
    }

    /// Whether no file has contents.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }
}

/// A row of the route table. The URL is kept as it stands: other programs' manifests hold kinds that flistry can't
/// read, and many hold credentials, so that only [`Route::url`] shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The ids that it is for.
    pub range: IdRange,
    url: Secret,
}

impl Route {
    /// A route as it stands in a manifest.
    pub fn from_text(range: IdRange, url: impl Into<String>) -> Self {
        Route { range, url: Secret::new(url) }
    }

    /// The URL with any credentials in it.
    pub fn url(&self) -> &Secret {
        &self.url
    }
}

impl From<&Ranged<ReadUrl>> for Route {
    fn from(route: &Ranged<ReadUrl>) -> Self {
        Route { range: route.range, url: route.value.route_text() }
    }
}

/// A digest of the entries and block ids: equal for two flists with the same contents, wherever their blobs are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentsDigest([u8; 32]);

impl ContentsDigest {
    /// The digest of a tree and its blocks.
    pub fn of(tree: &Tree, blocks: &Blocks) -> Self {
        let mut state = blake2b_simd::Params::new().hash_length(32).to_state();
        for (id, entry) in tree.iter() {
            let attributes = &entry.attributes;
            state.update(&entry.parent.ino().to_le_bytes());
            state.update(&(entry.name.len() as u64).to_le_bytes()).update(entry.name.as_bytes());
            state.update(&entry.mode().to_le_bytes());
            state.update(&attributes.uid.to_le_bytes()).update(&attributes.gid.to_le_bytes());
            state.update(&attributes.mtime.to_le_bytes());
            state.update(&entry.kind.size_column().to_le_bytes()).update(&entry.kind.rdev_column().to_le_bytes());
            if let crate::tree::Kind::Symlink { target } = &entry.kind {
                state.update(target);
            }
            for BlockRef { id, .. } in blocks.of(id) {
                state.update(BlobId::as_bytes(id));
            }
        }
        ContentsDigest(digest(&state.finalize()))
    }
}

impl fmt::Display for ContentsDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
