//! How much of an flist is proven.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A level of the ladder; each proves what the ones before it prove, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The manifest alone, by stock rfs's rules; no store is asked.
    Schema,
    /// Every blob is in the store.
    Presence,
    /// And a sample of them is what it should be.
    Sample,
    /// And all of them are.
    Full,
}

impl Level {
    /// As the command line, the configuration and a report write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Schema => "schema",
            Level::Presence => "presence",
            Level::Sample => "sample",
            Level::Full => "full",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a build proves of what it has just packed: a level that looks at the store. The schema of a manifest that was
/// written a moment ago says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadBackLevel {
    /// [`Level::Presence`].
    Presence,
    /// [`Level::Sample`].
    Sample,
    /// [`Level::Full`].
    Full,
}

impl From<ReadBackLevel> for Level {
    fn from(level: ReadBackLevel) -> Level {
        match level {
            ReadBackLevel::Presence => Level::Presence,
            ReadBackLevel::Sample => Level::Sample,
            ReadBackLevel::Full => Level::Full,
        }
    }
}

impl fmt::Display for ReadBackLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Level::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_s_level_has_the_name_of_the_ladder_s() {
        for level in [ReadBackLevel::Presence, ReadBackLevel::Sample, ReadBackLevel::Full] {
            assert!(Level::from(level) > Level::Schema);
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
        }
        assert!(serde_json::from_str::<ReadBackLevel>("\"schema\"").is_err());
    }
}
