//! A new plugin's crate: it builds and passes its test as it stands.
//!
//! The SDK is not in a registry, so the crate brings it along, with what it is made from: the build script embedded all of it
//! (`host/build.rs`).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::files::writing_hint;
use crate::plugin::Hook;

/// Bytes of a name: as many as a plugin's name in `flistry.toml` may have.
const MAX_NAME: usize = 40;

const MANIFEST: &str = include_str!("../../../../plugins/template/Cargo.toml");
const README: &str = include_str!("../../../../plugins/template/README.md");

/// The SDK, what it shares with the host and the interface, as they lie in flistry's own repository: paths and texts.
const VENDORED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/vendored.rs"));

/// Where they lie in a plugin's crate.
const VENDOR: &str = "vendor/flistry";

/// Why a crate was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScaffoldError {
    /// The name can't be a plugin's.
    #[error("`{0}` cannot name a plugin")]
    Name(String),
    /// Something has its path already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A directory or file was not written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl ScaffoldError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            ScaffoldError::Name(_) => {
                format!("use up to {MAX_NAME} lowercase letters, digits and `-`, beginning with a letter")
            }
            ScaffoldError::Exists(_) => "choose another name, or another directory with --dir".to_owned(),
            ScaffoldError::Write { error, .. } => writing_hint(error).to_owned(),
        }
    }
}

/// Makes the crate `name` in `parent`, and returns its directory. Nothing that exists is touched.
///
/// # Errors
/// Where the name is invalid or taken, or something can't be written.
pub fn new_plugin(parent: &Path, name: &str, hook: Hook) -> Result<PathBuf, ScaffoldError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.len() > MAX_NAME || !name.bytes().all(plain) {
        return Err(ScaffoldError::Name(name.to_owned()));
    }
    let directory = parent.join(name);
    let failed = |path: &str, error| ScaffoldError::Write { path: directory.join(path), error };
    std::fs::create_dir(&directory).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => ScaffoldError::Exists(directory.clone()),
        _ => failed("", error),
    })?;
    let dir = Dir::open_ambient_dir(&directory, ambient_authority()).map_err(|error| failed("", error))?;
    let write = |path: &str, text: &str| {
        let parent = Path::new(path).parent().unwrap_or(Path::new(""));
        let written = dir.create_dir_all(parent).and_then(|()| dir.write(path, text));
        written.map_err(|error| failed(path, error))
    };
    let (code, (key, value), line) = template(hook);
    let readme = README.replace("CONFIG-LINE", &format!("config.{key} = {value}"));
    let readme = readme
        .replace("CONFIG-JSON", &format!("{{\"{key}\": {value}}}"))
        .replace("HOOK-LINE", line)
        .replace("PLUGIN-NAME", name);
    write("Cargo.toml", &MANIFEST.replace("PLUGIN-NAME", name))?;
    write("README.md", &readme)?;
    write("src/lib.rs", code)?;
    write(".gitignore", "/target\n")?;
    VENDORED.iter().try_for_each(|(path, text)| write(&format!("{VENDOR}/{path}"), text))?;
    Ok(directory)
}

/// A hook's example: its code, a setting as key and value, and the line by which an flist uses it.
fn template(hook: Hook) -> (&'static str, (&'static str, &'static str), &'static str) {
    match hook {
        Hook::Filter => (
            include_str!("../../../../plugins/template/filter.rs"),
            ("endings", "[\".txt\"]"),
            "filters = [\"PLUGIN-NAME\"]",
        ),
        Hook::Naming => (
            include_str!("../../../../plugins/template/naming.rs"),
            ("product", "\"acme\""),
            "naming = \"PLUGIN-NAME\"",
        ),
        Hook::PostPack => (
            include_str!("../../../../plugins/template/post_pack.rs"),
            ("ending", "\"~\""),
            "post-pack = [\"PLUGIN-NAME\"]",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_finds_what_it_brings_along() {
        let vendored = |path: &str| VENDORED.iter().any(|(known, _)| *known == path);
        for path in
            ["plugins/sdk/Cargo.toml", "plugins/sdk/src/lib.rs", "plugins/common/src/modules/mod.rs", "wit/types.wit"]
        {
            assert!(vendored(path), "{path}");
        }
        for text in [MANIFEST, README] {
            assert!(text.contains(&format!("{VENDOR}/plugins/sdk")));
        }
    }

    #[test]
    fn the_author_s_guide_shows_the_templates() {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plugins.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        for hook in [Hook::Filter, Hook::Naming, Hook::PostPack] {
            assert!(guide.contains(template(hook).0), "{}", hook.as_str());
        }
    }

    #[test]
    fn a_crate_is_made_and_nothing_is_overwritten() {
        let parent = tempfile::tempdir().unwrap();
        for (name, hook) in [("a-filter", Hook::Filter), ("names", Hook::Naming), ("edits2", Hook::PostPack)] {
            let directory = new_plugin(parent.path(), name, hook).unwrap();
            let read = |file: &str| std::fs::read_to_string(directory.join(file)).unwrap();
            assert!(read("Cargo.toml").contains(&format!("name = \"{name}\"")));
            assert!(read("src/lib.rs").contains("export!("));
            assert!(read("README.md").contains(&format!("[plugin.{name}]")));
            for text in [read("Cargo.toml"), read("README.md"), read("src/lib.rs")] {
                assert!(!text.contains("PLUGIN-NAME") && !text.contains("CONFIG-"), "{text}");
                assert!(!text.contains("HOOK-LINE"), "{text}");
            }
            let error = new_plugin(parent.path(), name, hook).unwrap_err();
            assert_eq!(error.to_string(), format!("{} exists already", directory.display()));
        }
    }

    #[test]
    fn invalid_names_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["", "a b", "A", "1a", "../x", "a/b", "-a", "a_b", &"x".repeat(41)] {
            let error = new_plugin(parent.path(), name, Hook::Filter).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` cannot name a plugin"));
            assert!(error.hint().contains("up to 40 lowercase letters"));
        }
        let gone = parent.path().join("nowhere");
        assert!(matches!(new_plugin(&gone, "a", Hook::Filter).unwrap_err(), ScaffoldError::Write { .. }));
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
