//! What a plugin is told of the build.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::view::{EntryKind, EntryView};
use crate::kernel::compatibility;
use crate::kernel::kernel_config::KernelConfig;
use crate::manifest::name::FlistName;
use crate::tree::FlistKind;

/// The facts of one flist's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildFacts {
    /// The flist's name in the configuration. A plugin may always open the tree of that name.
    pub flist: String,
    /// What kind of tree it packs.
    pub kind: FlistKind,
    /// The full kernel version.
    pub kernel: String,
    /// How that kernel was configured.
    pub kernel_config: Arc<KernelConfig>,
    /// The build's date in UTC, `YYYYMMDD`.
    pub date: String,
    /// The variables that the configuration grants to the plugin and that are set.
    pub variables: BTreeMap<String, String>,
    /// What is known of the tree.
    pub figures: TreeFigures,
    /// The flist's file name, once it has one.
    pub file_name: Option<FlistName>,
    /// Where a node mounts it, where the configuration says so.
    pub mount: Option<String>,
}

impl BuildFacts {
    /// Where a node sees the tree.
    pub fn places(&self) -> Vec<String> {
        compatibility::places(self.kind, &self.kernel, self.mount.as_deref())
    }
}

/// How large a tree is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeFigures {
    /// All entries, with the root.
    pub entries: u64,
    /// The files among them.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
}

impl TreeFigures {
    /// Counts.
    pub fn of(entries: &[EntryView]) -> TreeFigures {
        let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
        let (files, bytes) = files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size));
        TreeFigures { entries: entries.len() as u64, files, bytes }
    }
}
