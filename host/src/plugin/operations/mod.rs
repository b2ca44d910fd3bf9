//! What post-pack hooks want changed: checked together, then all of it applied or nothing.

mod apply;
mod kept_symlinks;
mod new_symlinks;
mod operation;
mod refusal;
mod tag_changes;
#[cfg(test)]
mod tests;

pub use apply::{Applied, apply};
pub use new_symlinks::AddedSymlink;
pub use operation::{Operation, Wanted};
