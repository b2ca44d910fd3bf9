//! `flistry plan` and `flistry kernel-version`

use std::fmt::Write;

use flistry::config::{Environment, kernel_version as derive};
use flistry::error::Error;
use flistry::plan::Plan;
use serde_json::json;

use super::Context;
use super::build::chosen;
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
    for flist in chosen(&config, &args.flists)? {
        context.terminal.about(&flist.name);
        let plan = Plan::make(&config, flist, &context.terminal)?;
        let manifest = config.output.join(plan.file_name().as_str());
        let entries = plan.input.tree.counts();
        let dropped = plan.filtered.dropped();
        let mut line = |name: &str, value: String| writeln!(text, "  {name:<10} {value}").expect("a string takes all");
        line("flist", flist.name.clone());
        line("source", plan.source.path().display().to_string());
        line("manifest", manifest.display().to_string());
        for alias in &flist.aliases {
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
        for drop in dropped {
            line("leaves out", format!("/{} ({})", drop.path, drop.by));
        }
        line("store", stores.join(", "));
        line("route", route.join(", "));
        plans.push(json!({
            "flist": flist.name,
            "source": plan.source.path(),
            "manifest": manifest,
            "aliases": flist.aliases.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "entries": entries,
            "dropped": dropped,
        }));
    }
    let json = json!({ "kernel": config.kernel.as_str(), "store": stores, "route": route, "flists": plans });
    Ok(Outcome::done(text, json))
}

pub fn kernel_version(context: &Context) -> Result<Outcome, Error> {
    let version = derive(&context.project, &Environment(context.environment.clone()))?;
    Ok(Outcome::done(format!("{version}\n"), json!({ "kernel": version.as_str() })))
}
