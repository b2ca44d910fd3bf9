//! What a node mounts, and where.

use std::path::PathBuf;

use super::kernel_text::KernelText;
use super::settings::ZinitSettings;
use crate::manifest::name::FlistName;
use crate::tree::FlistKind;

/// Where a node mounts an flist, by the configuration: known before the flist is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// The flist's name in the configuration, after which its script is named.
    pub flist: String,
    /// What kind of tree it is.
    pub kind: FlistKind,
    /// The directory on the node.
    pub target: KernelText,
    /// The name of the unit that mounts it.
    pub unit: String,
}

/// An flist that was built, and where a node mounts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: MountPoint,
    /// The file name that the script looks for.
    pub manifest: KernelText,
    /// What the last build made.
    pub built: LastBuild,
}

/// What the last build of an flist made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastBuild {
    /// The manifest on this machine.
    pub path: PathBuf,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The name that the script looks for on a node of the same kernel.
    pub name: FlistName,
}

impl MountPoint {
    /// The environment variable that makes the script mount another flist.
    pub fn variable(&self) -> String {
        let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = self.flist.chars().map(upper).collect();
        // A variable's name cannot begin with a digit.
        let underscore = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
        format!("{underscore}{name}_FLIST")
    }

    /// The file name of its script.
    pub fn script(&self) -> String {
        format!("{}.sh", self.flist)
    }

    /// The path of its script on the node.
    pub(super) fn script_path(&self, settings: &ZinitSettings) -> String {
        format!("{}/{}", settings.scripts, self.script())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_a_name_that_shells_take() {
        let variable = |flist: &str| {
            let (kind, target) = (FlistKind::Plain, KernelText::parse("/a").unwrap());
            MountPoint { flist: flist.to_owned(), kind, target, unit: "u".to_owned() }.variable()
        };
        assert_eq!(variable("modules"), "MODULES_FLIST");
        assert_eq!((variable("a-b_2"), variable("2x")), ("A_B_2_FLIST".into(), "_2X_FLIST".into()));
    }
}
