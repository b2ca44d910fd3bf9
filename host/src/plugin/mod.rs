//! Policy as WebAssembly components: what goes in, what it is called, how it is tagged.
//!
//! The interface is `wit/`; `bindings` is generated from it. A component is [loaded](Engine::load) once and then run: a
//! [filter](Plugin::filter), a [name](Plugin::name), an [edit](Plugin::edit) each get a fresh store, so that nothing is
//! left over from one run to the next. What a component may use up is in [`Limits`]; what it may see in [`Trees`].
//!
//! From the bottom up, each layer using only those above it in this table:
//!
//! | file | |
//! |---|---|
//! | `hook`, `limits`, `error`, `meter`, `facts`, `view` | values: when a plugin is called, what it may use up, what it gets to see |
//! | `secrecy` | what no plugin may read or say |
//! | `operations` | what a post-pack hook wants changed, checked and applied |
//! | `resources`, `bindings`, `wire` | the interface: what its handles stand for, the code generated from `wit/`, the values on both sides |
//! | `imports` | what a plugin may ask of the host, an interface a file, and a WASI without contents for toolchains that can't do without |
//! | `state` | the states of all imports, put together |
//! | `compiled_code`, `compiler`, `engine`, `metadata`, `load` | compiling, within limits, and what a component says of itself |
//! | `run` | one run and its limits |
//! | `validate`, `filter`, `naming`, `post_pack` | what is called |
//! | `author`, `builtin` | making components; those that come with flistry |

pub mod author;
mod bindings;
pub(crate) mod builtin;
mod compiled_code;
mod compiler;
mod engine;
mod error;
mod facts;
mod filter;
mod hook;
mod imports;
mod limits;
mod load;
mod metadata;
mod meter;
mod naming;
mod operations;
mod post_pack;
mod resources;
mod run;
mod secrecy;
mod state;
#[cfg(test)]
mod tests;
mod validate;
mod view;
mod wire;

pub use compiler::{COMMAND, CompileLimits, Compiler, compile_bounded};
pub use engine::Engine;
pub use error::PluginError;
pub use facts::{BuildFacts, TreeFigures};
pub use filter::Verdict;
pub use hook::Hook;
pub use limits::Limits;
pub use load::{LoadOptions, Plugin};
pub use metadata::ComponentMetadata;
pub use naming::FlistNames;
pub use operations::{AddedSymlink, Applied, Operation, Wanted, apply};
pub use run::{Account, Usage};
pub use view::{EntryKind, EntryView, SourceTree, TreeView, Trees};
