//! `flistry kernel-version`

use flistry::config::kernel_version;
use flistry::error::Error;
use serde::Serialize;

use super::context::CommandContext;
use super::outcome::Outcome;

#[derive(Serialize)]
pub struct DerivedVersion {
    kernel: String,
}

pub fn run(context: &CommandContext) -> Result<DerivedVersion, Error> {
    let version = kernel_version(&context.project, &context.environment)?;
    Ok(DerivedVersion { kernel: version.to_string() })
}

impl Outcome for DerivedVersion {}

impl std::fmt::Display for DerivedVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.kernel)
    }
}
