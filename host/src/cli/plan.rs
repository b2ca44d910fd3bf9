//! `flistry plan` and `flistry kernel-version`

use std::fmt::Write;

use flistry::build::Session;
use flistry::config::{Environment, kernel_version as derive};
use flistry::error::Error;
use flistry::printable::Printable;
use flistry::tree::file_cache::CacheAccess;
use serde_json::json;

use super::Context;
use super::changes;
use super::output::{Outcome, bytes};

#[derive(clap::Args)]
pub struct Args {
    /// The flists to plan, by their names in config/flistry.toml; all of them if none is named
    #[arg(value_name = "FLIST")]
    flists: Vec<String>,
}

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let config = context.config()?;
    let stores: Vec<String> = config.store.write.iter().map(|url| url.value.to_string()).collect();
    let route: Vec<String> = config.store.route.iter().map(|url| url.value.to_string()).collect();
    let mut text = format!("kernel {}\n", config.kernel);
    let mut plans = Vec::new();
    let mut session = Session::open(&config, &args.flists, CacheAccess::ReadOnly, &context.terminal)?;
    for plan in session.plan()? {
        let flist = plan.flist;
        let manifest = config.output.join(plan.names.file.as_str());
        let entries = plan.input.tree.counts();
        let mut line = |name: &str, value: String| writeln!(text, "  {name:<10} {value}").expect("a string takes all");
        line("flist", flist.name.clone());
        line("source", plan.source.path().display().to_string());
        line("manifest", manifest.display().to_string());
        for alias in &plan.names.aliases {
            line("alias", alias.to_string());
        }
        line(
            "entries",
            format!(
                "{} files with {}, {} folders, {} links",
                entries.files,
                bytes(entries.bytes),
                entries.directories,
                entries.symlinks
            ),
        );
        for run in &plan.decisions.plugins {
            line(
                "plugin",
                format!(
                    "{}, {}: {} {}",
                    run.name,
                    run.hook.as_str(),
                    Printable(&run.component),
                    Printable(&run.version)
                ),
            );
        }
        for dropped in changes::dropped(&plan.decisions.left_out) {
            line("leaves out", dropped);
        }
        for removed in changes::removed(&plan.decisions.left_out) {
            line("removes", removed);
        }
        for added in &plan.decisions.added {
            line("adds", format!("/{} -> {} ({})", Printable(&added.path), Printable(&added.target), added.by));
        }
        for finding in changes::findings(&plan.decisions.plugins) {
            line("finding", finding);
        }
        if let Some(new) = &plan.indexes {
            let more = match new.why.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let why = new.why[0].to_string();
            line(
                "indexes",
                format!("to be made again by depmod ({}): {}{more}", new.depmod.version(), Printable(&why)),
            );
        }
        for note in &plan.decisions.notes {
            line("note", note.clone());
        }
        line("store", stores.join(", "));
        line("route", route.join(", "));
        plans.push(json!({
            "flist": flist.name,
            "source": plan.source.path(),
            "manifest": manifest,
            "aliases": plan.names.aliases.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "entries": entries,
            "tags": plan.tags,
            "plugins": plan.decisions.plugins,
            "left_out": plan.decisions.left_out,
            "added": plan.decisions.added,
            "indexes": plan.indexes.as_ref().map(|new| new.why.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "notes": plan.decisions.notes,
        }));
    }
    let json = json!({ "kernel": config.kernel.as_str(), "store": stores, "route": route, "flists": plans });
    Ok(Outcome::done(text, json))
}

pub fn kernel_version(context: &Context) -> Result<Outcome, Error> {
    let version = derive(&context.project, &Environment(context.environment.clone()))?;
    Ok(Outcome::done(format!("{version}\n"), json!({ "kernel": version.as_str() })))
}
