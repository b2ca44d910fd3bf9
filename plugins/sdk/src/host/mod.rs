//! What the host offers, behind one door: in a component the imports, in a native test what the test kit stands in for them.

#[cfg(target_family = "wasm")]
pub use crate::bindings::imports::flistry::plugin::{
    build, configuration,
    drafts::Draft,
    log, module_info, report,
    trees::{Tree, open},
};

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
pub use native::*;
