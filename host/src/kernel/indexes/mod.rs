//! The indexes of a modules tree: what `modprobe` on a node looks things up in.
//!
//! kmod finds a module, its dependencies, and the module behind an alias or a symbol in the files that `depmod` made, never
//! in the modules themselves. An index that was made before a module was dropped names one that is gone; one that was made
//! before a module was added does not know it. So they are compared with the tree always ([`check`]), and made again where
//! they don't fit ([`depmod`]): on the node it is too late, since the mount can't be written to and `depmod` would fetch
//! every module.
//!
//! | file | key | values |
//! |---|---|---|
//! | `modules.dep` | text: `PATH: PATH PATH …` | a module and all that it needs |
//! | `modules.dep.bin` | the module's name | the same line |
//! | `modules.alias.bin` | pattern | the module's name |
//! | `modules.symbols.bin` | `symbol:NAME` | the module's name |
//! | `modules.builtin.bin` | the name of what is built in | nothing |
//!
//! `modules.softdep` and `modules.weakdep` are read as text; what they name may be absent.
//!
//! Which files are modules is kmod's to say ([`Modules`]): those that lie in the tree, and those that a symlink makes one,
//! be it to the file or to a directory.

pub mod builtin;
pub mod depmod;
mod error;
mod fit;
pub mod lost;
mod mismatch;
mod modules;
pub mod needed;
mod source_dep;
mod trie;
mod whereabouts;

pub use error::{IndexError, NeededIsGone};
pub use fit::{MAX_INDEX_BYTES, check};
pub use mismatch::Mismatch;
pub use modules::{Indexed, Modules};
pub use source_dep::SourceDep;
pub use whereabouts::Whereabouts;
