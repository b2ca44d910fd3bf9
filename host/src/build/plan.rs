//! What a build is going to do with one flist, found out without writing to the source, the store or the output.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::{Config, Flist};
use crate::kernel::indexes::depmod::Depmod;
use crate::kernel::indexes::{Indexed, Mismatch};
use crate::plugin::FlistNames;
use crate::progress::Warning;
use crate::report::{Decisions, Stage};
use crate::tree::Input;
use crate::tree::source::Source;

/// The plan of one flist.
#[non_exhaustive]
pub struct Plan<'a> {
    /// The whole configuration.
    pub config: &'a Config,
    /// The flist's part of it.
    pub flist: &'a Flist,
    /// Where its files are.
    pub source: Source,
    /// What will be packed.
    pub input: Input,
    /// What it will be called.
    pub names: FlistNames,
    /// The manifest's tags, without those that only the finished contents give.
    pub tags: BTreeMap<String, String>,
    /// What plugins decided.
    pub decisions: Decisions,
    /// Where the modules' indexes don't fit them: how they are made again.
    pub indexes: Option<NewIndexes>,
    /// How long the stages so far took.
    pub stages: Vec<Stage>,
    /// What the user was warned about so far.
    pub warnings: Vec<Warning>,
}

/// How a build makes the indexes of its modules again.
#[non_exhaustive]
pub struct NewIndexes {
    /// What does not fit; at least one.
    pub why: Vec<Mismatch>,
    /// The modules that they are to name.
    pub modules: Vec<Indexed>,
    /// What makes them.
    pub depmod: Depmod,
    /// The kernel's symbols, where there is a table of them.
    pub system_map: Option<PathBuf>,
}
