//! Write plugins for flistry.
//!
//! A plugin is a crate with `crate-type = ["cdylib"]`, a type that implements [`Plugin`] and the trait of each hook that
//! it wants, and one [`export!`]:
//!
//! ```
//! use flistry_plugin::{Entry, Error, Facts, Filter, NoConfig, Plugin, Verdict, export};
//!
//! struct NoFirmware;
//!
//! impl Plugin for NoFirmware {
//!     type Config = NoConfig;
//! }
//!
//! impl Filter for NoFirmware {
//!     fn new(_facts: &Facts, _config: NoConfig) -> Result<Self, Error> {
//!         Ok(NoFirmware)
//!     }
//!
//!     fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
//!         Ok(if entry.path.ends_with(".bin") { Verdict::drop("firmware") } else { Verdict::Keep })
//!     }
//! }
//!
//! export!(NoFirmware: filter);
//! ```
//!
//! | hook | trait | in `export!` |
//! |---|---|---|
//! | what goes in | [`Filter`] | `filter` |
//! | what it is called | [`Naming`] | `naming` |
//! | last changes | [`PostPack`] | `post_pack` |
//!
//! What the host offers is in [`trees`], [`module_info`], [`report`] and [`log`]; helpers are [`EntryTree`], [`globs`],
//! [`fnmatch`], [`templates`], [`symlinks`] and [`modules`]; [`testing`] is the kit for tests. There is no clock, no randomness,
//! no file and no network: the same input must give the same output. `wit/` is the reference of all that crosses the border.

pub mod bindings;
mod config;
mod entry_tree;
mod error;
mod facts;
#[doc(hidden)]
pub mod hook;
mod host;
mod kind;
pub mod log;
pub mod report;
pub mod templates;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod trees;

pub use bindings::filter::exports::flistry::plugin::filter::Verdict;
pub use bindings::imports::flistry::plugin::types::{Attributes, Entry, EntryId, Error, Kind};
pub use bindings::naming::exports::flistry::plugin::naming::Names;
pub use config::NoConfig;
pub use entry_tree::{EntryTree, Followed};
pub use facts::Facts;
pub use flistry_common::{fnmatch, globs, modules, names, symlinks};
pub use hook::{Filter, Naming, Plugin, PostPack};
pub use host::build::kernel_option;
pub use host::{Draft, module_info};
