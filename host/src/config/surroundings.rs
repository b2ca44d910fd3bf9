//! What paths of `config/flistry.toml` are relative to, and what their placeholders stand for.

use std::path::{Path, PathBuf};

use super::layers::{TableAt, TomlError};
use super::path_template::PathTemplate;
use crate::kernel::KernelVersion;

/// Known before anything is looked at.
pub(super) struct Surroundings<'a> {
    pub project: &'a Path,
    pub kernel: &'a KernelVersion,
    pub release: &'a str,
}

impl Surroundings<'_> {
    /// A setting that is a list of paths with placeholders, made absolute.
    ///
    /// # Errors
    /// A path that is empty or has another placeholder.
    pub fn paths(&self, at: &TableAt, key: &str, hint: &str, texts: &[String]) -> Result<Vec<PathBuf>, TomlError> {
        let path = |(index, text): (usize, &String)| {
            if text.is_empty() {
                return Err(at.item_error(key, index, "it is empty", hint));
            }
            let template = PathTemplate::parse(text)
                .map_err(|error| at.item_error(key, index, error.to_string(), error.hint()))?;
            Ok(self.project.join(template.expand(self.kernel, self.release)))
        };
        texts.iter().enumerate().map(path).collect()
    }
}
