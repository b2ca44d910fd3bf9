//! The manifest: what an flist file holds.
//!
//! An flist is one SQLite file in rollback-journal mode:
//!
//! | table | holds |
//! |---|---|
//! | `inode` | one row an entry: number, parent's number, name, size, owner, whole mode, device, times in seconds |
//! | `extra` | a symlink's target, as a BLOB |
//! | `block` | a file's blocks in row order: the blob's id and the key that opens it |
//! | `tag` | facts about the flist |
//! | `route` | which store has the blobs whose id begins with a byte from `start` to `end` |
//!
//! [`Manifest`] is that as a value, already known to be a tree. [`write`](write()) makes the file's bytes from it, the same
//! bytes every time; [`read`](read()) makes it from a file's bytes, whoever wrote them; [`check`](check()) says all that is wrong with a
//! file that cannot be read. Files are handled as bytes, never opened in place: SQLite would honour a journal that
//! lies beside a file, and rewriting rows in place leaves what they held in free pages.

mod check;
pub mod clean;
pub mod diff;
mod model;
pub mod name;
mod patch;
mod problem;
mod read;
mod rows;
pub mod tags;
mod write;

pub use check::check;
pub use model::{Blocks, ContentsDigest, Manifest, Route};
pub use patch::replace_routes;
pub use problem::{ManifestError, ManifestProblem};
pub use read::read;
pub use write::write;
