//! Policy as WebAssembly components: what goes in, what it is called, how it is tagged.
//!
//! The interface is `wit/`; [`bindings`] is generated from it. A component is [loaded](Engine::load) once and then run: a
//! [filter](Plugin::filter), a [name](Plugin::name), an [edit](Plugin::edit) each get a fresh store, so that nothing is
//! left over from one run to the next. What a component may use up is in [`Limits`]; what it may see in [`Trees`].
//!
//! | file | |
//! |---|---|
//! | `builtin` | the components that come with flistry |
//! | `engine`, `load`, `metadata` | compiling, and what a component says of itself |
//! | `limits`, `state`, `run` | one run and its limits |
//! | `facts`, `view`, `imports` | what a component gets to see |
//! | `remembered` | what modules say of themselves, from run to run |
//! | `filter`, `naming`, `post_pack` | the hooks |
//! | `operations` | what a post-pack hook wants changed, checked and applied |
//! | `wasi` | the WASI that has nothing, for toolchains that can't do without |

pub mod author;
mod bindings;
pub(crate) mod builtin;
mod engine;
mod error;
mod facts;
mod filter;
mod imports;
mod limits;
mod load;
mod metadata;
mod naming;
mod operations;
mod post_pack;
mod remembered;
mod run;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod wasi;

pub use engine::Engine;
pub use error::PluginError;
pub use facts::Facts;
pub use filter::Verdict;
pub use limits::Limits;
pub use load::{Hook, Plugin, Settings};
pub use metadata::Metadata;
pub use naming::Names;
pub use operations::{Added, Applied, Operation, Removed, Wanted, apply};
pub use run::{Account, Usage};
pub use view::{EntryKind, EntryView, SourceTree, TreeView, Trees};
