//! Making the indexes again, with kmod's own `depmod` on a staged copy of what goes into the flist.
//!
//! ```text
//! STAGE/usr/lib/modules/KERNEL/…    a file for each module's name, modules.order, modules.builtin, modules.builtin.modinfo
//! STAGE/lib -> usr/lib              depmod's base differs between distributions
//! STAGE/depmod.d                    empty: the build machine's own configuration must not matter
//! ```
//!
//! The same modules give the same indexes. Of several modules of a name depmod would take the one that the file system lists
//! first, so only one of them is staged, as a file at the path that symlinks make for it on the node. And depmod follows
//! `modules.order`, to which the stage adds what it lacks, in the order of their paths.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flistry_common::modules::split_compression;
use flistry_common::text::lossy_text;

use super::error::{IndexError, not_text};
use super::fit::{BUILTIN, MAX_INDEX_BYTES, compare};
use super::mismatch::Mismatch;
use super::modules::{Indexed, Modules};
use crate::files;
use crate::kernel::KernelVersion;
use crate::store::parallel;
use crate::tree::Input;
use crate::tree::source::{Contents, Source, SourceReadError};
use crate::tree::{EntryId, Tree};

/// What depmod reads beside the modules.
const GIVEN: [&str; 3] = [ORDER, BUILTIN, "modules.builtin.modinfo"];
const ORDER: &str = "modules.order";

/// What depmod writes; older ones write less. (kmod 34, `depmod.c`.)
const MADE: [&str; 11] = [
    "modules.alias",
    "modules.alias.bin",
    "modules.builtin.alias.bin",
    "modules.builtin.bin",
    "modules.dep",
    "modules.dep.bin",
    "modules.devname",
    "modules.softdep",
    "modules.symbols",
    "modules.symbols.bin",
    "modules.weakdep",
];

/// A symbol that modules may use, as a kernel's `System.map` lists it.
const EXPORTED: &str = " __ksymtab_";

/// How depmod says that a module would not load. (kmod 30 to 34, `depmod.c`; with `-w` there is a letter in between.)
const UNKNOWN_SYMBOL: &str = " needs unknown symbol ";

/// kmod's depmod.
#[derive(Clone, Debug)]
pub struct Depmod {
    program: PathBuf,
    version: String,
}

/// What it makes indexes of.
#[derive(Clone, Copy)]
pub struct Staged<'a> {
    /// Where the files are.
    pub source: &'a Source,
    /// What goes into the flist.
    pub input: &'a Input,
    /// The modules of it, one of each name.
    pub modules: &'a [Indexed],
    /// Where a node sees the flist.
    pub places: &'a [String],
    /// The kernel that they are of.
    pub kernel: &'a KernelVersion,
}

/// What it made.
#[derive(Debug)]
pub struct DepmodOutput {
    /// Contents by file name.
    pub indexes: BTreeMap<String, Vec<u8>>,
    /// What it complained about, a line each; paths as they are in the flist.
    pub complaints: Vec<String>,
}

impl Depmod {
    /// Looks for it through the directories of a search path; `None` where none has it.
    ///
    /// # Errors
    /// One that can't be run, or is not kmod's.
    pub fn find(search_path: &[PathBuf]) -> Result<Option<Depmod>, IndexError> {
        let candidates = search_path.iter().map(|directory| directory.join("depmod"));
        let Some(program) = files::first_executable(candidates) else { return Ok(None) };
        let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
        let output = output.map_err(|error| IndexError::Run { program: program.clone(), error })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let first = text.lines().next().unwrap_or_default().trim();
        match first.strip_prefix("kmod version ") {
            Some(number) => Ok(Some(Depmod { version: format!("kmod {number}"), program })),
            None => {
                let complaint = String::from_utf8_lossy(&output.stderr);
                let version = [first, complaint.lines().next().unwrap_or_default()].join(" ").trim().to_owned();
                Err(IndexError::ForeignDepmod { program, version: crate::printable::Printable(&version).to_string() })
            }
        }
    }

    /// `kmod 30`, say.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Makes the indexes of what is `staged`, in a directory below `scratch` that is gone afterwards. With a `system_map` every
    /// symbol has to be found.
    ///
    /// # Errors
    /// Where depmod fails, finds unknown symbols, or leaves a module out; and what the file systems say.
    pub fn make(
        &self,
        staged: &Staged<'_>,
        system_map: Option<&Path>,
        scratch: &Path,
    ) -> Result<DepmodOutput, IndexError> {
        let Staged { source, input, modules, places, kernel } = *staged;
        let staged = |error| IndexError::Stage { path: scratch.to_owned(), error };
        std::fs::create_dir_all(scratch).map_err(staged)?;
        let stage = tempfile::Builder::new().prefix(".modules-").tempdir_in(scratch).map_err(staged)?;
        let directory = stage.path().join("usr/lib/modules").join(kernel.as_str());
        stage_modules(source, input, modules, &directory)?;
        std::os::unix::fs::symlink("usr/lib", stage.path().join("lib")).map_err(staged)?;
        let config = stage.path().join("depmod.d");
        std::fs::create_dir(&config).map_err(staged)?;

        let mut command = Command::new(&self.program);
        command.arg("-b").arg(stage.path()).arg("-C").arg(&config).env_clear().env("LC_ALL", "C").stdin(Stdio::null());
        if let Some(map) = system_map {
            command.arg("-e").arg("-F").arg(map);
        }
        let output = command.arg(kernel.as_str()).output();
        let output = output.map_err(|error| IndexError::Run { program: self.program.clone(), error })?;
        let said = String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<String> = said.lines().map(|line| as_in_flist(line, stage.path(), kernel)).collect();
        let text = || complaints.join("\n");
        if !output.status.success() {
            return Err(IndexError::Failed { status: output.status.to_string(), text: text() });
        }
        // depmod warns of unknown symbols and succeeds all the same. Of its other complaints none says that a module would not load
        // for want of a symbol.
        let unresolved: Vec<&str> =
            complaints.iter().map(String::as_str).filter(|line| line.contains(UNKNOWN_SYMBOL)).collect();
        if system_map.is_some() && !unresolved.is_empty() {
            return Err(IndexError::Unresolved { text: unresolved.join("\n") });
        }

        let mut indexes = BTreeMap::new();
        for name in MADE {
            match std::fs::read(directory.join(name)) {
                Ok(bytes) => indexes.insert(name.to_owned(), bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(staged(error)),
            };
        }
        match self.mismatch(&Modules::of(&input.tree, places), &indexes) {
            Some(first) => Err(IndexError::StillStale { version: self.version.clone(), first }),
            None => Ok(DepmodOutput { indexes, complaints }),
        }
    }

    fn mismatch(&self, modules: &Modules<'_>, indexes: &BTreeMap<String, Vec<u8>>) -> Option<Mismatch> {
        let made = |name: &str| indexes.get(name).map(Vec::as_slice);
        compare(modules, made).into_iter().next()
    }
}

/// The first of `candidates` that is a kernel's symbol table. Distributions put a note in the place of the table, which is skipped.
pub fn system_map(candidates: &[PathBuf]) -> Option<&Path> {
    let is_table = |path: &Path| {
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(64 << 20).read_to_end(&mut text)).is_ok()
            && String::from_utf8_lossy(&text).contains(EXPORTED)
    };
    candidates.iter().map(PathBuf::as_path).find(|path| path.is_file() && is_table(path))
}

/// A line of depmod's, without the stage's path.
fn as_in_flist(line: &str, stage: &Path, kernel: &KernelVersion) -> String {
    let stage = stage.display();
    let line = line.replace(&format!("{stage}/usr/lib/modules/{kernel}/"), "/");
    let line = line.replace(&format!("{stage}/lib/modules/{kernel}/"), "/");
    crate::printable::Printable(&line).to_string()
}

fn stage_modules(source: &Source, input: &Input, modules: &[Indexed], directory: &Path) -> Result<(), IndexError> {
    let tree = &input.tree;
    let given = tree.files().map(|(id, _)| id).filter(|id| is_given(tree, *id));
    let given = given.map(|file| Indexed { path: tree.path(file), file });
    let files: Vec<Indexed> = modules.iter().cloned().chain(given).collect();
    for path in files.iter().map(|staged| directory.join(&staged.path)) {
        let parent = path.parent().expect("it lies in the directory");
        std::fs::create_dir_all(parent).map_err(|error| IndexError::Stage { path: parent.to_owned(), error })?;
    }
    parallel::map(&files, parallel::cores(), |staged| stage_file(source, input, staged, directory)).map(|_| ())?;
    complete_order(modules, &directory.join(ORDER))
}

fn is_given(tree: &Tree, id: EntryId) -> bool {
    let entry = tree.get(id);
    entry.parent == EntryId::ROOT && GIVEN.contains(&&*entry.name)
}

fn stage_file(source: &Source, input: &Input, staged: &Indexed, directory: &Path) -> Result<(), IndexError> {
    let path = input.tree.path(staged.file);
    let to = directory.join(&staged.path);
    let written = |error| IndexError::Stage { path: to.clone(), error };
    let was = match input.contents(staged.file).expect("only regular files are staged") {
        Contents::Generated(bytes) => return std::fs::write(&to, bytes).map_err(written),
        Contents::Source(was) => was,
    };
    let unread = |error| IndexError::Read { path: source.path().join(&path), error };
    let failed = |error: SourceReadError| unread(error.into());
    // depmod takes a byte order mark for a part of the first name.
    if path == ORDER || path == BUILTIN {
        let bytes = source.read_unchanged(&path, was, MAX_INDEX_BYTES).map_err(failed)?;
        let text = lossy_text(&bytes).map_err(|why| unread(not_text(why)))?;
        return std::fs::write(&to, text).map_err(written);
    }
    let from = source.open_unchanged(&path, was).map_err(failed)?;
    from.copy_to(&mut File::create(&to).map_err(written)?).map_err(|error| match error {
        SourceReadError::Changed => failed(error),
        SourceReadError::System(error) => written(error),
    })
}

/// Modules that `modules.order` does not name would come in the order in which the file system lists them.
fn complete_order(modules: &[Indexed], file: &Path) -> Result<(), IndexError> {
    let failed = |error| IndexError::Stage { path: file.to_owned(), error };
    let order = match std::fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let named: std::collections::HashSet<&str> = order.lines().map(|line| plain(line.trim())).collect();
    let lacking = modules.iter().map(|module| plain(&module.path)).filter(|path| !named.contains(path));
    let end = if order.is_empty() || order.ends_with('\n') { "" } else { "\n" };
    let more: String = std::iter::once(end.to_owned()).chain(lacking.map(|path| format!("{path}\n"))).collect();
    let mut opened = File::options().append(true).create(true).open(file).map_err(failed)?;
    opened.write_all(more.as_bytes()).map_err(failed)
}

/// A module's path as `modules.order` has it: without a compression's ending.
fn plain(path: &str) -> &str {
    split_compression(path).map_or(path, |(plain, _)| plain)
}
