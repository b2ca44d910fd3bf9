//! What the files of modules tell, remembered by the identity of their files: within a run by all plugins, and from build
//! to build in the file cache.
//!
//! To read and decompress a kernel's 4,000 modules takes seconds; nothing else in a build without changes does. The cache is
//! looked at when the first module is asked for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::{Connection, params};

use super::modinfo::{Compression, MAX_MODULE_BYTES, ModinfoError};
use super::module_facts::ModuleFacts;
use super::object_strings::{FingerprintSet, ObjectStrings, StringSet};
use crate::progress::{Progress, Warning};
use crate::store::parallel;
use crate::tree::file_cache::{CacheAccess, CachePlace, checksum, columns_of, identity_in};
use crate::tree::source::{FileIdentity, now_ns};

/// How many builds that learn something may pass without a module before it is forgotten: flists that are built by turns
/// from different modules keep each other's, and those of last month's kernel go.
const MAX_UNUSED: u8 = 3;

/// Bytes that are remembered of all modules together, several times what a kernel with everything as a module takes.
const MAX_BYTES: i64 = 64 << 20;

/// A row's bytes beside what the module's file tells, about.
const ROW_BYTES: i64 = 100;

/// A file's identity and how it is compressed: a hard link may have another ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ModuleKey {
    identity: FileIdentity,
    compression: Compression,
}

/// What is known of modules.
pub struct ModuleMemory {
    cache: Option<Arc<CachePlace>>,
    state: Mutex<MemoryState>,
}

#[derive(Default)]
struct MemoryState {
    /// Whether the cache was looked at.
    loaded: bool,
    known: HashMap<ModuleKey, Known>,
    /// What was wrong with the cache.
    warning: Option<Warning>,
}

/// What is known of one module.
struct Known {
    facts: Arc<ModuleFacts>,
    /// Whether a later change of the file would show in its times. What is not settled is good for this run alone.
    settled: bool,
    /// Whether it was asked for in this run.
    used: bool,
    /// Whether the cache has it.
    stored: bool,
}

/// A file that does not tell what a module's does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotRead {
    /// It has no module's name, or is no regular file.
    #[error("{path} is not a module's file")]
    NotAModule {
        /// Its path.
        path: String,
    },
    /// No module is as large.
    #[error("{path} is larger than any module")]
    TooLarge {
        /// Its path.
        path: String,
    },
    /// It has a module's name and not its contents.
    #[error(transparent)]
    Malformed(#[from] ModinfoError),
    /// It can't be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
}

impl ModuleMemory {
    /// A memory that lasts from build to build in a file cache.
    pub fn new(cache: Arc<CachePlace>) -> Self {
        ModuleMemory { cache: Some(cache), state: Mutex::default() }
    }

    /// A memory for this run.
    pub fn of_one_run() -> Self {
        ModuleMemory { cache: None, state: Mutex::default() }
    }

    /// What one module's file tells. `path` is for its ending and for messages; `read` gives the file's bytes.
    ///
    /// # Errors
    /// Where the file is not a module, or can't be read.
    pub fn facts(
        &self,
        path: &str,
        identity: Option<FileIdentity>,
        read: impl FnOnce(u64) -> io::Result<Vec<u8>>,
    ) -> Result<Arc<ModuleFacts>, NotRead> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some((compression, identity)) = Compression::of_module(name).zip(identity) else {
            return Err(NotRead::NotAModule { path: path.to_owned() });
        };
        let key = ModuleKey { identity, compression };
        if let Some(facts) = self.recall(&key) {
            return Ok(facts);
        }
        if identity.size > MAX_MODULE_BYTES {
            return Err(NotRead::TooLarge { path: path.to_owned() });
        }
        // The time before the read: what changes while it goes on is not settled.
        let now = now_ns();
        let bytes = read(identity.size)?;
        let facts = ModuleFacts::of_file(&bytes, compression)?;
        let facts = Arc::new(facts);
        let known = Known { facts: facts.clone(), settled: identity.settled(now), used: true, stored: false };
        self.lock().known.insert(key, known);
        Ok(facts)
    }

    /// Says what was wrong with the cache, and writes what is new to it if this run may.
    pub fn save(&self, progress: &dyn Progress) {
        let Some(place) = &self.cache else { return };
        let mut state = self.lock();
        if let Some(warning) = state.warning.take() {
            place.warn(warning, progress);
        }
        if place.access() == CacheAccess::ReadOnly || !state.known.values().any(|known| known.settled && !known.stored)
        {
            return;
        }
        let Some(mut cache) = place.open_ambient(progress) else { return };
        if cache.with("write", progress, |db| state.store(db)).is_some() {
            state.known.values_mut().for_each(|known| known.stored = known.settled);
        }
    }

    fn recall(&self, key: &ModuleKey) -> Option<Arc<ModuleFacts>> {
        let mut state = self.lock();
        if !state.loaded {
            state.loaded = true;
            if let Some(place) = &self.cache {
                state.load(place);
            }
        }
        let known = state.known.get_mut(key)?;
        known.used = true;
        Some(known.facts.clone())
    }

    fn lock(&self) -> MutexGuard<'_, MemoryState> {
        self.state.lock().expect("no holder panics")
    }
}

impl MemoryState {
    fn load(&mut self, place: &CachePlace) {
        // Nothing is made or replaced yet, whatever this run may: that is done when there is something to write.
        match place.read_ambient(ModuleRow::all) {
            Ok(rows) => {
                let rows = rows.unwrap_or_default();
                let Ok(known) = parallel::map(&rows, parallel::cores(), |row| Ok::<_, Infallible>(row.known()));
                self.known = known.into_iter().flatten().collect();
            }
            // A run that may write opens it again, and says then what is wrong.
            Err(warning) => self.warning = Some(warning).filter(|_| place.access() == CacheAccess::ReadOnly),
        }
    }

    fn store(&self, db: &mut Connection) -> Result<(), rusqlite::Error> {
        let transaction = db.transaction()?;
        {
            transaction.execute("UPDATE module SET unused = unused + 1", [])?;
            let mut used = transaction.prepare(
                "UPDATE module SET unused = 0
                 WHERE dev = ? AND ino = ? AND size = ? AND mtime = ? AND ctime = ? AND compression = ?",
            )?;
            let mut insert =
                transaction.prepare("INSERT OR REPLACE INTO module VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)")?;
            for (ModuleKey { identity, compression }, known) in self.known.iter().filter(|(_, k)| k.used && k.settled) {
                let [dev, ino, size, mtime, ctime] = columns_of(identity);
                let word = compression.as_str();
                // Where the cache was replaced meanwhile, what it had is written again.
                if !known.stored || used.execute(params![dev, ino, size, mtime, ctime, word])? == 0 {
                    let ModuleFacts { modinfo, strings: ObjectStrings { names, messages }, imports } = &*known.facts;
                    let mut row = ModuleRow {
                        identity: *identity,
                        compression: word.to_owned(),
                        sum: Vec::new(),
                        modinfo: join(modinfo),
                        names: names.as_bytes().into(),
                        messages: messages.as_bytes().into(),
                        imports: imports.as_bytes().into(),
                    };
                    row.sum = row.checksum();
                    let ModuleRow { sum, modinfo, names, messages, imports, .. } = row;
                    insert
                        .execute(params![dev, ino, size, mtime, ctime, word, modinfo, names, messages, imports, sum])?;
                }
            }
            transaction.execute("DELETE FROM module WHERE unused > ?", [MAX_UNUSED])?;
            transaction.execute(
                "DELETE FROM module WHERE rowid IN (SELECT rowid FROM (
                     SELECT rowid, 
                         sum(length(modinfo) + length(names) + length(messages) + length(imports) + ?)
                             OVER (ORDER BY unused, rowid) AS total
                     FROM module
                 ) WHERE total > ?)",
                [ROW_BYTES, MAX_BYTES],
            )?;
        }
        transaction.commit()
    }
}

/// What the cache has of a module.
struct ModuleRow {
    identity: FileIdentity,
    compression: String,
    sum: Vec<u8>,
    modinfo: Vec<u8>,
    names: Vec<u8>,
    messages: Vec<u8>,
    imports: Vec<u8>,
}

impl ModuleRow {
    fn all(db: &Connection) -> Result<Vec<ModuleRow>, rusqlite::Error> {
        let mut query = db.prepare(
            "SELECT dev, ino, size, mtime, ctime, compression, sum, modinfo, names, messages, imports FROM module",
        )?;
        let rows = query.query_map([], |row| {
            Ok(ModuleRow {
                identity: identity_in(row, 0)?,
                compression: row.get(5)?,
                sum: row.get(6)?,
                modinfo: row.get(7)?,
                names: row.get(8)?,
                messages: row.get(9)?,
                imports: row.get(10)?,
            })
        })?;
        rows.collect()
    }

    fn checksum(&self) -> Vec<u8> {
        let ModuleRow { identity, compression, sum: _, modinfo, names, messages, imports } = self;
        checksum(identity, &[compression.as_bytes(), modinfo, names, messages, imports])
    }

    /// What it says; nothing where it is damaged.
    fn known(&self) -> Option<(ModuleKey, Known)> {
        if self.sum != self.checksum() {
            return None;
        }
        let key = ModuleKey { identity: self.identity, compression: Compression::from_name(&self.compression)? };
        let [messages, imports] = [&self.messages, &self.imports].map(|bytes| FingerprintSet::from_bytes(bytes));
        let strings = ObjectStrings { names: StringSet::from_bytes(&self.names)?, messages };
        let facts = Arc::new(ModuleFacts { modinfo: split(&self.modinfo), strings, imports });
        Some((key, Known { facts, settled: true, used: false, stored: true }))
    }
}

/// The pairs as `.modinfo` itself has them.
fn join(pairs: &[(String, String)]) -> Vec<u8> {
    pairs.iter().flat_map(|(key, value)| [key, "=", value, "\0"].map(str::as_bytes).concat()).collect()
}

fn split(modinfo: &[u8]) -> Vec<(String, String)> {
    let pair = |bytes: &[u8]| {
        let (key, value) = std::str::from_utf8(bytes).ok()?.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    };
    modinfo.split(|byte| *byte == 0).filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
