//! What a pack works with.

use std::num::NonZeroUsize;

use crate::progress::Progress;
use crate::store::WriteBlobs;
use crate::tree::source::Source;

/// Packs the files of one source into one store.
pub struct Packer<'a> {
    /// Where the files are.
    pub source: &'a Source,
    /// Where the blobs go.
    pub store: &'a dyn WriteBlobs,
    /// How many cores to keep busy.
    pub workers: NonZeroUsize,
    /// Who is told.
    pub progress: &'a dyn Progress,
}
