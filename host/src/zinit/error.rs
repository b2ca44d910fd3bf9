//! Why scripts and units cannot be made.

use std::path::PathBuf;

use super::template::TemplateFileError;
use crate::files::writing_hint;

/// Scripts or units that cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZinitError {
    /// A template that cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateFileError),
    /// A project's own template gives a unit that zinit would misread.
    #[error("{template} gives a unit that zinit would misread: {what}")]
    Unit {
        /// The template, from the project's directory.
        template: String,
        /// What is wrong with the unit.
        what: String,
    },
    /// No flist is to be mounted.
    #[error("there is nothing to mount: no flist has a `mount` in config/flistry.toml")]
    NothingToMount,
    /// An flist that has no report.
    #[error("flist `{flist}` has not been built yet: {} has no report of it", directory.display())]
    NotBuilt {
        /// The flist.
        flist: String,
        /// Where finished flists are.
        directory: PathBuf,
    },
    /// Files that a person may have changed.
    #[error("in {}, these would be overwritten with different contents: {}", directory.display(), paths.join(", "))]
    Conflicts {
        /// Where.
        directory: PathBuf,
        /// Which ones, from there.
        paths: Vec<String>,
    },
    /// A manifest that is not the one that was built.
    #[error("{} is not the file that its report describes", .0.display())]
    OtherManifest(PathBuf),
    /// The tree to fill cannot be opened.
    #[error("{} cannot be filled: {error}", path.display())]
    Root {
        /// The tree.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl ZinitError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ZinitError::Template(error) => error.hint(),
            ZinitError::Unit { .. } => "correct the template; without the file, the shipped one is used".to_owned(),
            ZinitError::NothingToMount => "write `mount = \"/usr/lib/firmware\"` under [flist.NAME]".to_owned(),
            ZinitError::NotBuilt { flist, .. } => {
                format!("run `flistry build {flist}` first, or name the flists that are built")
            }
            ZinitError::Conflicts { .. } => {
                "nothing was written; look at them, and repeat with --force to overwrite them".to_owned()
            }
            ZinitError::OtherManifest(_) => "build it again".to_owned(),
            ZinitError::Root { .. } => "name the directory of an initramfs tree".to_owned(),
            ZinitError::Read { .. } => "it must be a file that this user may read".to_owned(),
            // What cap-std says where a symlink would lead out of the directory that was opened.
            ZinitError::Write { error, .. } if error.to_string().contains("outside of the filesystem") => {
                "a symlink in this tree leads out of it: make it a relative one that stays inside".to_owned()
            }
            ZinitError::Write { error, .. } => writing_hint(error).to_owned(),
        })
    }

    /// Whether the command line or the project's files are to be corrected.
    pub fn is_configuration(&self) -> bool {
        matches!(self, ZinitError::Template(_) | ZinitError::Unit { .. } | ZinitError::NothingToMount)
    }
}
