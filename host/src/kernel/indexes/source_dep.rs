//! The source's own `modules.dep`, whether it goes into the flist or not.

use std::collections::BTreeMap;

use flistry_common::text::lossy_text;

use super::error::{IndexError, not_text};
use super::fit::{DEP, MAX_INDEX_BYTES};
use crate::tree::Kind;
use crate::tree::scan::Scan;
use crate::tree::source::Source;

/// What modules the source has by its indexes, and what they need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDep(BTreeMap<String, Vec<String>>);

impl SourceDep {
    /// Reads it; nothing is known where the source has none.
    ///
    /// # Errors
    /// A `modules.dep` that can't be one, or can't be read.
    pub fn read(source: &Source, scan: &Scan) -> Result<SourceDep, IndexError> {
        let mut entries = scan.entries().iter().skip(1);
        let Some(dep) = entries.find(|entry| entry.parent == 0 && entry.name == DEP) else {
            return Ok(SourceDep::default());
        };
        let read = match dep.kind {
            Ok(Kind::File { .. }) => source.read_unchanged(DEP, &dep.identity, MAX_INDEX_BYTES).map_err(Into::into),
            _ => Err(std::io::Error::other("it is not a regular file")),
        };
        let failed = |error| IndexError::Read { path: source.path().join(DEP), error };
        let bytes = read.map_err(failed)?;
        Ok(SourceDep::parse(&lossy_text(&bytes).map_err(|why| failed(not_text(why)))?))
    }

    /// A malformed line is passed over: [`super::check`] finds it.
    pub(super) fn parse(text: &str) -> SourceDep {
        let line = |line| {
            let (module, needs): (&str, &str) = str::split_once(line, ':')?;
            Some((module.to_owned(), needs.split_whitespace().map(str::to_owned).collect()))
        };
        SourceDep(text.lines().filter_map(line).collect())
    }

    /// The modules' paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What a module needs.
    pub(super) fn needs(&self, module: &str) -> &[String] {
        self.0.get(module).map_or(&[], Vec::as_slice)
    }
}
