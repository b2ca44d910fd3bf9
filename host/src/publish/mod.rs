//! Giving a finished manifest its names: the file, its checksum, its report, and the aliases last.

mod error;
mod owner;
mod publication;
mod published_file;
mod renewal;
mod settings;

pub use error::PublishError;
pub use owner::check_owner;
pub use publication::Publication;
pub use renewal::renew;
pub use settings::PublishSettings;
