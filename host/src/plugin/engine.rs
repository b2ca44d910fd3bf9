//! The compiler and what all plugins share.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tempfile::TempDir;
use wasmtime::component::Linker;

use super::compiled_code::cached_engine;
use super::compiler::{BoundedCompiler, Compiler};
use super::error::PluginError;
use super::secrecy::Secrecy;
use super::state::State;
use crate::kernel::kernel_image::KernelImage;
use crate::kernel::module_memory::ModuleMemory;
use crate::store::secrets::Secrets;

/// How long an epoch is. The wall clock limit is this coarse.
pub(super) const EPOCH: Duration = Duration::from_millis(100);

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
    /// What compiles where there are limits on that.
    pub compiler: Option<BoundedCompiler>,
    /// The cache of this engine alone, gone with it.
    _own_cache: Option<TempDir>,
    /// The ticker ends when this is dropped.
    _ticker: Sender<()>,
}

impl Engine {
    /// An engine that has components compiled by `compiler`; with a cache directory, a component that was compiled once
    /// starts within milliseconds. `modules` is what is known of kernel modules already, `kernel` the kernel's own file, and
    /// `secrets` what no plugin may read or say.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where this machine can't run it, or the directory can't be used.
    pub fn new(
        compiler: &Compiler,
        cache_dir: Option<&Path>,
        modules: Arc<ModuleMemory>,
        kernel: KernelImage,
        secrets: Secrets,
    ) -> Result<Engine, PluginError> {
        EngineParts::new(compiler, cache_dir, modules, kernel, secrets)
            .map(|shared| Engine { shared: Arc::new(shared) })
            .map_err(|error| PluginError::Engine { what: format!("{error:#}") })
    }
}

impl EngineParts {
    fn new(
        compiler: &Compiler,
        cache_dir: Option<&Path>,
        modules: Arc<ModuleMemory>,
        kernel: KernelImage,
        secrets: Secrets,
    ) -> wasmtime::Result<EngineParts> {
        // A compiler in another process leaves its work in a cache.
        let own_cache = match (compiler, cache_dir) {
            (Compiler::Program(_), None) => Some(tempfile::tempdir()?),
            _ => None,
        };
        let cache_dir = cache_dir.or(own_cache.as_ref().map(TempDir::path));
        let engine = cached_engine(cache_dir)?;
        let compiler = match (compiler, cache_dir) {
            (Compiler::Program(program), Some(cache)) => {
                Some(BoundedCompiler { program: program.clone(), cache: cache.to_path_buf() })
            }
            _ => None,
        };
        let mut linker = Linker::new(&engine);
        State::add_to_linker(&mut linker)?;
        let _ticker = ticker(&engine)?;
        let secrecy = Arc::new(Secrecy::new(secrets));
        let kernel = Arc::new(kernel);
        Ok(EngineParts { engine, linker, modules, kernel, secrecy, compiler, _own_cache: own_cache, _ticker })
    }
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
