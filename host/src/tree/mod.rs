//! The file tree that an flist is made from: where it lies, what is in it, what of it goes in, and in which form.
//!
//! | file | holds |
//! |---|---|
//! | [`source`] | the source directory, opened once |
//! | [`scan`] | the walk over it |
//! | [`file_cache`] | what is remembered of files from build to build |
//! | [`filtered`] | what of it the filters keep |
//! | `left_out` | what is not in the flist, by whom and why |
//! | [`flist_kind`] | modules, firmware or another tree |
//! | [`normal`] | the normal form: the same contents give the same manifest |
//! | [`edit`] | changes to a tree in that form |
//! | [`entries`] | the tree in that form |
//! | [`symlinks`] | where a tree's symlinks lead |
//! | [`timestamp`] | points in time as text |

pub mod edit;
pub mod entries;
pub mod file_cache;
pub mod filtered;
pub mod flist_kind;
mod input;
mod left_out;
pub mod normal;
pub mod scan;
pub mod source;
pub mod symlinks;
pub mod timestamp;

pub use entries::{Attributes, Counts, Entry, EntryId, Kind, Permissions, Tree, TreeError, check_name};
pub use flist_kind::{FlistKind, Owner};
pub use input::Input;
pub use left_out::{LeftOut, LeftOutStage};
