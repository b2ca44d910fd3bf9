//! The table `config` of the plugin's entry in flistry.toml.

use flistry_plugin::Error;
use flistry_plugin::globs::Glob;
use serde::Deserialize;

/// The settings as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    modules: Vec<String>,
    keep: Vec<String>,
    drop: Vec<String>,
    extras: bool,
    microcode: Microcode,
    strict: bool,
    allow: Vec<String>,
}

/// What becomes of CPU microcode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Microcode {
    /// It stays.
    #[default]
    Keep,
    /// It is removed.
    Drop,
}

/// The settings as they are used.
#[derive(Debug)]
pub struct Settings {
    /// The flists whose modules say what is needed.
    pub modules: Vec<String>,
    /// What is kept in any case.
    pub keep: Vec<Glob>,
    /// What is removed in any other case.
    pub drop: Vec<Glob>,
    /// Whether the curated extras apply.
    pub extras: bool,
    /// What becomes of CPU microcode.
    pub microcode: Microcode,
    /// Whether firmware that is missing is an error.
    pub strict: bool,
    /// Names that may be missing.
    pub allow: Vec<Glob>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            modules: vec!["modules".to_owned()],
            keep: Vec::new(),
            drop: Vec::new(),
            extras: true,
            microcode: Microcode::default(),
            strict: false,
            allow: Vec::new(),
        }
    }
}

impl Config {
    /// Compiles the globs.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn settings(&self) -> Result<Settings, Error> {
        if self.modules.is_empty() {
            let what = "`modules` names no flist: without modules nothing says which firmware is needed";
            return Err(Error::new("no-modules", what));
        }
        let globs = |setting: &str, texts: &[String]| {
            let compiled: Result<Vec<Glob>, String> = texts.iter().map(|text| Glob::new(text)).collect();
            compiled.map_err(|what| Error::new("bad-pattern", format!("`{setting}`: {what}")))
        };
        Ok(Settings {
            modules: self.modules.clone(),
            keep: globs("keep", &self.keep)?,
            drop: globs("drop", &self.drop)?,
            extras: self.extras,
            microcode: self.microcode,
            strict: self.strict,
            allow: globs("allow", &self.allow)?,
        })
    }
}
