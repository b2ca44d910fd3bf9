//! What is looked at in every module that is packed, and in their indexes, before anything is sent.

use std::path::{Path, PathBuf};

use flistry_common::modules::ModuleFile;

use super::clock::Clock;
use super::plan::NewIndexes;
use crate::config::{Config, Flist};
use crate::error::Error;
use crate::kernel::indexes::depmod::{Depmod, system_map};
use crate::kernel::indexes::{
    self, IndexError, MAX_INDEX_BYTES, Modules, SourceDep, Whereabouts, builtin, lost, needed,
};
use crate::kernel::modinfo::{MAX_MODULE_BYTES, ModinfoError, vermagic_in};
use crate::kernel::module_memory::{ModuleMemory, NotRead};
use crate::kernel::remarks::Remarks;
use crate::kernel::vermagic::{self, ModuleVermagic};
use crate::store::parallel;
use crate::tree::scan::Scan;
use crate::tree::source::{Contents, Source, SourceReadError};
use crate::tree::{EntryId, Input, LeftOut};

/// Looks at the modules of `input`, of which `left_out` was left out of the source; returns what is to be said of them, and how
/// their indexes are made again where they don't fit.
///
/// # Errors
/// Where no module is of this build's kernel, where one that is kept would not load, and what can't be read.
pub(super) fn check(
    (config, flist): (&Config, &Flist),
    (source, scan): (&Source, &Scan),
    input: &Input,
    left_out: &[LeftOut],
    memory: &ModuleMemory,
    clock: &mut Clock,
) -> Result<(Remarks, Option<NewIndexes>), Error> {
    let places = flist.places(config);
    let modules = Modules::of(&input.tree, &places);
    let mut remarks = of_one_kernel(config, source, input, &modules, memory)?;
    clock.stage("vermagic");
    let dep = SourceDep::read(source, scan)?;
    let whereabouts = Whereabouts::new(scan, &places, left_out);
    remarks.unusable.extend(needed::check(&dep, &modules, &whereabouts)?);
    let mut remarks = remarks.and(lost::check(&dep, &modules, &whereabouts));
    let read = |id| {
        let failed = |error: SourceReadError| {
            let path = source.path().join(input.tree.path(id));
            IndexError::Read { path, error: error.into() }
        };
        input.read(source, id, MAX_INDEX_BYTES).map_err(failed)
    };
    remarks.unusable.extend(builtin::check(&input.tree, read)?);
    let why = indexes::check(&input.tree, &places, read)?;
    let Some(first) = why.first() else { return Ok((remarks, None)) };
    let Some(depmod) = Depmod::find(&config.search_path)? else {
        return Err(IndexError::NoDepmod { flist: flist.name.clone(), why: first.to_string() }.into());
    };
    let system_map = system_map(&config.system_maps).map(Path::to_owned);
    let modules = modules.to_index(dep.paths());
    Ok((remarks, Some(NewIndexes { why, modules, depmod, system_map })))
}

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
fn of_one_kernel(
    config: &Config,
    source: &Source,
    input: &Input,
    modules: &Modules<'_>,
    memory: &ModuleMemory,
) -> Result<Remarks, Error> {
    let modules = modules.files();
    let path_of = |module: &ModuleFile<EntryId>| source.path().join(&module.path);
    let said = parallel::map(&modules, parallel::cores(), |module| match vermagic_of(source, input, module, memory) {
        Err(Unknown::Unreadable(error)) => Err(Error::Read { path: path_of(module), error }),
        Err(Unknown::NotAModule(error)) => Ok(Err(error)),
        Ok(vermagic) => Ok(Ok(vermagic)),
    })?;
    let kernel = config.kernel.as_str();
    let of = |said: &Result<String, ModinfoError>| said.as_ref().is_ok_and(|said| vermagic::release(said) == kernel);
    if !modules.is_empty() && !said.iter().any(of) {
        return Err(of_none(kernel, modules.iter().map(|module| path_of(module)).zip(said)));
    }
    let said = modules.iter().zip(said).map(|(module, vermagic)| ModuleVermagic {
        path: module.path.clone(),
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

fn vermagic_of(
    source: &Source,
    input: &Input,
    module: &ModuleFile<EntryId>,
    memory: &ModuleMemory,
) -> Result<String, Unknown> {
    let Some(Contents::Source(identity)) = input.contents(module.file) else {
        unreachable!("plugins add no files, and indexes are no modules");
    };
    let read = |_| input.read(source, module.file, MAX_MODULE_BYTES).map_err(Into::into);
    let facts = memory.facts(&module.path, Some(*identity), read).map_err(|error| match error {
        NotRead::Malformed(error) => Unknown::NotAModule(error),
        NotRead::TooLarge { .. } => {
            Unknown::Unreadable(std::io::Error::other(ModinfoError::TooLarge(identity.size).to_string()))
        }
        NotRead::Unreadable(error) => Unknown::Unreadable(error),
        NotRead::NotAModule { path } => unreachable!("{path} has a module's name"),
    })?;
    vermagic_in(&facts.modinfo).map(str::to_owned).map_err(Unknown::NotAModule)
}
