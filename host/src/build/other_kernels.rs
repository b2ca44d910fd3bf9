//! A source that is not there under the version that the project's files give, while those of other versions are.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::error::Error;
use crate::kernel::KernelVersion;
use crate::tree::source::SourceError;

/// How many versions of a directory are named.
const SHOWN: usize = 8;

/// Says of a source that is missing which versions are beside it, and why they may differ.
pub(super) fn explain(config: &Config, error: SourceError) -> Error {
    let SourceError::Missing { candidates, .. } = &error else { return error.into() };
    let derived = Derived { kernel: config.kernel.as_str(), local: config.kernel_config.text("CONFIG_LOCALVERSION") };
    let mut there: Vec<Versions> = Vec::new();
    for versions in candidates.iter().filter_map(|path| Versions::beside(path, derived)) {
        if there.iter().all(|other| other.directory != versions.directory) {
            there.push(versions);
        }
    }
    let Some(nearest) = there.iter().map(|versions| &*versions.versions[0]).min_by_key(|other| derived.distance(other))
    else {
        return error.into();
    };
    let hint = derived.hint(nearest);
    let there = there.iter().map(Versions::to_string).collect::<Vec<_>>().join("; ");
    Error::OtherKernels { missing: error, there, hint }
}

/// The versions that a directory has a tree of; there is at least one.
#[derive(Debug, PartialEq, Eq)]
struct Versions {
    directory: PathBuf,
    /// The nearest one first.
    versions: Vec<String>,
}

impl Versions {
    /// Those in the directory where the one of a path's parts that is missing should be, if that part has the version in its
    /// name.
    fn beside(path: &Path, derived: Derived<'_>) -> Option<Versions> {
        let missing = path.ancestors().take_while(|ancestor| !ancestor.exists()).last()?;
        let (before, after) = missing.file_name()?.to_str()?.split_once(derived.kernel)?;
        let directory = missing.parent()?.to_owned();
        let version = |name: &str| {
            let version = name.strip_prefix(before)?.strip_suffix(after)?;
            KernelVersion::new(version).is_ok().then(|| version.to_owned())
        };
        let entries = std::fs::read_dir(&directory).ok()?.flatten().filter(|entry| entry.path().is_dir());
        let mut versions: Vec<String> = entries.filter_map(|entry| version(entry.file_name().to_str()?)).collect();
        versions.sort_by_cached_key(|version| (derived.distance(version), version.clone()));
        (!versions.is_empty()).then_some(Versions { directory, versions })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.versions[..self.versions.len().min(SHOWN)];
        write!(f, "{} has {}", self.directory.display(), shown.join(", "))?;
        match self.versions.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The version that the project's files give, which has no tree.
#[derive(Clone, Copy)]
struct Derived<'a> {
    kernel: &'a str,
    /// `CONFIG_LOCALVERSION`, its end.
    local: &'a str,
}

impl<'a> Derived<'a> {
    /// It without `CONFIG_LOCALVERSION`.
    fn published(self) -> &'a str {
        self.kernel.strip_suffix(self.local).unwrap_or(self.kernel)
    }

    /// What another version has behind the published one, if it is of the same.
    fn rest_of(self, other: &str) -> Option<&str> {
        other.strip_prefix(self.published()).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    }

    /// How much another version differs.
    fn distance(self, other: &str) -> (bool, usize) {
        (self.rest_of(other).is_none(), strsim::levenshtein(other, self.kernel))
    }

    /// What to do about `nearest`, which is there in its place.
    fn hint(self, nearest: &str) -> String {
        let build = format!("build the modules of {}", self.kernel);
        let Some(setting) = self.setting(nearest) else { return build };
        let cause = self.cause(nearest).map(|cause| format!(" ({cause})")).unwrap_or_default();
        format!("if the nodes' kernel calls itself {nearest}{cause}, set {setting}; else {build}")
    }

    /// The lines of the project's files that make `nearest` the version.
    fn setting(self, nearest: &str) -> Option<String> {
        let version = |version: &str| format!("KERNEL_VERSION=\"{version}\" in config/build.conf");
        let local = |local: &str| format!("CONFIG_LOCALVERSION=\"{local}\" in config/kernel.config");
        let is_nearest = |version: &str, local: &str| {
            KernelVersion::of_parts(version, local).is_ok_and(|made| made.as_str() == nearest)
        };
        match (nearest.strip_suffix(self.local), self.rest_of(nearest)) {
            (Some(start), _) if is_nearest(start, self.local) => Some(version(start)),
            (_, Some(rest)) => Some(local(rest)),
            _ => is_nearest(nearest, "").then(|| format!("{} and {}", version(nearest), local(""))),
        }
    }

    /// What makes the kernel that it was derived for call itself `nearest`; `None` where that is another kernel.
    fn cause(self, nearest: &str) -> Option<&'static str> {
        match self.rest_of(nearest)? {
            "" => None,
            rest if rest.ends_with('+') && !self.kernel.ends_with('+') => Some(
                "its build adds `+` in a git checkout that is not at a version's tag, unless make is given LOCALVERSION=",
            ),
            rest if rest.starts_with("-rt") => {
                Some("a file localversion-rt in its sources adds the number of the real-time patches")
            }
            _ => Some("its build adds the files localversion* of its sources and LOCALVERSION= of make, too"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_setting_that_gives_the_nearest_version_and_why_it_may_differ() {
        let version = |version: &str| format!("KERNEL_VERSION=\"{version}\" in config/build.conf");
        let local = |local: &str| format!("CONFIG_LOCALVERSION=\"{local}\" in config/kernel.config");
        let git = " (its build adds `+` in a git checkout that is not at a version's tag, unless make is given LOCALVERSION=)";
        let rt = " (a file localversion-rt in its sources adds the number of the real-time patches)";
        let other = " (its build adds the files localversion* of its sources and LOCALVERSION= of make, too)";
        for (kernel, configured, nearest, setting, cause) in [
            ("6.12.44-Zero-OS", "-Zero-OS", "6.12.44-rt12-Zero-OS", version("6.12.44-rt12"), rt),
            ("6.12.44-Zero-OS", "-Zero-OS", "6.12.44-Zero-OS+", local("-Zero-OS+"), git),
            ("6.12.44", "", "6.12.44+", version("6.12.44+"), git),
            ("6.12.44", "", "6.12.44-custom", version("6.12.44-custom"), other),
            ("6.12.44-a", "-a", "6.12.44-a-g1234567", local("-a-g1234567"), other),
            ("6.12.44-a", "-a", "6.12.44", local(""), ""),
            ("6.12.44-a", "-a", "6.12.45-a", version("6.12.45"), ""),
            ("6.12.4", "", "6.12.44", version("6.12.44"), ""),
            ("6.12.44-a", "-a", "6.1.5-b", format!("{} and {}", version("6.1.5-b"), local("")), ""),
        ] {
            let right = format!(
                "if the nodes' kernel calls itself {nearest}{cause}, set {setting}; else build the modules of {kernel}"
            );
            assert_eq!(Derived { kernel, local: configured }.hint(nearest), right);
        }
        // A sublevel is added to what has none, so that no setting gives such a version.
        let derived = Derived { kernel: "6.12.0-a", local: "-a" };
        assert_eq!(derived.hint("6.11-b"), "build the modules of 6.12.0-a");
    }

    #[test]
    fn versions_are_those_beside_the_part_that_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["modules/6.1-a", "modules/6.2-a", "modules/notes", "linux-6.1-a/lib/modules"] {
            std::fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        std::fs::write(directory.path().join("modules/6.3-a"), "").unwrap();
        let found = |path: &str| {
            let Versions { directory, versions } =
                Versions::beside(&directory.path().join(path), Derived { kernel: "6.4-a", local: "-a" })?;
            Some((directory.file_name()?.to_str()?.to_owned(), versions))
        };
        let both = || Some(("modules".to_owned(), vec!["6.1-a".to_owned(), "6.2-a".to_owned()]));
        assert_eq!([found("modules/6.4-a"), found("modules/6.4-a/kernel")], [both(), both()]);
        assert_eq!(found("linux-6.4-a/lib/modules/6.4-a").unwrap().1, ["6.1-a"]);
        let none = ["other/6.4-a", "modules/here", "linux-6.1-a/lib/modules/6.4-a"].map(found);
        assert_eq!(none, [None, None, None]);
    }

    #[test]
    fn no_more_than_eight_versions_are_listed() {
        let of = |count: usize| {
            let versions = (1..=count).map(|sublevel| format!("6.1.{sublevel}")).collect();
            Versions { directory: "/m".into(), versions }.to_string()
        };
        assert_eq!(of(2), "/m has 6.1.1, 6.1.2");
        assert!(of(8).ends_with("6.1.7, 6.1.8"));
        assert!(of(10).ends_with("6.1.7, 6.1.8 and 2 more"));
    }
}
