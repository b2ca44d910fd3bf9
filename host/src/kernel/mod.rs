//! What is known of the kernel that a build is for, and of its modules.
//!
//! | file | holds |
//! |---|---|
//! | [`version`] | the kernel's version |
//! | [`kernel_config`] | how it was configured |
//! | [`kernel_image`] | the strings of the kernel itself |
//! | [`modinfo`] | what a module says of itself |
//! | [`module_facts`] | what its file tells besides: the strings in its data, the symbols that it imports |
//! | [`module_memory`] | both, remembered from build to build |
//! | [`vermagic`] | whether modules are of one kernel |
//! | [`indexes`] | what modprobe looks things up in |
//! | [`compatibility`] | what a node could not use |
//! | [`remarks`] | what these have to say |
//! | [`firmware_headers`] | whether the kernel can decompress a firmware file |

pub mod compatibility;
pub mod firmware_headers;
pub mod indexes;
pub mod kernel_config;
pub mod kernel_image;
pub mod modinfo;
pub mod module_facts;
pub mod module_memory;
pub mod object_strings;
pub mod remarks;
pub mod vermagic;
pub mod version;

pub use version::{KernelVersion, KernelVersionError};
