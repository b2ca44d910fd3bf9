//! The verification ladder: what can be proven of an flist, each level with all before it.
//!
//! | level | proves |
//! |---|---|
//! | schema | stock rfs can walk the manifest |
//! | presence | the store has every blob that is referred to |
//! | sample | some blobs are fetched, hashed, decrypted, decompressed and hashed again; module indexes fit the modules |
//! | full | all are, and every module is of the manifest's kernel |
//!
//! [`source_comparison`] compares with the directory an flist was made from. What is found is a [`Finding`]; an error means that
//! nothing can be said, because the store does not answer.

mod finding;
mod ladder;
mod level;
pub mod read_back;
pub mod rfs;
pub mod source_comparison;

pub use finding::{FileDamage, Finding, Verification};
pub use ladder::verify;
pub use level::{Level, ReadBackLevel};
