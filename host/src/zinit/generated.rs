//! The files that are generated, as values.

use super::settings::Dialect;

/// One file that is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedFile {
    /// What it is, which decides where it goes.
    pub kind: GeneratedKind,
    /// Its file name.
    pub name: String,
    /// Its contents.
    pub text: String,
}

/// What a generated file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GeneratedKind {
    /// A shell script.
    Script,
    /// A unit.
    Unit(Dialect),
}

impl GeneratedFile {
    /// Its path in the output directory.
    pub fn path(&self) -> String {
        let directory = match self.kind {
            GeneratedKind::Script => "init",
            GeneratedKind::Unit(dialect) => dialect.as_str(),
        };
        format!("{directory}/{}", self.name)
    }

    /// Its permissions.
    pub(super) fn mode(&self) -> u32 {
        match self.kind {
            GeneratedKind::Script => 0o755,
            GeneratedKind::Unit(_) => 0o644,
        }
    }
}
