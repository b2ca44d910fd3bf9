//! flistry packs Linux kernel modules and firmware into flists: a small SQLite manifest of a file tree, and its contents as
//! encrypted blobs in a store that a node mounts them from.
//!
//! A build is one operation, [`Session`]; everything else is what it is made of. Each module is a stage, and uses only
//! those above it:
//!
//! | module | stage | |
//! |---|---|---|
//! | `tree` | scan, filter, normal form | the source directory and what of it goes in |
//! | `store` | | where blobs lie |
//! | `kernel` | check | the kernel, its modules, and what a node could not use |
//! | `manifest` | manifest, route | the SQLite file, written, read, and free of write credentials |
//! | `pack` | pack | contents to blobs |
//! | `plugin` | filter, name, post-pack | the WebAssembly components that decide |
//! | `verify` | read back | what a node will do |
//! | `report` | report | how an flist was made |
//! | `publish` | publish | names, last |
//! | `zinit` | units | what a node runs to mount flists |
//! | `config` | | one validated value out of a project's files |
//! | `build` | | all of it, in order |
//!
//! Beside these, [`unpack()`] writes an flist back into a directory. The library reads no environment and prints nothing: the
//! program does both.
//!
//! # A build into memory
//!
//! The sample project's modules, packed into a store that is gone afterwards:
//!
//! ```
//! use flistry::{Caches, Config, Environment, MemoryStore, ReadBackLevel, Session, Silent};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/sample");
//! let mut config = Config::load(&sample, &Environment::default(), time::UtcDateTime::now())?;
//! # let scratch = tempfile::tempdir()?;
//! # let place = |name: &str| scratch.path().join(name);
//! # (config.output, config.zinit.output) = (place("flists"), place("zinit"));
//! # (config.plugin_cache, config.pack.cache) = (place("plugins"), place("cache"));
//! config.read_back = ReadBackLevel::Full;
//! let store = MemoryStore::new();
//!
//! let session = Session::open(&config, &["modules".into()], Caches::READ_ONLY, &Silent)?;
//! let planned = session.plan()?;
//! let plan = &planned.plans()[0];
//! println!("{} has {} entries", plan.names.file, plan.input.tree.len());
//! let executed = planned.execute_into(&store);
//!
//! let [modules] = &executed.built[..] else { panic!("one flist was asked for") };
//! assert_eq!(modules.report.pack.blobs as usize, store.len());
//! # Ok(())
//! # }
//! ```

#[doc(hidden)]
pub mod block;
#[doc(hidden)]
pub mod build;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod error;
#[doc(hidden)]
pub mod files;
#[doc(hidden)]
pub mod kernel;
#[doc(hidden)]
pub mod manifest;
#[doc(hidden)]
pub mod pack;
#[doc(hidden)]
pub mod plugin;
#[doc(hidden)]
pub mod printable;
#[doc(hidden)]
pub mod progress;
#[doc(hidden)]
pub mod publish;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod tree;
#[doc(hidden)]
pub mod unpack;
#[doc(hidden)]
pub mod verify;
#[doc(hidden)]
pub mod zinit;

pub use block::{BlobId, BlockRef};
pub use build::{Caches, Executed, NewIndexes, Plan, Planned, Published, Session};
pub use config::{Config, ConfigError, Environment, Flist, PackSettings, PluginSettings, Storage};
pub use error::{Error, ExitCode};
pub use kernel::KernelVersion;
pub use manifest::name::FlistName;
pub use manifest::{Blocks, Manifest, Route};
pub use pack::PackStats;
pub use plugin::{Compiler, FlistNames};
pub use progress::{Progress, Silent, Step, Warning};
pub use publish::PublishSettings;
pub use report::{
    BuildReport, Decisions, IndexesMade, ManifestFacts, PluginRun, ReadBack, ReportError, Stage, Subject,
};
pub use store::fetch::FetchError;
pub use store::memory::MemoryStore;
pub use store::{Probed, ReadBlobs, StoreError, WriteBlobs};
pub use tree::file_cache::CacheAccess;
pub use tree::source::Source;
pub use tree::{Counts, FlistKind, Input, Owner, Tree};
pub use unpack::{UnpackError, unpack};
pub use verify::{FileDamage, Finding, Level, ReadBackLevel, Verification, verify};
pub use zinit::{MountPoint, Written, ZinitSettings};
