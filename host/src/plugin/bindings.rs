//! Generated from `wit/`: the only `bindgen!` of the host.
//!
//! The world is the union of all hooks. No component has to export all of it: each hook is looked for by its own
//! generated indices, in `load`.
#![allow(missing_docs, clippy::all, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "every-hook",
    imports: { default: trappable },
    with: {
        "flistry:plugin/trees.tree": super::resources::OpenTree,
        "flistry:plugin/drafts.draft": super::resources::Draft,
    },
});
