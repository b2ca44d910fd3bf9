//! The default plugins, embedded as the components under `plugins/built`: a machine with nothing but the program has them.

/// Names and components.
const COMPONENTS: [(&str, &[u8]); 5] = [
    ("firmware-prune", include_bytes!("../../../plugins/built/firmware-prune.wasm")),
    ("modules-select", include_bytes!("../../../plugins/built/modules-select.wasm")),
    ("path-filter", include_bytes!("../../../plugins/built/path-filter.wasm")),
    ("provenance-tags", include_bytes!("../../../plugins/built/provenance-tags.wasm")),
    ("zos-naming", include_bytes!("../../../plugins/built/zos-naming.wasm")),
];

/// The component behind `builtin:NAME`.
pub fn component(name: &str) -> Option<&'static [u8]> {
    COMPONENTS.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().map(|(name, _)| *name)
}
