//! A build: from a configuration to published flists.

mod checks;
pub mod clock;
mod config_digest;
pub mod plan;
pub mod policy;
pub mod session;
