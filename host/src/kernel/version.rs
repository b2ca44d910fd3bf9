//! The kernel version that a build is for. It comes from the build's own files: `uname` would tell of the machine
//! that happens to run the build.

use std::fmt;

use crate::kernel::kernel_config::{KernelConfig, KernelOption};

/// Bytes of the longest version: what the kernel itself allows for `uname -r`.
const MAX_LEN: usize = 64;

/// A full kernel version, as `uname -r` prints it on the node: `6.12.44-Zero-OS`. It is safe as one component of a
/// path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelVersion(String);

/// Why the version can't be known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelVersionError {
    /// `KERNEL_VERSION` is not set, or is empty.
    #[error("config/build.conf does not set KERNEL_VERSION")]
    Missing,
    /// `CONFIG_LOCALVERSION_AUTO=y`: the kernel's build appends what git says.
    #[error("config/kernel.config sets CONFIG_LOCALVERSION_AUTO=y, so the files do not tell the kernel version")]
    Auto,
    /// It can't be a version.
    #[error(
        "`{0}` (KERNEL_VERSION of config/build.conf and CONFIG_LOCALVERSION of config/kernel.config) is not a kernel version"
    )]
    Invalid(String),
}

impl KernelVersionError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            KernelVersionError::Missing => "add a line like KERNEL_VERSION=\"6.12.44\"",
            KernelVersionError::Auto => "write `# CONFIG_LOCALVERSION_AUTO is not set` and build the kernel again",
            KernelVersionError::Invalid(_) => {
                "a version starts with a digit, has at most 64 letters, digits, `.`, `_`, `+`, `~` and `-`, like 6.12.44-Zero-OS"
            }
        }
    }
}

impl KernelVersion {
    /// Accepts a full version.
    pub fn new(text: &str) -> Result<KernelVersion, KernelVersionError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+~-".contains(&b);
        let valid = text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(plain);
        match valid && text.len() <= MAX_LEN {
            true => Ok(KernelVersion(text.to_owned())),
            false => Err(KernelVersionError::Invalid(text.chars().take(MAX_LEN).collect())),
        }
    }

    /// `KERNEL_VERSION` of the build, which may be empty, and `CONFIG_LOCALVERSION` of the kernel, which may be unset.
    pub fn derive(version: &str, config: &KernelConfig) -> Result<KernelVersion, KernelVersionError> {
        if version.is_empty() {
            return Err(KernelVersionError::Missing);
        }
        if config.get("CONFIG_LOCALVERSION_AUTO") == Some(&KernelOption::BuiltIn) {
            return Err(KernelVersionError::Auto);
        }
        KernelVersion::new(&format!("{version}{}", config.text("CONFIG_LOCALVERSION")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn derive(version: &str, config: &str) -> Result<String, (String, &'static str)> {
        let version = KernelVersion::derive(version, &KernelConfig::parse(config).unwrap());
        version.map(|v| v.to_string()).map_err(|e| (e.to_string(), e.hint()))
    }

    #[test]
    fn the_version_is_both_parts() {
        let version = "6.12.44";
        assert_eq!(derive(version, "CONFIG_LOCALVERSION=\"-Zero-OS\"").unwrap(), "6.12.44-Zero-OS");
        for none in ["", "# CONFIG_LOCALVERSION is not set", "CONFIG_LOCALVERSION=\"\""] {
            assert_eq!(derive(version, none).unwrap(), "6.12.44");
        }
    }

    #[test]
    fn each_mistake_has_its_message() {
        let missing =
            ("config/build.conf does not set KERNEL_VERSION".to_owned(), "add a line like KERNEL_VERSION=\"6.12.44\"");
        assert_eq!(derive("", "").unwrap_err(), missing);
        assert_eq!(derive("", "").unwrap_err(), missing);
        assert_eq!(
            derive("6.1", "CONFIG_LOCALVERSION_AUTO=y").unwrap_err(),
            (
                "config/kernel.config sets CONFIG_LOCALVERSION_AUTO=y, so the files do not tell the kernel version"
                    .to_owned(),
                "write `# CONFIG_LOCALVERSION_AUTO is not set` and build the kernel again"
            )
        );
        let (what, hint) = derive("v6.1", "").unwrap_err();
        assert_eq!(
            what,
            "`v6.1` (KERNEL_VERSION of config/build.conf and CONFIG_LOCALVERSION of config/kernel.config) is not a kernel version"
        );
        assert!(hint.starts_with("a version starts with a digit"));
    }

    #[test]
    fn a_version_is_one_component_of_a_path() {
        for bad in ["", "v6", "../6", "6/1", "6 1", "6\n", "-6", &"6".repeat(65)] {
            assert!(KernelVersion::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(KernelVersion::new("6.1.0-rc1+deb~2_x").unwrap().as_str(), "6.1.0-rc1+deb~2_x");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = KernelVersion::new(&text);
        }
    }
}
