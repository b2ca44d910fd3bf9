//! What an flist is made of, and whom its entries belong to.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What kind of tree an flist packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FlistKind {
    /// Kernel modules, which must be the kernel's.
    Modules,
    /// Device firmware.
    Firmware,
    /// Any other tree.
    Plain,
}

impl FlistKind {
    /// As the configuration and a manifest's tag write it.
    pub fn as_str(self) -> &'static str {
        match self {
            FlistKind::Modules => "modules",
            FlistKind::Firmware => "firmware",
            FlistKind::Plain => "plain",
        }
    }

    /// The kind that a manifest's tag names.
    pub fn from_tag(text: &str) -> Option<FlistKind> {
        FlistKind::value_variants().iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// Whom an flist's entries belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// 0:0.
    #[default]
    Root,
    /// To whom they belong in the source.
    Preserve,
}

impl Owner {
    /// As the configuration and a report write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Owner::Root => "root",
            Owner::Preserve => "preserve",
        }
    }
}
