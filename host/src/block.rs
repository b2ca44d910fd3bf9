//! Blocks and blobs: how file contents are cut, hashed, compressed and encrypted, and back.
//!
//! ```text
//! file ── cut every 524288 bytes ──▶ plain block p
//!   key  = BLAKE2b-256(p)
//!   c    = snappy raw(p)
//!   blob = AES-256-GCM(key, nonce = key[0..12], no associated data)(c) ‖ 16-byte tag
//!   id   = BLAKE2b-256(blob)
//! ```
//!
//! The encryption is convergent: equal plain blocks give equal blobs, which is what dedupes them. Each step is a
//! part of the format that stock rfs reads; changing any of them is a format break.

use std::fmt;

use blake2b_simd::many::{HashManyJob, hash_many};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Bytes of a full block. rfs computes a block's index as offset / 524288 when it reads a mounted file, so any
/// other value, and any short block before the last, is a format break.
pub const BLOCK_SIZE: usize = 512 * 1024;

/// Bytes of the authentication tag at a blob's end.
const TAG_SIZE: usize = 16;

/// No blob is larger: the worst case of snappy on a full block, and the tag. What a store returns beyond this is
/// refused before it is read into memory.
pub const MAX_BLOB_SIZE: usize = 32 + BLOCK_SIZE + BLOCK_SIZE / 6 + TAG_SIZE;

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The digest's bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                $name(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                Ok($name(bytes.try_into()?))
            }
        }
    };
}

digest_type! {
    /// The name of a blob in a store: BLAKE2b-256 of its (encrypted) bytes.
    BlobId
}

digest_type! {
    /// What decrypts a blob: BLAKE2b-256 of the plain block. Whoever holds it can read the block.
    BlobKey
}

impl BlobId {
    /// The id as 64 lower-case hexadecimal digits: the blob's name in every store.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The id's first byte: what a route's range is compared with.
    pub fn first_byte(&self) -> u8 {
        self.0[0]
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({})", self.hex())
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobKey(***)")
    }
}

/// A manifest's reference to one block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockRef {
    /// Where it lies.
    pub id: BlobId,
    /// What decrypts it.
    pub key: BlobKey,
}

/// How many blocks a file of `size` bytes has.
pub fn block_count(size: u64) -> u64 {
    size.div_ceil(BLOCK_SIZE as u64)
}

/// How many plain bytes block `index` of a file of `size` bytes has.
pub fn block_len(size: u64, index: u64) -> usize {
    let start = index * BLOCK_SIZE as u64;
    (size - start).min(BLOCK_SIZE as u64) as usize
}

/// BLAKE2b-256 of each input. Four lanes at a time where the processor has them: 2.5 times as fast as one by one.
fn hash_all<'a>(inputs: impl Iterator<Item = &'a [u8]>) -> Vec<[u8; 32]> {
    let mut params = blake2b_simd::Params::new();
    params.hash_length(32);
    let mut jobs: Vec<HashManyJob> = inputs.map(|input| HashManyJob::new(&params, input)).collect();
    hash_many(jobs.iter_mut());
    jobs.iter().map(|job| digest(&job.to_hash())).collect()
}

/// The bytes of a BLAKE2b-256 digest.
pub(crate) fn digest(hash: &blake2b_simd::Hash) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.as_bytes());
    bytes
}

/// The keys of plain blocks.
pub fn keys_of<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> Vec<BlobKey> {
    hash_all(blocks).into_iter().map(BlobKey).collect()
}

/// The ids of blobs.
pub fn ids_of<'a>(blobs: impl Iterator<Item = &'a [u8]>) -> Vec<BlobId> {
    hash_all(blobs).into_iter().map(BlobId).collect()
}

/// Compresses and encrypts blocks; keeps snappy's tables between calls.
pub struct Sealer {
    snappy: snap::raw::Encoder,
}

impl Default for Sealer {
    fn default() -> Self {
        Sealer { snappy: snap::raw::Encoder::new() }
    }
}

impl Sealer {
    /// The blob of a plain block of at most [`BLOCK_SIZE`] bytes, whose key is known already.
    pub fn seal(&mut self, plain: &[u8], key: &BlobKey) -> Vec<u8> {
        assert!(plain.len() <= BLOCK_SIZE, "a block has at most {BLOCK_SIZE} bytes");
        let mut blob = vec![0; snap::raw::max_compress_len(plain.len()) + TAG_SIZE];
        let len = self.snappy.compress(plain, &mut blob).expect("the buffer has snappy's worst case");
        blob.truncate(len);
        cipher(key)
            .seal_in_place_append_tag(nonce(key), Aad::empty(), &mut blob)
            .expect("a block is far below GCM's limit");
        // Snappy's worst case was allocated; what waits for the store should not hold that.
        blob.shrink_to_fit();
        blob
    }
}

fn cipher(key: &BlobKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key.0).expect("a key has 32 bytes"))
}

fn nonce(key: &BlobKey) -> Nonce {
    Nonce::try_assume_unique_for_key(&key.0[..12]).expect("12 bytes are a nonce")
}

/// Plain bytes whose blob hashed to its id, decrypted, decompressed and hashed to its key.
pub struct VerifiedBlock(Vec<u8>);

impl VerifiedBlock {
    /// The plain bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Opens a blob as `block` describes it, checking every step.
pub fn open(block: &BlockRef, mut blob: Vec<u8>) -> Result<VerifiedBlock, DamagedBlob> {
    let damaged = |what| DamagedBlob { id: block.id, what };
    if ids_of(std::iter::once(&blob[..]))[0] != block.id {
        return Err(damaged(Damage::Id));
    }
    let compressed = cipher(&block.key)
        .open_in_place(nonce(&block.key), Aad::empty(), &mut blob)
        .map_err(|_| damaged(Damage::Decrypt))?;
    // The length stands in front of the compressed bytes: without this check it could ask for gigabytes.
    match snap::raw::decompress_len(compressed) {
        Ok(len) if len <= BLOCK_SIZE => {}
        _ => return Err(damaged(Damage::Decompress)),
    }
    let plain = snap::raw::Decoder::new().decompress_vec(compressed).map_err(|_| damaged(Damage::Decompress))?;
    if keys_of(std::iter::once(&plain[..]))[0] != block.key {
        return Err(damaged(Damage::Key));
    }
    Ok(VerifiedBlock(plain))
}

/// A blob that is not what the manifest says.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("blob {id} is damaged: {what}")]
#[non_exhaustive]
pub struct DamagedBlob {
    /// The blob that was asked for.
    pub id: BlobId,
    /// The first check that failed.
    #[source]
    pub what: Damage,
}

/// The check of a blob that failed.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
#[non_exhaustive]
pub enum Damage {
    /// The stored bytes do not hash to the id.
    #[error("its bytes do not hash to its id")]
    Id,
    /// The manifest's key does not decrypt it.
    #[error("the manifest's key does not decrypt it")]
    Decrypt,
    /// What was decrypted is not one snappy block of at most [`BLOCK_SIZE`] bytes.
    #[error("its contents do not decompress to a block")]
    Decompress,
    /// The plain bytes do not hash to the key.
    #[error("its contents do not hash to the manifest's key")]
    Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(plain: &[u8]) -> (BlockRef, Vec<u8>) {
        let key = keys_of(std::iter::once(plain))[0];
        let blob = Sealer::default().seal(plain, &key);
        let id = ids_of(std::iter::once(&blob[..]))[0];
        (BlockRef { id, key }, blob)
    }

    #[test]
    fn a_blob_opens_to_its_block() {
        for plain in [&b"x"[..], &[0; BLOCK_SIZE], &[7; 1000]] {
            let (block, blob) = seal(plain);
            assert!(blob.len() <= MAX_BLOB_SIZE);
            assert_eq!(open(&block, blob).unwrap().bytes(), plain);
        }
    }

    #[test]
    fn each_kind_of_damage_is_told_apart() {
        let (block, blob) = seal(b"some contents");
        let what = |block: &BlockRef, blob: Vec<u8>| open(block, blob).err().unwrap().what;

        let mut flipped = blob.clone();
        flipped[3] ^= 1;
        assert_eq!(what(&block, flipped), Damage::Id);

        let other_key = BlockRef { key: BlobKey::from([9; 32]), ..block };
        assert_eq!(what(&other_key, blob), Damage::Decrypt);

        // A snappy stream that claims 4 GiB, well encrypted under its key.
        let sealed = |compressed: &[u8], key: BlobKey| {
            let mut blob = compressed.to_vec();
            cipher(&key).seal_in_place_append_tag(nonce(&key), Aad::empty(), &mut blob).unwrap();
            (BlockRef { id: ids_of(std::iter::once(&blob[..]))[0], key }, blob)
        };
        let (bomb, blob) = sealed(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], BlobKey::from([1; 32]));
        assert_eq!(what(&bomb, blob), Damage::Decompress);

        let compressed = snap::raw::Encoder::new().compress_vec(b"other contents").unwrap();
        let (swapped, blob) = sealed(&compressed, BlobKey::from([1; 32]));
        assert_eq!(what(&swapped, blob), Damage::Key);
    }

    #[test]
    fn files_are_cut_at_block_size() {
        let b = BLOCK_SIZE as u64;
        assert_eq!([0, 1, b - 1, b, b + 1, 2 * b].map(block_count), [0, 1, 1, 1, 2, 2]);
        assert_eq!((block_len(b + 1, 0), block_len(b + 1, 1), block_len(b, 0)), (BLOCK_SIZE, 1, BLOCK_SIZE));
    }
}
