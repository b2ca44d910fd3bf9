//! What a pack did.

/// What a pack did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PackStats {
    /// Files whose contents were read.
    pub files_read: u64,
    /// Their bytes.
    pub bytes_read: u64,
    /// Files whose blocks the file cache knew.
    pub files_unchanged: u64,
    /// Blocks that the manifest refers to.
    pub blocks: u64,
    /// Different blobs among them.
    pub blobs: u64,
    /// The bytes of those blobs.
    pub blob_bytes: u64,
    /// Blocks that were equal to another and so cost nothing.
    pub deduped_blocks: u64,
    /// Blobs that the store did not have.
    pub sent_blobs: u64,
    /// Their bytes.
    pub sent_bytes: u64,
}
