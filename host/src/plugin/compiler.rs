//! Where components are compiled. The compiler is no sandbox: what it is given may keep it busy for minutes and take the
//! machine's memory. So it works in a process that the system bounds, and leaves its work in the cache of compiled code.
//!
//! ```text
//! parent ── the component, as standard input ─▶ child: bounds itself, compiles into the cache, ends
//!   └─ compiled within the limits once: notes that beside the cache, and takes it from there
//! ```
//!
//! The parent compiles nothing that was not compiled within the limits before, so it need not know whether the cache
//! still has it.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use wasmtime::component::Component;

use super::compiled_code::cached_engine;
use super::error::{LOADING, PluginError, clean};
use super::limits::{Breach, Limit, Limits};
use crate::progress::{Progress, Step};

/// The command of the program that [`compile_bounded`] is called by.
pub const COMMAND: &str = "compile-component";

/// Where it is noted what was compiled within the limits, in the cache directory.
const WITHIN_LIMITS: &str = "within-limits";

/// How many times longer than its processor time the child may take: the machine may be busy.
const PATIENCE: u64 = 4;

/// What takes longer than this is said to be going on.
const NOTICEABLE: Duration = Duration::from_secs(2);

/// Bytes of what the child says that are looked at.
const HEARD: u64 = 64 << 10;

/// The exit code of a child that found the component wrong.
const REFUSED: i32 = 1;

/// What compiles components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// This process, without a limit on time or memory.
    #[default]
    InProcess,
    /// Processes of a flistry program of this version, within the plugin's limits.
    Program(PathBuf),
}

/// What one compilation may use up.
#[derive(Clone, Copy, Debug)]
pub struct CompileLimits {
    /// Seconds of processor time, of all cores together.
    pub seconds: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// A program that compiles, and the cache that it leaves its work in.
pub(super) struct BoundedCompiler {
    pub program: PathBuf,
    pub cache: PathBuf,
}

impl BoundedCompiler {
    /// Sees to it that the component was compiled within the limits, now or earlier.
    pub fn ensure_compiles(
        &self,
        engine: &wasmtime::Engine,
        name: &str,
        (bytes, digest): (&[u8], &str),
        limits: &Limits,
    ) -> Result<(), PluginError> {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        let notes = self.cache.join(WITHIN_LIMITS);
        let note = notes.join(format!("{digest}-{:016x}", settings.finish()));
        if note.exists() {
            return Ok(());
        }
        self.compile(bytes, limits).map_err(|failure| failure.of_plugin(name, limits))?;
        // Without the note the next one compiles in a child again, and finds its work in the cache.
        let _ = std::fs::create_dir_all(&notes).and_then(|()| std::fs::write(&note, ""));
        Ok(())
    }

    fn compile(&self, bytes: &[u8], limits: &Limits) -> Result<(), NotCompiled> {
        let seconds = limits.compile_seconds;
        let started = component_file(bytes).and_then(|component| self.start(component, limits));
        let mut child = started.map_err(NotCompiled::NotStarted)?;
        let (said, ended) = hear(&mut child, Duration::from_secs(seconds.saturating_mul(PATIENCE)));
        if !ended {
            // It has not been waited for, so the id is still its own.
            let _ = child.kill();
        }
        let status = child.wait().map_err(NotCompiled::NotStarted)?;
        match ended {
            true => NotCompiled::check(status, &said),
            false => Err(NotCompiled::Limit(Limit::CompileSeconds)),
        }
    }

    fn start(&self, component: File, limits: &Limits) -> std::io::Result<Child> {
        Command::new(&self.program)
            .arg0("flistry")
            .arg(COMMAND)
            .arg(&self.cache)
            .arg(limits.compile_seconds.to_string())
            .arg(limits.compile_memory_bytes.to_string())
            // Credentials may stand there, and it needs none of it.
            .env_clear()
            .stdin(component)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// The component as a file that is in memory alone.
fn component_file(bytes: &[u8]) -> std::io::Result<File> {
    use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};
    let mut file = File::from(memfd_create("component", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(file)
}

/// What the child says before it ends, and whether it ended in time.
fn hear(child: &mut Child, time: Duration) -> (String, bool) {
    let mut errors = child.stderr.take().expect("it is piped");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut heard = Vec::new();
        let _ = errors.by_ref().take(HEARD).read_to_end(&mut heard);
        // Nobody else has the pipe: it ends with the child.
        let _ = std::io::copy(&mut errors, &mut std::io::sink());
        let _ = sender.send(String::from_utf8_lossy(&heard).into_owned());
    });
    match receiver.recv_timeout(time) {
        Ok(said) => (said, true),
        Err(_) => (String::new(), false),
    }
}

/// Why a component was not compiled.
enum NotCompiled {
    /// There is no child.
    NotStarted(std::io::Error),
    Limit(Limit),
    /// The compiler says that the component is wrong.
    Refused(String),
    /// The child ended otherwise.
    Ended(ExitStatus),
}

impl NotCompiled {
    fn check(status: ExitStatus, said: &str) -> Result<(), NotCompiled> {
        // What the standard library says before it gives up, and what the compiler's own allocators do.
        let no_memory = ["memory allocation of", "out of memory", "Cannot allocate memory"];
        let exceeded = Signal::XCPU.as_raw();
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (_, Some(signal)) if signal == exceeded => Err(NotCompiled::Limit(Limit::CompileSeconds)),
            _ if no_memory.iter().any(|words| said.contains(words)) => Err(NotCompiled::Limit(Limit::CompileMemory)),
            (Some(REFUSED), _) => Err(NotCompiled::Refused(said.trim_end().to_owned())),
            _ => Err(NotCompiled::Ended(status)),
        }
    }

    fn of_plugin(self, name: &str, limits: &Limits) -> PluginError {
        let plugin = name.to_owned();
        match self {
            NotCompiled::NotStarted(error) => {
                PluginError::Compiler { plugin, what: format!("no process could be started for it: {error}") }
            }
            NotCompiled::Limit(limit) => PluginError::limit(name, LOADING, Breach(limit), limits),
            NotCompiled::Refused(what) => PluginError::NotComponent { plugin, what: clean(&what) },
            NotCompiled::Ended(status) => {
                PluginError::Compiler { plugin, what: format!("the compiler's process ended with {status}") }
            }
        }
    }
}

/// Compiles the component that `input` has into the cache. The calling process is bound by the limits from then on, and
/// ends with the one that started it.
///
/// # Errors
/// Says what is wrong with the component.
pub fn compile_bounded(cache: &Path, limits: CompileLimits, mut input: impl Read) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| format!("{error:#}");
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| words(&error))?;
    // A crash is told by its signal. Its memory would be of use to nobody.
    for (resource, most) in
        [(Resource::Core, 0), (Resource::Cpu, limits.seconds), (Resource::Data, limits.memory_bytes)]
    {
        bound(resource, most).map_err(|error| words(&error))?;
    }
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| words(&error))?;
    let engine = cached_engine(Some(cache)).map_err(|error| words(&error))?;
    Component::from_binary(&engine, &bytes).map(drop).map_err(|error| words(&error))
}

/// Lowers a limit of this process; one that is lower already stays.
fn bound(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let before = getrlimit(resource);
    let least = |limit: Option<u64>, most: u64| Some(limit.map_or(most, |limit| limit.min(most)));
    // A second later: the softer limit ends the process by the signal that says why.
    let hard = if resource == Resource::Cpu { most.saturating_add(1) } else { most };
    setrlimit(resource, Rlimit { current: least(before.current, most), maximum: least(before.maximum, hard) })
}

/// Does `work`, and says that the component is being compiled if that takes a while.
pub(super) fn telling<T>(name: &str, bytes: u64, progress: &dyn Progress, work: impl FnOnce() -> T) -> T {
    let (working, done) = channel::<()>();
    std::thread::scope(|scope| {
        let told = scope.spawn(move || {
            let slow = done.recv_timeout(NOTICEABLE) == Err(RecvTimeoutError::Timeout);
            if slow {
                progress.about(&format!("plugin `{}`", clean(name)));
                progress.begin(Step::Compile, bytes);
            }
            slow
        });
        let outcome = work();
        drop(working);
        if told.join().expect("whoever shows progress does not panic") {
            progress.about("");
        }
        outcome
    })
}
