//! The WASI that has nothing. Placeholder until the rest stands.

use wasmtime::component::{Component, Linker};

use super::state::State;

/// Whether an import is one that is stood in for.
pub(super) fn stands_in(_import: &str) -> bool {
    false
}

/// Defines what a component imports of WASI.
pub(super) fn add_to_linker(_linker: &mut Linker<State>, _component: &Component) -> wasmtime::Result<()> {
    Ok(())
}
