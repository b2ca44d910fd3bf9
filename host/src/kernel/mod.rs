//! What is known of the kernel that a build is for, and of its modules.
//!
//! | file | holds |
//! |---|---|
//! | [`version`] | the kernel's version |
//! | [`kernel_config`] | how it was configured |
//! | [`modinfo`] | what a module says of itself |
//! | [`module_memory`] | the same, remembered from build to build |
//! | [`indexes`] | what modprobe looks things up in |
//! | [`compatibility`] | what a node could not use |

pub mod compatibility;
pub mod indexes;
pub mod kernel_config;
pub mod modinfo;
pub mod module_memory;
pub mod version;

pub use version::{KernelVersion, KernelVersionError};
