//! What post-pack hooks want changed: checked together, then all of it applied or nothing.

mod apply;
mod operation;
mod refusal;
mod symlinks;
mod tags;
#[cfg(test)]
mod tests;

pub use apply::{Applied, apply};
pub use operation::{Operation, Wanted};
pub use symlinks::AddedSymlink;
