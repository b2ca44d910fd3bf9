//! A block that was sealed.

use crate::block::BlockRef;

/// A sealed block: where it is, what opens it, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedBlock {
    pub reference: BlockRef,
    /// Bytes of the blob: a store has it only at this size.
    pub len: u32,
}
