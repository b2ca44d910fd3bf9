//! Giving a finished manifest its names: the file, its checksum, its report, and the aliases last.

mod error;
mod publication;
mod settings;

pub use error::PublishError;
pub use publication::Publication;
pub use settings::PublishSettings;
