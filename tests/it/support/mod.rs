//! What several topics need: a project to run the program on, servers that fail on demand, and the repository's files.

pub mod kmod;
pub mod module;
pub mod project;
pub mod s3_server;

use std::path::{Path, PathBuf};

/// A file or directory of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
