//! The node's side: scripts that mount flists, and the units that have zinit run them.
//!
//! ```text
//! reports of builds ─▶ mounts ─┐
//! [zinit] of flistry.toml ─────┼─▶ plan (files as values, each unit read back strictly) ─▶ a folder, or an initramfs
//! templates ───────────────────┘
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`mounts`] | what the last builds made, and where a node mounts it |
//! | [`template`] | the scripts and units with placeholders, the shipped ones or a project's own |
//! | [`units`] | which unit waits for which, in both dialects |
//! | [`yaml`], [`toml`] | strict models of what the two zinits read |
//! | [`kernel_text`], [`quote`] | text with the node's kernel in it; text that stays text |
//! | [`output`] | writing into a folder without losing what a person changed |
//! | [`initramfs`] | writing into a tree that is to be packed |

mod error;
pub mod initramfs;
pub mod kernel_text;
pub mod mounts;
pub mod output;
pub mod quote;
pub mod template;
pub mod toml;
pub mod units;
mod write;
pub mod yaml;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::progress::{Progress, Step};

pub use error::ZinitError;
pub use mounts::Mount;
pub use template::Templates;
pub use units::plan;
pub use write::{FileState, Written};

/// The project's templates, shown to be usable: a build asks before it packs anything.
///
/// # Errors
/// A template that can't be used, or that gives a unit which zinit would not take as it is meant.
pub fn templates(config: &Config, progress: &dyn Progress) -> Result<Templates, ZinitError> {
    let templates = Templates::load(&config.project)?;
    for warning in &templates.warnings {
        progress.warn(warning.clone());
    }
    let mounts = mounts::before_build(&config.flists);
    if !mounts.is_empty() {
        plan(&mounts, &config.zinit, &templates)?;
    }
    Ok(templates)
}

/// The last stage of a build: scripts and units for all that was built so far. None if no flist has a place on a node.
///
/// # Errors
/// What can't be read or written.
pub fn after_build(
    config: &Config,
    templates: &Templates,
    progress: &dyn Progress,
) -> Result<Option<Written>, ZinitError> {
    let mounts = mounts::built(&config.flists, &config.output)?;
    if mounts.is_empty() {
        return Ok(None);
    }
    progress.begin(Step::Units, 0);
    let files = plan(&mounts, &config.zinit, templates)?;
    let (written, warnings) = output::write(&config.zinit_output, &files, output::Policy::KeepChanged)?;
    for warning in warnings {
        progress.warn(warning);
    }
    Ok(Some(written))
}

/// Bytes of a unit's longest name.
const MAX_UNIT_NAME: usize = 64;

/// Which zinit a unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// zinit 0.2.
    Yaml,
    /// zinit 0.3.
    Toml,
}

impl Dialect {
    /// The word in the configuration; also how its files end.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Yaml => "yaml",
            Dialect::Toml => "toml",
        }
    }
}

/// How a mount is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// rfs stays in the foreground; when it dies, zinit starts it again.
    Supervised,
    /// rfs goes to the background; when it dies, it is gone.
    Oneshot,
}

impl Form {
    /// The word in the configuration and in scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Supervised => "supervised",
            Form::Oneshot => "oneshot",
        }
    }
}

/// Where the mounts have their place in a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// After the first coldplug has brought the network up, with a coldplug of their own.
    AfterUdevTrigger,
    /// Before it, in images whose network is up earlier: it is replaced by one that waits for them, for a while.
    BeforeUdevTrigger,
}

/// All of `[zinit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For which zinits.
    pub dialects: Vec<Dialect>,
    /// How a mount is run.
    pub form: Form,
    /// Where the mounts have their place.
    pub order: Order,
    /// The folder of flists on the node.
    pub manifests: String,
    /// The folder of scripts on the node.
    pub scripts: String,
    /// The folder on the node where rfs keeps blocks.
    pub cache: String,
    /// rfs on the node: a command or a path.
    pub rfs: String,
    /// Seconds that the coldplug waits for mounts.
    pub wait: u32,
    /// Names of units of zinit 0.2.
    pub yaml: Names,
    /// Names of units of zinit 0.3.
    pub toml: Names,
    /// The unit of zinit 0.3 that groups the mounts.
    pub target: String,
}

/// Names of units in one dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// What the mounts come after.
    pub network: Vec<String>,
    /// What a coldplug comes after, besides.
    pub udevd: Vec<String>,
    /// The coldplug, where it is one of its own.
    pub coldplug: String,
}

/// The image's own first coldplug, which [`Order::BeforeUdevTrigger`] replaces.
pub const UDEV_TRIGGER: &str = "udev-trigger";

impl Settings {
    /// A dialect's names.
    pub fn names(&self, dialect: Dialect) -> &Names {
        match dialect {
            Dialect::Yaml => &self.yaml,
            Dialect::Toml => &self.toml,
        }
    }

    /// What the coldplug's unit is called.
    pub fn coldplug(&self, dialect: Dialect) -> &str {
        match self.order {
            Order::AfterUdevTrigger => &self.names(dialect).coldplug,
            Order::BeforeUdevTrigger => UDEV_TRIGGER,
        }
    }
}

/// One file that is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedFile {
    /// What it is, which says where it goes.
    pub kind: FileKind,
    /// Its name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What a generated file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A shell script.
    Script,
    /// A unit.
    Unit(Dialect),
}

impl GeneratedFile {
    /// Its path in the output folder.
    pub fn path(&self) -> String {
        let folder = match self.kind {
            FileKind::Script => "init",
            FileKind::Unit(dialect) => dialect.as_str(),
        };
        format!("{folder}/{}", self.name)
    }

    /// Its permissions.
    fn mode(&self) -> u32 {
        match self.kind {
            FileKind::Script => 0o755,
            FileKind::Unit(_) => 0o644,
        }
    }
}

/// Whether both zinits take it as a unit's name, and a file can have it.
pub fn is_unit_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.len() <= MAX_UNIT_NAME && !name.starts_with(['.', '-']) && name.bytes().all(plain)
}

/// The first line of a message that others wrote, which may draw a picture below it.
fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.trim().trim_start_matches("error: ").to_owned()
}
