//! What the hooks of a component answered.

use std::fmt::{self, Display, Formatter};

use flistry::plugin::{EntryView, Operation, Usage};
use flistry::printable::Printable;
use flistry::progress::Warning;
use flistry::report::EntryReason;
use flistry::tree::LeftOut;
use serde::Serialize;

use crate::cli::outcome::Outcome;
use crate::cli::style::{bytes, first, good};

/// How many explanations of a hook are shown; JSON has them all.
const EXPLAINED: usize = 20;

/// What each hook of a component answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trial {
    pub filter: Option<FilterTrial>,
    pub naming: Option<NamingTrial>,
    pub post_pack: Option<PostPackTrial>,
    #[serde(skip)]
    pub warnings: Vec<Warning>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FilterTrial {
    /// How many entries stay.
    pub kept: usize,
    pub dropped: Vec<EntryReason>,
    #[serde(flatten)]
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamingTrial {
    pub file: String,
    pub aliases: Vec<String>,
    pub title: Option<String>,
    #[serde(flatten)]
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostPackTrial {
    pub operations: Vec<TriedOperation>,
    /// What a build would leave out.
    pub removed: Vec<LeftOut>,
    #[serde(flatten)]
    pub said: Said,
}

/// An operation, with the path of the entry that it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum TriedOperation {
    Remove { path: String },
    SetTag { key: String, value: String },
    RemoveTag { key: String },
    AddSymlink { path: String, target: String },
}

/// What a hook left besides its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    pub used: Usage,
    pub explained: Vec<EntryReason>,
    pub found: Vec<(String, String)>,
}

impl Trial {
    pub fn fuel(&self) -> u64 {
        self.said().map(|said| said.used.fuel).sum()
    }

    pub fn peak_memory(&self) -> u64 {
        self.said().map(|said| said.used.peak_memory).max().unwrap_or(0)
    }

    fn said(&self) -> impl Iterator<Item = &Said> {
        let filter = self.filter.iter().map(|trial| &trial.said);
        let naming = self.naming.iter().map(|trial| &trial.said);
        filter.chain(naming).chain(self.post_pack.iter().map(|trial| &trial.said))
    }

    /// Everything that must be the same the next time: all but the time that it took.
    pub fn without_seconds(&self) -> Trial {
        let mut trial = self.clone();
        let filter = trial.filter.iter_mut().map(|trial| &mut trial.said);
        let naming = trial.naming.iter_mut().map(|trial| &mut trial.said);
        let all = filter.chain(naming).chain(trial.post_pack.iter_mut().map(|trial| &mut trial.said));
        all.for_each(|said| said.used.seconds = 0.0);
        trial
    }
}

impl TriedOperation {
    /// An operation on `entries` that can be carried out.
    pub fn new(operation: Operation, entries: &[EntryView]) -> Self {
        match operation {
            Operation::Remove(id) => TriedOperation::Remove { path: entries[id.index()].path.clone() },
            Operation::SetTag { key, value } => TriedOperation::SetTag { key, value },
            Operation::RemoveTag { key } => TriedOperation::RemoveTag { key },
            Operation::AddSymlink { path, target } => TriedOperation::AddSymlink { path, target },
        }
    }
}

impl Outcome for Trial {}

impl Display for Trial {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.filter.iter().try_for_each(|trial| trial.fmt(f))?;
        self.naming.iter().try_for_each(|trial| trial.fmt(f))?;
        self.post_pack.iter().try_for_each(|trial| trial.fmt(f))
    }
}

impl Display for FilterTrial {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for EntryReason { path, reason } in &self.dropped {
            writeln!(f, "drops /{} ({})", Printable(path), Printable(reason))?;
        }
        self.said.write_explained(f)?;
        let (kept, dropped) = (self.kept, self.dropped.len());
        writeln!(f, "{} keeps {kept} entries, drops {dropped}; {}", good("filter"), self.said.used())
    }
}

impl Display for NamingTrial {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "names it {}", self.file)?;
        self.aliases.iter().try_for_each(|alias| writeln!(f, "alias {alias}"))?;
        let title = self.title.as_ref().map(|title| format!(" \"{}\"", Printable(title))).unwrap_or_default();
        writeln!(f, "{}{title}; {}", good("naming"), self.said.used())
    }
}

impl Display for PostPackTrial {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for LeftOut { path, reason, .. } in &self.removed {
            let why = reason.as_ref().map(|reason| format!(" ({})", Printable(reason))).unwrap_or_default();
            writeln!(f, "removes /{}{why}", Printable(path))?;
        }
        for operation in &self.operations {
            match operation {
                TriedOperation::Remove { .. } => Ok(()),
                TriedOperation::SetTag { key, value } => {
                    writeln!(f, "sets the tag {}={}", Printable(key), Printable(value))
                }
                TriedOperation::RemoveTag { key } => writeln!(f, "removes the tag {}", Printable(key)),
                TriedOperation::AddSymlink { path, target } => {
                    writeln!(f, "adds /{} -> {}", Printable(path), Printable(target))
                }
            }?;
        }
        self.said.write_explained(f)?;
        for (key, value) in &self.said.found {
            writeln!(f, "finds {}: {}", Printable(key), Printable(value))?;
        }
        writeln!(f, "{} {} operations; {}", good("post-pack"), self.operations.len(), self.said.used())
    }
}

impl Said {
    fn write_explained(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = |EntryReason { path, reason }: &EntryReason| {
            format!("explains /{}: {}", Printable(path), Printable(reason))
        };
        let more = |more| format!("explains {more} more; --format json has them all");
        first(EXPLAINED, &self.explained, line, more).iter().try_for_each(|line| writeln!(f, "{line}"))
    }

    fn used(&self) -> String {
        let Usage { fuel, peak_memory, seconds, .. } = self.used;
        format!("{fuel} fuel, {} of memory, {seconds:.3} s", bytes(peak_memory))
    }
}
