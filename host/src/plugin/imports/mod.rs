//! What a plugin may ask of the host. Each file is an interface: the state that it keeps in a run, and its functions.
//! Nothing of it leads out: no path of the host, no store, no credential.

mod build;
mod configuration;
mod context;
mod drafts;
mod log;
mod module_info;
mod report;
mod trees;
mod types;
mod wasi;

pub use build::BuildState;
pub use configuration::ConfigurationState;
pub use context::{Context, Import};
pub use drafts::DraftsState;
pub use log::LogState;
pub use module_info::ModuleInfoState;
pub use report::ReportState;
pub use trees::TreesState;
pub use types::TypesState;
pub use wasi::{WasiContext, WasiState, add_to_linker as add_wasi_to_linker, stands_in};
