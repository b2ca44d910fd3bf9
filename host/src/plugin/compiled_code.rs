//! How components are compiled, and where the code is kept.
//!
//! The configuration is deterministic: the same component with the same input does the same on every machine, and
//! stops at the same instruction where it stops.

use std::path::Path;

use wasmtime::{Cache, CacheConfig, Config};

/// Where compiled code lies in the cache directory.
const COMPILED: &str = "compiled";

/// A compiler that leaves its work in the cache directory, and finds it there.
pub(super) fn cached_engine(cache_dir: Option<&Path>) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = config();
    if let Some(dir) = cache_dir {
        let mut cache = CacheConfig::new();
        // A directory of its own: wasmtime removes whatever it does not know from its cache.
        cache.with_directory(dir.join(COMPILED));
        config.cache(Some(Cache::new(cache)?));
    }
    wasmtime::Engine::new(&config)
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_threads(false)
        .wasm_memory64(false)
        .wasm_gc(false)
        .wasm_exceptions(false)
        .wasm_function_references(false)
        .concurrency_support(false)
        // A trap's message is for people who have no source of the component; its stack would tell them nothing.
        .wasm_backtrace_max_frames(None)
        .wasm_component_model(true);
    config
}
