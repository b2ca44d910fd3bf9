//! The compiler and what all plugins share.
//!
//! The configuration is deterministic: the same component with the same input does the same on every machine, and
//! stops at the same instruction where it stops.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config};

use super::error::PluginError;
use super::secrecy::Secrecy;
use super::state::State;
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_memory::ModuleMemory;
use crate::store::secrets::Secrets;

/// How long an epoch is. The wall clock limit is this coarse.
pub(super) const EPOCH: Duration = Duration::from_millis(100);

/// Where compiled code lies in the cache directory.
const COMPILED: &str = "compiled";

/// Compiles components and runs them. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<EngineParts>,
}

/// What every plugin keeps alive.
pub(super) struct EngineParts {
    pub engine: wasmtime::Engine,
    pub linker: Linker<State>,
    /// What the files of modules tell, by file identity.
    pub modules: Arc<ModuleMemory>,
    /// The kernel's own file.
    pub kernel: Arc<KernelImage>,
    /// The project's credentials.
    pub secrecy: Arc<Secrecy>,
    /// The ticker ends when this is dropped.
    _ticker: Sender<()>,
}

impl Engine {
    /// An engine; with a cache directory, a component that was compiled once starts within milliseconds. `modules` is what
    /// is known of kernel modules already, `kernel` the kernel's own file, and `secrets` what no plugin may read or say.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where this machine can't run it, or the directory can't be used.
    pub fn new(
        cache_dir: Option<&Path>,
        modules: Arc<ModuleMemory>,
        kernel: KernelImage,
        secrets: Secrets,
    ) -> Result<Engine, PluginError> {
        EngineParts::new(cache_dir, modules, kernel, secrets)
            .map(|shared| Engine { shared: Arc::new(shared) })
            .map_err(|error| PluginError::Engine { what: format!("{error:#}") })
    }
}

impl EngineParts {
    fn new(
        cache_dir: Option<&Path>,
        modules: Arc<ModuleMemory>,
        kernel: KernelImage,
        secrets: Secrets,
    ) -> wasmtime::Result<EngineParts> {
        let mut config = config();
        if let Some(dir) = cache_dir {
            let mut cache = CacheConfig::new();
            // A directory of its own: wasmtime removes whatever it does not know from its cache.
            cache.with_directory(dir.join(COMPILED));
            config.cache(Some(Cache::new(cache)?));
        }
        let engine = wasmtime::Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        State::add_to_linker(&mut linker)?;
        let _ticker = ticker(&engine)?;
        let secrecy = Arc::new(Secrecy::new(secrets));
        Ok(EngineParts { engine, linker, modules, kernel: Arc::new(kernel), secrecy, _ticker })
    }
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

/// Ends an epoch every [`EPOCH`] as long as the engine lives.
fn ticker(engine: &wasmtime::Engine) -> std::io::Result<Sender<()>> {
    let (alive, ended) = channel();
    let engine = engine.weak();
    std::thread::Builder::new().name("plugin-clock".into()).spawn(move || {
        while ended.recv_timeout(EPOCH) == Err(RecvTimeoutError::Timeout) {
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => break,
            }
        }
    })?;
    Ok(alive)
}
