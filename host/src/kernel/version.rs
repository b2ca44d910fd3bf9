//! The kernel version that a build is for. It comes from the build's own files: `uname` would tell of the machine
//! that happens to run the build.

use std::fmt;

use flistry_common::names::is_plain;

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
        let valid = text.starts_with(|c: char| c.is_ascii_digit()) && is_plain(text);
        match valid && text.len() <= MAX_LEN {
            true => Ok(KernelVersion(text.to_owned())),
            false => Err(KernelVersionError::Invalid(text.chars().take(MAX_LEN).collect())),
        }
    }

    /// `KERNEL_VERSION` of the build, which may be empty, and `CONFIG_LOCALVERSION` of the kernel, which may be unset.
    /// What is published as 6.12 or 6.13-rc1 calls itself 6.12.0 or 6.13.0-rc1, and so does the version.
    pub fn derive(version: &str, config: &KernelConfig) -> Result<KernelVersion, KernelVersionError> {
        if version.is_empty() {
            return Err(KernelVersionError::Missing);
        }
        if config.get("CONFIG_LOCALVERSION_AUTO") == Some(&KernelOption::BuiltIn) {
            return Err(KernelVersionError::Auto);
        }
        KernelVersion::of_parts(version, config.text("CONFIG_LOCALVERSION"))
    }

    /// What `KERNEL_VERSION` and `CONFIG_LOCALVERSION` make together.
    pub fn of_parts(version: &str, local: &str) -> Result<KernelVersion, KernelVersionError> {
        KernelVersion::new(&format!("{}{local}", with_sublevel(version)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the kernel's makefile puts together, `VERSION.PATCHLEVEL.SUBLEVEL` and `EXTRAVERSION`: the sublevel of a version that is
/// published without one is 0.
fn with_sublevel(version: &str) -> String {
    let (number, rest) = digits(version);
    let Some((patchlevel, extra)) = rest.strip_prefix('.').map(digits) else { return version.to_owned() };
    let has_sublevel = extra.strip_prefix('.').is_some_and(|rest| !digits(rest).0.is_empty());
    match number.is_empty() || patchlevel.is_empty() || has_sublevel {
        true => version.to_owned(),
        false => format!("{number}.{patchlevel}.0{extra}"),
    }
}

/// The digits at the beginning, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
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
    fn a_version_is_what_such_a_kernel_calls_itself() {
        let local = "CONFIG_LOCALVERSION=\"-Zero-OS\"";
        for (published, called) in [
            ("6.12", "6.12.0-Zero-OS"),
            ("6.13-rc1", "6.13.0-rc1-Zero-OS"),
            ("6.13-rc1-next-20241129", "6.13.0-rc1-next-20241129-Zero-OS"),
            ("6.12+", "6.12.0+-Zero-OS"),
            ("3.0", "3.0.0-Zero-OS"),
            ("6.12.0", "6.12.0-Zero-OS"),
            ("6.13.0-rc1", "6.13.0-rc1-Zero-OS"),
            ("6.12.44-rt12", "6.12.44-rt12-Zero-OS"),
            ("2.6.32.71", "2.6.32.71-Zero-OS"),
            // No kernel was published under such a number; nothing is made up.
            ("6", "6-Zero-OS"),
        ] {
            assert_eq!(derive(published, local).unwrap(), called, "{published}");
        }
        assert_eq!(derive("6.12", "").unwrap(), "6.12.0");
        assert_eq!(derive("6.", "").unwrap(), "6.");
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
