//! Kernel modules: their names, and what the indexes of a modules tree say of them. depmod writes `modules.dep`,
//! `modules.softdep`, `modules.weakdep` and `modules.alias`, the kernel's build `modules.builtin` and
//! `modules.builtin.modinfo`.

mod alias;
mod builtin;
mod dep;
mod error;
mod files;
mod names;
mod softdep;

pub use alias::ModulesAlias;
pub use builtin::{BuiltinInfo, ModulesBuiltin, parse_builtin_modinfo, without_records};
pub use dep::ModulesDep;
pub use error::{IndexError, ModinfoError};
pub use files::{ModuleFile, module_files, preference};
pub use names::{module_name, normalize, split_compression};
pub use softdep::{StatedDeps, parse_softdep};
