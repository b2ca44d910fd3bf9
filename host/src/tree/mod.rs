//! The file tree that an flist is made from: where it lies, what is in it, what of it goes in, and in which form.
//!
//! | file | holds |
//! |---|---|
//! | [`source`] | the source directory, opened once |
//! | [`scan`] | the walk over it |
//! | [`filter`] | what of it the filters keep |
//! | [`flist_kind`] | modules, firmware or another tree |
//! | [`normal`] | the normal form: the same contents give the same manifest |
//! | [`entries`] | the tree in that form |
//! | [`symlinks`] | where a tree's symlinks lead |
//! | [`timestamp`] | points in time as text |

pub mod entries;
pub mod filter;
pub mod flist_kind;
pub mod normal;
pub mod scan;
pub mod source;
pub mod symlinks;
pub mod timestamp;

pub use entries::{Attributes, Counts, Entry, EntryId, Kind, Permissions, Tree, TreeError, check_name};
pub use flist_kind::{FlistKind, Owner};
