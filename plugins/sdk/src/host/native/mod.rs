//! The host's stand-in in native tests.

mod imports;
mod snapshot;
mod world;

pub use imports::{Draft, Tree, build, log, module_info, open, report};
pub(crate) use snapshot::{Module, Node, Snapshot};
pub(crate) use world::{Operation, World};
