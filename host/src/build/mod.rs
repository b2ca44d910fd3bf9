//! The build as an operation: a [`Session`] plans flists and carries the plans out.
//!
//! | file | holds |
//! |---|---|
//! | `session` | the operation as a whole |
//! | `plan`, `planner` | one flist up to the pack; nothing is written but caches |
//! | `checks` | what ends a plan, or is warned of |
//! | `module_checks` | what every module is looked at for |
//! | `no_file` | an flist without a file |
//! | `other_kernels` | what there is where the derived version has no tree |
//! | `stages` | one flist from its plan to its names |
//! | `policy` | the plugins that the flists use |
//! | `config_digest` | what of the configuration decides a manifest |
//! | `clock` | how long each stage took |

mod checks;
mod clock;
mod config_digest;
mod module_checks;
mod no_file;
mod other_kernels;
mod plan;
mod planner;
mod policy;
mod session;
mod stages;

pub use checks::no_credentials;
#[cfg(test)]
pub(crate) use config_digest::config_digest;
pub use plan::{NewIndexes, Plan};
#[cfg(test)]
pub(crate) use policy::Policy;
pub use policy::load as load_plugin;
pub use session::{Caches, Executed, Planned, Session};
pub use stages::Published;
