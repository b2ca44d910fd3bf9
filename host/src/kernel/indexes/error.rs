//! Why indexes can't be made.

use std::path::PathBuf;

use flistry_common::text::NotText;

use super::mismatch::Mismatch;

/// Modules whose indexes are incomplete and can't be made complete.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is described by its own message")]
#[non_exhaustive]
pub enum IndexError {
    #[error("flist `{flist}` needs new module indexes ({why}), and depmod was not found")]
    NoDepmod { flist: String, why: String },
    #[error("{} is not kmod's depmod: it calls itself {version:?}", program.display())]
    ForeignDepmod { program: PathBuf, version: String },
    #[error("{} cannot be run: {error}", program.display())]
    Run {
        program: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("depmod failed ({status}){}", said(text))]
    Failed { status: String, text: String },
    #[error("depmod finds modules that would not load{}", said(text))]
    Unresolved { text: String },
    #[error("{version} did not make indexes that fit the modules: {first}")]
    StillStale { version: String, first: Mismatch },
    #[error("{}", gone(.0))]
    NeededIsGone(Vec<NeededIsGone>),
    #[error("cannot stage modules in {}: {error}", path.display())]
    Stage {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("cannot read {}: {error}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
}

/// A module that is kept and needs one that is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("/{module} needs /{needs}, which plugin `{by}` left out ({reason})")]
pub struct NeededIsGone {
    /// The module.
    pub module: String,
    /// What it needs.
    pub needs: String,
    /// Who left that out.
    pub by: String,
    /// The plugin's reason.
    pub reason: String,
}

/// Lines of a list in a message.
const SHOWN: usize = 10;

fn gone(needed: &[NeededIsGone]) -> String {
    match needed {
        [one] => one.to_string(),
        several => {
            let mut text = format!("{} modules need what was left out:", several.len());
            for one in several.iter().take(SHOWN) {
                text.push_str(&format!("\n  {one}"));
            }
            if several.len() > SHOWN {
                text.push_str(&format!("\n  and {} more", several.len() - SHOWN));
            }
            text
        }
    }
}

/// Why an index that is text can't be read.
pub(super) fn not_text(why: NotText) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("it {why}"))
}

/// What depmod said, on lines of its own.
fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut said: String = lines.iter().take(SHOWN).map(|line| format!("\n  {line}")).collect();
    if lines.len() > SHOWN {
        said.push_str(&format!("\n  and {} more", lines.len() - SHOWN));
    }
    said
}

impl IndexError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            IndexError::NoDepmod { .. } => {
                "install kmod (apt-get install kmod, apk add kmod), or pack all modules as `make modules_install` left them".into()
            }
            IndexError::ForeignDepmod { .. } => {
                "busybox's depmod makes no binary indexes: install kmod (apt-get install kmod, apk add kmod)".into()
            }
            IndexError::Run { .. } => "install kmod again".into(),
            IndexError::Failed { .. } => "depmod must be able to read every module; let a filter drop one that is broken".into(),
            IndexError::Unresolved { .. } => {
                "keep the modules that have these symbols, let a filter drop the ones that need them, or correct `system-map` of [modules] in config/flistry.toml".into()
            }
            IndexError::StillStale { .. } => {
                "its kmod may be built without this compression: `depmod --version` lists what it reads".into()
            }
            IndexError::NeededIsGone(needed) => {
                let by = needed.first().map_or("the plugin", |first| &first.by);
                format!("let a filter drop what needs it as well, correct what `{by}` leaves out, or select with `builtin:modules-select`, which keeps what is needed")
            }
            IndexError::Stage { .. } => "the directory of the file cache needs room for a copy of the modules".into(),
            IndexError::Read { error, .. } if error.kind() == std::io::ErrorKind::FileTooLarge => {
                "no kernel's index is that large: remove it, and run depmod".into()
            }
            IndexError::Read { error, .. } if error.kind() == std::io::ErrorKind::InvalidData => {
                "the kernel's build and depmod write ASCII: make it again".into()
            }
            IndexError::Read { .. } => "the source must be as it was when the build began, and readable".into(),
        }
    }
}
