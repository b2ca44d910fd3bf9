//! What is looked at in every module that is packed, before anything is sent.

use std::path::PathBuf;
use std::thread::available_parallelism;

use crate::config::Config;
use crate::error::Error;
use crate::kernel::indexes;
use crate::kernel::modinfo::{MAX_MODULE_BYTES, ModinfoError, vermagic_in};
use crate::kernel::module_memory::{ModuleMemory, NotRead};
use crate::kernel::remarks::Remarks;
use crate::kernel::vermagic::{self, ModuleVermagic};
use crate::store::parallel;
use crate::tree::source::{Contents, Source};
use crate::tree::{EntryId, Input};

/// Why a module's `vermagic` is not known.
enum Unknown {
    NotAModule(ModinfoError),
    Unreadable(std::io::Error),
}

/// Looks whether all modules are of this build's kernel. What modules say is remembered: of those that were read once none
/// is read again.
///
/// # Errors
/// Where none of them is, since such a tree would be mounted where no module of it loads; and where one can't be read.
pub(super) fn of_one_kernel(
    config: &Config,
    source: &Source,
    input: &Input,
    memory: &ModuleMemory,
) -> Result<Remarks, Error> {
    let modules: Vec<EntryId> = indexes::modules(&input.tree).collect();
    let threads = available_parallelism().map_or(1, usize::from);
    let path_of = |id: EntryId| source.path().join(input.tree.path(id));
    let said = parallel::map(&modules, threads, |id| match vermagic_of(source, input, *id, memory) {
        Err(Unknown::Unreadable(error)) => Err(Error::Read { path: path_of(*id), error }),
        Err(Unknown::NotAModule(error)) => Ok(Err(error)),
        Ok(vermagic) => Ok(Ok(vermagic)),
    })?;
    let kernel = config.kernel.as_str();
    let of = |said: &Result<String, ModinfoError>| said.as_ref().is_ok_and(|said| vermagic::release(said) == kernel);
    if !modules.is_empty() && !said.iter().any(of) {
        return Err(of_none(kernel, modules.iter().map(|id| path_of(*id)).zip(said)));
    }
    let said = modules.iter().zip(said).map(|(id, vermagic)| ModuleVermagic {
        path: input.tree.path(*id),
        vermagic: vermagic.map_err(|error| error.to_string()),
    });
    Ok(vermagic::judge(kernel, &said.collect::<Vec<_>>()))
}

/// What is wrong where no module is of the kernel: the first that is of another one, or the first that is no module at all.
fn of_none(kernel: &str, said: impl Iterator<Item = (PathBuf, Result<String, ModinfoError>)>) -> Error {
    let mut broken = None;
    for (path, said) in said {
        match said {
            Ok(found) => {
                let found = vermagic::release(&found).to_owned();
                return Error::WrongKernel { path, found, expected: kernel.to_owned() };
            }
            Err(error) => broken = broken.or(Some(Error::BadModule { path, error })),
        }
    }
    broken.expect("there is a module")
}

fn vermagic_of(source: &Source, input: &Input, id: EntryId, memory: &ModuleMemory) -> Result<String, Unknown> {
    let path = input.tree.path(id);
    let Some(Contents::Source(identity)) = input.contents(id) else {
        unreachable!("plugins add no files, and indexes are no modules");
    };
    let read = |_| input.read(source, id, MAX_MODULE_BYTES).map_err(Into::into);
    let facts = memory.facts(&path, Some(*identity), read).map_err(|error| match error {
        NotRead::Malformed(error) => Unknown::NotAModule(error),
        NotRead::TooLarge { .. } => {
            Unknown::Unreadable(std::io::Error::other(ModinfoError::TooLarge(identity.size).to_string()))
        }
        NotRead::Unreadable(error) => Unknown::Unreadable(error),
        NotRead::NotAModule { path } => unreachable!("{path} has a module's name"),
    })?;
    vermagic_in(&facts.modinfo).map(str::to_owned).map_err(Unknown::NotAModule)
}
