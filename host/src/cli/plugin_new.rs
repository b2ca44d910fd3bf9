//! `flistry plugin new`

use std::path::PathBuf;

use flistry::error::Error;
use flistry::plugin::Hook;
use flistry::plugin::author::scaffold::new_plugin;
use serde_json::json;

use super::output::{Outcome, good};

#[derive(clap::Args)]
pub struct Args {
    /// What it is called: the crate's name and the folder's
    name: String,
    /// What it decides: filter, naming or post-pack
    #[arg(long, value_parser = hook)]
    hook: Hook,
    /// Where the folder is made; the current folder if not given
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

fn hook(word: &str) -> Result<Hook, String> {
    let hooks = [Hook::Filter, Hook::Naming, Hook::PostPack];
    hooks
        .into_iter()
        .find(|hook| hook.as_str() == word)
        .ok_or_else(|| "it is one of filter, naming and post-pack".to_owned())
}

pub fn run(args: Args) -> Result<Outcome, Error> {
    let folder = new_plugin(&args.dir, &args.name, args.hook)?;
    let next = format!(
        "{} {}\n  next: cargo test in it, then flistry plugin build {}\n",
        good(&"made"),
        folder.display(),
        folder.display()
    );
    Ok(Outcome::done(next, json!({ "made": folder })))
}
