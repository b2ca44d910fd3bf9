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
