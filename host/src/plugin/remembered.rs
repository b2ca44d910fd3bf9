//! What modules say of themselves, remembered by the identity of their files: within a run by all plugins of an engine,
//! and from run to run in the file `module-info` of the plugins' cache folder.
//!
//! To read and decompress a kernel's 4,000 modules takes seconds; nothing else in a build without changes does. The file is
//! only ever a short cut. It is looked at when the first module is asked for, and written on demand alone, by commands
//! that may write. One that is damaged is begun anew, with a warning.

mod format;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::view::TreeView;
use crate::files::write_atomically;
use crate::kernel::modinfo::{Compression, pairs_of_module};
use crate::progress::Warning;
pub use format::Pairs;
use format::{ModuleKey, Record};

/// The file's name in the cache folder.
const FILE: &str = "module-info";

/// No module file is larger than this.
const MAX_MODULE: u64 = 256 << 20;

/// How many times the file is written without a module before that is forgotten: flists that are built by turns from
/// different modules keep each other's, and those of last month's kernel go.
const WRITES_UNUSED: u8 = 3;

/// The memory of one engine.
pub struct Remembered {
    file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the file was looked at.
    loaded: bool,
    known: HashMap<ModuleKey, Known>,
    warnings: Vec<Warning>,
}

/// What is known of a module.
struct Known {
    pairs: Pairs,
    /// Whether a later change of the file would show in its times. What is not settled is good for this run alone.
    settled: bool,
    /// How often the file was written since the module was asked for.
    unused: u8,
    /// Whether it was asked for in this run.
    used: bool,
    /// Whether the file has it.
    stored: bool,
}

impl Remembered {
    /// A memory that lasts in a cache folder, or for this run if there is none.
    pub fn new(folder: Option<&Path>) -> Self {
        Remembered { file: folder.map(|folder| folder.join(FILE)), state: Mutex::default() }
    }

    /// One module's pairs; code and message where it is none.
    pub fn pairs(&self, tree: &dyn TreeView, id: u32) -> Result<Pairs, (&'static str, String)> {
        let entry = tree.entry(id);
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let Some((compression, identity)) = Compression::of_module(name).zip(tree.identity(id)) else {
            return Err(("not-a-module", format!("{} is no module's file", entry.path)));
        };
        let key = ModuleKey { identity, compression };
        if let Some(pairs) = self.recall(&key) {
            return Ok(pairs);
        }
        if identity.size > MAX_MODULE {
            return Err(("not-a-module", format!("{} is larger than any module", entry.path)));
        }
        // The time before the read: what changes while it goes on is not settled.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i64);
        let bytes = tree.read(id, 0, identity.size as usize).map_err(|why| ("unreadable", why.to_string()))?;
        let pairs = pairs_of_module(&bytes, compression).map_err(|why| ("not-a-module", why.to_string()))?;
        let pairs = Arc::new(pairs);
        let settled = identity.settled(now);
        let known = Known { pairs: pairs.clone(), settled, unused: 0, used: true, stored: false };
        self.lock().known.insert(key, known);
        Ok(pairs)
    }

    /// What went wrong with the file since the last call.
    pub fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut self.lock().warnings)
    }

    /// Writes the file, if there is anything new to remember.
    ///
    /// # Errors
    /// Where it can't be written; nothing but time is lost.
    pub fn store(&self) -> Result<(), Warning> {
        let (Some(file), mut state) = (&self.file, self.lock()) else { return Ok(()) };
        if !state.known.values().any(|known| known.settled && !known.stored) {
            return Ok(());
        }
        let mut records: Vec<Record> = Vec::new();
        for (key, known) in &state.known {
            let unused = if known.used { 0 } else { known.unused + 1 };
            if known.settled && unused <= WRITES_UNUSED {
                records.push(Record { key: *key, unused, pairs: known.pairs.clone() });
            }
        }
        write(file, &format::write(records)).map_err(|error| {
            Warning::new(
                format!("cannot remember what the modules say of themselves in {}: {error}", file.display()),
                "they will all be read again the next time; `cache` under [plugins] names the folder",
            )
        })?;
        state.known.values_mut().for_each(|known| known.stored = known.settled);
        Ok(())
    }

    fn recall(&self, key: &ModuleKey) -> Option<Pairs> {
        let mut state = self.lock();
        if !state.loaded {
            state.loaded = true;
            if let Some(file) = &self.file {
                state.load(file);
            }
        }
        let known = state.known.get_mut(key)?;
        known.used = true;
        Some(known.pairs.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl State {
    fn load(&mut self, file: &Path) {
        let records = match read(file) {
            Ok(Some(bytes)) => format::read(&bytes).map_err(str::to_owned),
            Ok(None) => return,
            Err(error) => Err(error.to_string()),
        };
        match records {
            Ok(records) => {
                for Record { key, unused, pairs } in records {
                    let known = Known { pairs, settled: true, unused, used: false, stored: true };
                    self.known.insert(key, known);
                }
            }
            Err(why) => self.warnings.push(Warning::new(
                format!("{} cannot be used: {why}", file.display()),
                "the modules are read again, and the next build begins it anew",
            )),
        }
    }
}

/// The file's bytes; none where there is no file.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match path.metadata() {
        // Opening a FIFO would wait for its writer.
        Ok(metadata) if !metadata.is_file() => return Err(std::io::Error::other("it is no file")),
        Ok(metadata) if metadata.len() > format::MAX_BYTES => return Err(std::io::Error::other("it is too large")),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(format::MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().expect("the file is in a folder");
    std::fs::create_dir_all(folder)?;
    write_atomically(&Dir::open_ambient_dir(folder, ambient_authority())?, FILE, bytes)
}

#[cfg(test)]
mod tests;
