//! Why scripts and units can't be made.

use std::path::PathBuf;

use super::template::TemplateError;

/// Scripts or units that can't be made or written.
#[derive(Debug, thiserror::Error)]
pub enum ZinitError {
    /// A template that can't be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A project's own template gives a unit that zinit would not take as it is meant.
    #[error("{template} gives no unit that zinit reads as it is meant: {what}")]
    Unit {
        /// The template, from the project's folder.
        template: String,
        /// What is wrong with the unit.
        what: String,
    },
    /// No flist is to be mounted.
    #[error("there is nothing to mount: no flist has a `mount` in config/flistry.toml")]
    NothingToMount,
    /// An flist that no node mounts.
    #[error("flist `{0}` has no place on a node")]
    NoPlace(String),
    /// An flist that has no report.
    #[error("flist `{flist}` was not built yet: {} has no report of it", output.display())]
    NotBuilt {
        /// The flist.
        flist: String,
        /// Where flists go.
        output: PathBuf,
    },
    /// Files that a person may have changed.
    #[error("in {}, these would be overwritten with different contents: {}", folder.display(), paths.join(", "))]
    Conflicts {
        /// Where.
        folder: PathBuf,
        /// Which ones, from there.
        paths: Vec<String>,
    },
    /// A manifest that is not the one that was built.
    #[error("{} is not the file that its report tells of", .0.display())]
    OtherManifest(PathBuf),
    /// The tree to fill can't be opened.
    #[error("{} is no folder to fill: {error}", path.display())]
    Root {
        /// The tree.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file can't be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file can't be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
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
            ZinitError::NoPlace(flist) => format!("write where it is mounted, as `mount`, under [flist.{flist}]"),
            ZinitError::NotBuilt { flist, .. } => {
                format!("run `flistry build {flist}` first, or name the flists that are built")
            }
            ZinitError::Conflicts { .. } => {
                "nothing was written; look at them, and repeat with --force to overwrite them".to_owned()
            }
            ZinitError::OtherManifest(_) => "build it again".to_owned(),
            ZinitError::Root { .. } => "name the folder of an initramfs".to_owned(),
            ZinitError::Read { .. } => "it must be a file that this user may read".to_owned(),
            // What cap-std says where a link would lead out of the folder that was opened.
            ZinitError::Write { error, .. } if error.to_string().contains("outside of the filesystem") => {
                "a link in this tree leads out of it: make it a relative one that stays inside".to_owned()
            }
            ZinitError::Write { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                "free some space and try again".to_owned()
            }
            ZinitError::Write { .. } => "the folder must be one that this user may write to".to_owned(),
        })
    }

    /// Whether the command line or the project's files are to be corrected.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            ZinitError::Template(_) | ZinitError::Unit { .. } | ZinitError::NothingToMount | ZinitError::NoPlace(_)
        )
    }
}
