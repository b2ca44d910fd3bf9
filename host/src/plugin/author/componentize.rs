//! A plugin's crate to a component: `cargo build` for the WASM target, then the component around what that gave.
//!
//! ```text
//! crate ── cargo, wasm32-unknown-unknown ──▶ core module with its world in a custom section
//!       ── wit-component ──▶ component ── wasm-metadata ──▶ name, version, description
//! ```
//!
//! The same crate and toolchain give the same bytes, wherever they lie on the disk.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use wasm_metadata::{AddMetadata, AddMetadataField};

/// What plugins are compiled for: it imports nothing of its own.
const TARGET: &str = "wasm32-unknown-unknown";

/// What a component says of itself, readable without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrateMetadata {
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its description; empty for none.
    pub description: String,
}

/// Makes a component of a core module that was compiled against `wit/`.
///
/// # Errors
/// [`ComponentizeError`] for what is not a module, or imports what its world does not have. A module without a world becomes
/// a component that exports nothing: whether it is a plugin is told by its type.
pub fn componentize(core_module: &[u8], metadata: &CrateMetadata) -> Result<Vec<u8>, ComponentizeError> {
    // `{:#}`: the causes, too.
    let failed = |error| ComponentizeError(format!("{error:#}"));
    let encoder = wit_component::ComponentEncoder::default();
    let component =
        encoder.validate(true).module(core_module).and_then(|mut encoder| encoder.encode()).map_err(failed)?;
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(metadata.name.clone());
    add.version = AddMetadataField::Set(wasm_metadata::Version::new(metadata.version.clone()));
    if !metadata.description.is_empty() {
        add.description = AddMetadataField::Set(wasm_metadata::Description::new(metadata.description.clone()));
    }
    add.to_wasm(&component).map_err(failed)
}

/// A core module that can't be made a component.
#[derive(Debug, thiserror::Error)]
#[error("the module cannot be made a component: {0}")]
pub struct ComponentizeError(String);

/// A compiler that can build plugins.
#[derive(Clone, Debug)]
pub struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    /// `rustc --version`, the line.
    version: String,
    standard_library: StandardLibrary,
    path: OsString,
}

/// Where the target's standard library comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StandardLibrary {
    /// Compiled, as rustup installs it.
    Installed,
    /// Its source, in this directory: Debian's compiler.
    Source(PathBuf),
}

/// What a build gave.
#[derive(Clone, Debug)]
pub struct CompiledCrate {
    /// The core module.
    pub module: Vec<u8>,
    /// What the crate says of itself.
    pub metadata: CrateMetadata,
}

impl Toolchain {
    /// Looks through the directories of a `PATH` for a rustc that has the target's standard library, compiled or as source,
    /// with the cargo beside it.
    ///
    /// # Errors
    /// [`ToolchainError::NotFound`], whose hint says what to install.
    pub fn find(path_env: &OsStr) -> Result<Toolchain, ToolchainError> {
        let mut seen = Vec::new();
        let mut from_source = None;
        for directory in std::env::split_paths(path_env) {
            let (rustc, cargo) = (directory.join("rustc"), directory.join("cargo"));
            if !rustc.is_file() || !cargo.is_file() {
                continue;
            }
            let (Some(version), Some(sysroot)) = (ask(&rustc, &["--version"]), ask(&rustc, &["--print", "sysroot"]))
            else {
                continue;
            };
            let library = Path::new(&sysroot).join("lib/rustlib");
            let source = library.join("src/rust/library");
            // What the build of `std` needs beside its source is locked there.
            let has_source = source.join("std/Cargo.toml").is_file() && source.join("Cargo.lock").is_file();
            let mut path = directory.clone().into_os_string();
            path.push(":");
            path.push(path_env);
            let toolchain =
                |standard_library| Toolchain { cargo, rustc, version: version.clone(), standard_library, path };
            if library.join(TARGET).join("lib").is_dir() {
                return Ok(toolchain(StandardLibrary::Installed));
            }
            if has_source && from_source.is_none() {
                from_source = Some(toolchain(StandardLibrary::Source(source)));
            }
            seen.push(directory);
        }
        from_source.ok_or(ToolchainError::NotFound { seen })
    }

    /// Compiles the plugin in `dir`, with its `Cargo.lock` if it has one.
    ///
    /// # Errors
    /// [`ToolchainError::Build`] with what the compiler said, [`ToolchainError::NotAPlugin`] for a crate that gives no
    /// module.
    pub fn build(&self, dir: &Path) -> Result<CompiledCrate, ToolchainError> {
        let dir = dir.canonicalize().map_err(|error| ToolchainError::Io { path: dir.to_owned(), error })?;
        let not_a_plugin = || ToolchainError::NotAPlugin(dir.clone());
        let metadata = ["metadata", "--format-version=1", "--filter-platform", TARGET];
        let packages: Packages =
            serde_json::from_str(&self.cargo(&dir, &metadata, &[])?).map_err(|_| not_a_plugin())?;
        let manifest = dir.join("Cargo.toml");
        let own =
            packages.packages.iter().find(|package| package.manifest_path == manifest).ok_or_else(not_a_plugin)?;

        let mut arguments = vec!["build", "--release", "--target", TARGET, "--message-format=json-render-diagnostics"];
        if let StandardLibrary::Source(_) = self.standard_library {
            arguments.push("-Zbuild-std=std,panic_abort");
        }
        let messages = self.cargo(&dir, &arguments, &self.flags(&packages))?;
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
        let mut files = artifacts.filter(|artifact| artifact.manifest_path == manifest).flat_map(|a| a.filenames);
        let module = files.find(|file| file.extension() == Some(OsStr::new("wasm"))).ok_or_else(not_a_plugin)?;
        let module = std::fs::read(&module).map_err(|error| ToolchainError::Io { path: module, error })?;
        let metadata = CrateMetadata {
            name: own.name.clone(),
            version: own.version.clone(),
            description: own.description.clone().unwrap_or_default(),
        };
        Ok(CompiledCrate { module, metadata })
    }

    /// Runs cargo in `dir` and returns its standard output.
    fn cargo(&self, dir: &Path, arguments: &[&str], flags: &[String]) -> Result<String, ToolchainError> {
        let mut command = Command::new(&self.cargo);
        command.current_dir(dir).args(arguments).stdin(Stdio::null());
        command.env("PATH", &self.path).env("RUSTC", &self.rustc).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        // Set here, so that an author's crate does not have to.
        for (setting, value) in
            [("OPT_LEVEL", "s"), ("LTO", "true"), ("CODEGEN_UNITS", "1"), ("PANIC", "abort"), ("STRIP", "debuginfo")]
        {
            command.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        if let StandardLibrary::Source(_) = self.standard_library {
            // Building the standard library is not a stable feature.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        let output = command.output().map_err(|error| ToolchainError::Io { path: self.cargo.clone(), error })?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => {
                let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
                Err(ToolchainError::Build { dir: dir.to_owned(), said })
            }
        }
    }

    /// Panic messages have the paths of sources in them: these flags make them the same on every machine.
    fn flags(&self, packages: &Packages) -> Vec<String> {
        let mut directories = BTreeMap::new();
        for package in &packages.packages {
            let directory = package.manifest_path.parent().unwrap_or(Path::new("/"));
            let registry =
                directory.ancestors().find(|above| above.parent().is_some_and(|src| src.ends_with("registry/src")));
            match registry {
                Some(registry) => directories.insert(registry.to_owned(), "/registry".to_owned()),
                None => directories.insert(directory.to_owned(), format!("/{}", package.name)),
            };
        }
        if let StandardLibrary::Source(source) = &self.standard_library {
            directories.insert(source.clone(), "/library".to_owned());
        }
        directories.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
    }
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Packages {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    description: Option<String>,
    manifest_path: PathBuf,
}

/// A message of `cargo build` that says what was made.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    filenames: Vec<PathBuf>,
}

/// What a program prints, without the line's end; `None` where it can't be run.
fn ask(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The compiler, as it calls itself.
impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.version)
    }
}

/// A plugin that can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// No compiler for the target.
    #[error("there is no Rust compiler for {TARGET}{}", looked_at(seen))]
    NotFound {
        /// Directories with a compiler that lacks the target.
        seen: Vec<PathBuf>,
    },
    /// The compiler refused it.
    #[error("the plugin in {} does not build:\n  {}", dir.display(), said.replace('\n', "\n  "))]
    Build {
        /// The crate's directory.
        dir: PathBuf,
        /// What cargo wrote.
        said: String,
    },
    /// The crate gives no module.
    #[error("the crate in {} gives no WASM module", .0.display())]
    NotAPlugin(PathBuf),
    /// A file or a program that should be there.
    #[error("{}: {error}", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// What happened.
        #[source]
        error: std::io::Error,
    },
}

fn looked_at(seen: &[PathBuf]) -> String {
    let directories: Vec<String> = seen.iter().map(|directory| directory.display().to_string()).collect();
    if directories.is_empty() { String::new() } else { format!("; the one in {} lacks it", directories.join(", ")) }
}

impl ToolchainError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ToolchainError::NotFound { .. } => Some(
                "run `rustup target add wasm32-unknown-unknown`, or on Debian \
                 `apt-get install rustc-web cargo-web rust-web-src lld-22`",
            ),
            ToolchainError::Build { said, .. } if said.contains("linker `rust-lld` not found") => {
                Some("run `apt-get install lld-22`")
            }
            ToolchainError::NotAPlugin(_) => Some("its Cargo.toml needs [lib] crate-type = [\"cdylib\"]"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_compiler_comes_with_what_to_install() {
        let error = Toolchain::find(OsStr::new("/nonexistent")).unwrap_err();
        assert_eq!(error.to_string(), "there is no Rust compiler for wasm32-unknown-unknown");
        assert!(error.hint().unwrap().starts_with("run `rustup target add wasm32-unknown-unknown`"));
        let error = ToolchainError::NotFound { seen: vec!["/usr/bin".into()] };
        assert!(error.to_string().ends_with("; the one in /usr/bin lacks it"));
    }

    #[test]
    fn a_file_that_is_not_a_module_is_refused() {
        let metadata = CrateMetadata { name: "x".to_owned(), version: "0.1.0".to_owned(), description: String::new() };
        for bytes in [&b"text"[..], b"\0asm\x0d\0\x01\0", b""] {
            let error = componentize(bytes, &metadata).unwrap_err();
            assert!(error.to_string().starts_with("the module cannot be made a component: "), "{error}");
        }
    }
}
