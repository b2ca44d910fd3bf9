//! The node's side: scripts that mount flists, and the units that have zinit run them.
//!
//! ```text
//! reports of builds ─▶ mounts ─┐
//! [zinit] of flistry.toml ─────┼─▶ plan (files as values, each unit read back strictly) ─▶ a directory, or an initramfs
//! templates ───────────────────┘
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | `[zinit]` of the configuration |
//! | [`mount`], [`last_build`] | what a node mounts, and where; what the last builds made |
//! | [`template`] | the scripts and units with placeholders, the shipped ones or a project's own |
//! | [`units`] | which unit waits for which, in both dialects |
//! | [`yaml_unit`], [`toml_unit`] | strict models of what the two zinits read |
//! | [`kernel_text`], [`quote`] | text with the node's kernel in it; text that stays text |
//! | [`output`] | writing into a directory without losing what a person changed |
//! | [`initramfs`] | writing into a tree that is to be packed |

mod error;
mod generated;
pub mod initramfs;
pub mod kernel_text;
pub mod last_build;
pub mod mount;
pub mod output;
pub mod quote;
pub mod settings;
mod stage;
pub mod template;
pub mod toml_unit;
pub mod units;
mod write;
pub mod yaml_unit;

pub use error::ZinitError;
pub use generated::{GeneratedFile, GeneratedKind};
pub use mount::{Mount, MountPoint};
pub use settings::{Dialect, Form, ZinitSettings};
pub use stage::{after_build, templates};
pub use template::Templates;
pub use units::plan;
pub use write::{FileState, Written};
