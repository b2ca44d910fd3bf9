//! `flistry plan`

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::build::{Caches, NewIndexes, Plan, Session};
use flistry::error::Error;
use flistry::printable::Printable;
use flistry::report::Decisions;
use flistry::tree::Counts;
use serde::Serialize;

use super::changes;
use super::context::CommandContext;
use super::outcome::Outcome;
use super::style::field;

#[derive(clap::Args)]
pub struct PlanArgs {
    /// The flists to plan, by their names in config/flistry.toml; all of them if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
}

#[derive(Serialize)]
pub struct PlanOutcome {
    kernel: String,
    /// Where blobs would go, masked.
    store: Vec<String>,
    /// Where nodes would read them, masked.
    route: Vec<String>,
    flists: Vec<PlannedFlist>,
}

#[derive(Serialize)]
struct PlannedFlist {
    flist: String,
    source: PathBuf,
    manifest: PathBuf,
    aliases: Vec<String>,
    entries: Counts,
    tags: BTreeMap<String, String>,
    #[serde(flatten)]
    decisions: Decisions,
    indexes: Option<PlannedIndexes>,
}

#[derive(Serialize)]
struct PlannedIndexes {
    depmod: String,
    system_map: Option<PathBuf>,
    /// Where the source's own indexes do not fit its modules; at least one.
    why: Vec<String>,
}

pub fn run(args: PlanArgs, context: &CommandContext) -> Result<PlanOutcome, Error> {
    let config = context.config()?;
    let session = Session::open(&config, &args.flists, Caches::READ_ONLY, &context.terminal)?;
    let flists = session.plan()?.plans().iter().map(PlannedFlist::from).collect();
    Ok(PlanOutcome {
        kernel: config.kernel.to_string(),
        store: config.store.write.iter().map(|url| url.value.to_string()).collect(),
        route: config.store.route.iter().map(|url| url.value.to_string()).collect(),
        flists,
    })
}

impl From<&Plan<'_>> for PlannedFlist {
    fn from(plan: &Plan<'_>) -> Self {
        PlannedFlist {
            flist: plan.flist.name.clone(),
            source: plan.source.path().to_owned(),
            manifest: plan.config.output.join(plan.names.file.as_str()),
            aliases: plan.names.aliases.iter().map(ToString::to_string).collect(),
            entries: plan.input.tree.counts(),
            tags: plan.tags.clone(),
            decisions: plan.decisions.clone(),
            indexes: plan.indexes.as_ref().map(PlannedIndexes::from),
        }
    }
}

impl From<&NewIndexes> for PlannedIndexes {
    fn from(new: &NewIndexes) -> Self {
        PlannedIndexes {
            depmod: new.depmod.version().to_owned(),
            system_map: new.system_map.clone(),
            why: new.why.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Outcome for PlanOutcome {}

impl Display for PlanOutcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel {}", self.kernel)?;
        self.flists.iter().try_for_each(|flist| {
            write!(f, "{flist}")?;
            field(f, "store", self.store.join(", "))?;
            field(f, "route", self.route.join(", "))
        })
    }
}

impl Display for PlannedFlist {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Decisions { left_out, added, plugins, notes } = &self.decisions;
        field(f, "flist", &self.flist)?;
        field(f, "source", self.source.display())?;
        field(f, "manifest", self.manifest.display())?;
        self.aliases.iter().try_for_each(|alias| field(f, "alias", alias))?;
        field(f, "entries", changes::counts(&self.entries))?;
        for run in plugins {
            let (component, version) = (Printable(&run.component), Printable(&run.version));
            field(f, "plugin", format_args!("{}, {}: {component} {version}", run.name, run.hook.as_str()))?;
        }
        changes::dropped(left_out).iter().try_for_each(|line| field(f, "leaves out", line))?;
        changes::removed(left_out).iter().try_for_each(|line| field(f, "removes", line))?;
        for added in added {
            let (path, target) = (Printable(&added.path), Printable(&added.target));
            field(f, "adds", format_args!("/{path} -> {target} ({})", added.by))?;
        }
        changes::findings(plugins).iter().try_for_each(|line| field(f, "finding", line))?;
        if let Some(PlannedIndexes { depmod, why, .. }) = &self.indexes {
            let more = match why.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            field(f, "indexes", format_args!("to be made again by depmod ({depmod}): {}{more}", Printable(&why[0])))?;
        }
        notes.iter().try_for_each(|note| field(f, "note", note))
    }
}
