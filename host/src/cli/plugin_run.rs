//! `flistry plugin run`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::plugin::{Account, Operation};
use flistry::printable::Printable;
use flistry::progress::Progress;
use flistry::report::EntryReason;
use flistry::tree::{FlistKind, LeftOut};

use super::Context;
use super::changes::first;
use super::output::{Outcome, bytes, good};
use super::plugin::{CheckArgs, load, variable};
use super::plugin_trial::{Edit, Selection, facts, run_hooks};

/// How many explanations of a hook are shown; JSON has them all.
const EXPLAINED: usize = 20;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    plugin: CheckArgs,
    /// The folder that stands for an flist's source
    #[arg(long, value_name = "DIR")]
    tree: PathBuf,
    /// Another flist's folder that the plugin may read, such as modules=DIR; may be repeated
    #[arg(long = "grant", value_name = "FLIST=DIR", value_parser = grant)]
    grants: Vec<(String, PathBuf)>,
    /// What the flist is called
    #[arg(long, default_value = "modules")]
    flist: String,
    /// What kind of tree it is: modules, firmware or plain
    #[arg(long, default_value = "modules", value_parser = contents)]
    contents: FlistKind,
    /// The kernel version
    #[arg(long, default_value = "6.12.44-Zero-OS")]
    kernel: String,
    /// A variable that the plugin is shown; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
}

fn contents(word: &str) -> Result<FlistKind, String> {
    [FlistKind::Modules, FlistKind::Firmware, FlistKind::Plain]
        .into_iter()
        .find(|contents| contents.as_str() == word)
        .ok_or_else(|| "it is one of modules, firmware and plain".to_owned())
}

fn grant(text: &str) -> Result<(String, PathBuf), String> {
    let (flist, folder) = text.split_once('=').filter(|(flist, _)| !flist.is_empty()).ok_or("write FLIST=DIR")?;
    Ok((flist.to_owned(), PathBuf::from(folder)))
}

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let plugin = load(&args.plugin, &args.grants, context)?;
    plugin.validate()?;
    let facts = facts(&args.flist, args.contents, &args.kernel, args.variables.into_iter().collect());
    let done = run_hooks(&plugin, facts, args.tree, &args.grants)?;
    for warning in done.accounts().flat_map(|account| &account.warnings) {
        context.terminal.warn(warning.clone());
    }
    let mut text = String::new();
    let mut line = |value: String| writeln!(text, "{value}").expect("a string takes all");
    if let Some(Selection { dropped, kept, explained, account }) = &done.filter {
        for (path, reason) in dropped {
            line(format!("drops /{} ({})", Printable(path), Printable(reason)));
        }
        why(explained).into_iter().for_each(&mut line);
        line(format!("{} keeps {kept} entries, drops {}; {}", good(&"filter"), dropped.len(), used(account)));
    }
    if let Some((names, account)) = &done.names {
        line(format!("names it {}", names.file));
        for alias in &names.aliases {
            line(format!("alias {alias}"));
        }
        let title = names.title.as_ref().map(|title| format!(" \"{}\"", Printable(title))).unwrap_or_default();
        line(format!("{}{title}; {}", good(&"naming"), used(account)));
    }
    if let Some(Edit { operations, removed, explained, account }) = &done.edit {
        for LeftOut { path, reason, .. } in removed {
            let why = reason.as_ref().map(|reason| format!(" ({})", Printable(reason))).unwrap_or_default();
            line(format!("removes /{}{why}", Printable(path)));
        }
        for operation in operations {
            match operation {
                Operation::Remove(_) => {}
                Operation::SetTag { key, value } => line(format!("tags {}={}", Printable(key), Printable(value))),
                Operation::RemoveTag { key } => line(format!("removes the tag {}", Printable(key))),
                Operation::AddSymlink { path, target } => {
                    line(format!("adds /{} -> {}", Printable(path), Printable(target)));
                }
            }
        }
        why(explained).into_iter().for_each(&mut line);
        for (key, value) in &account.findings {
            line(format!("finds {}: {}", Printable(key), Printable(value)));
        }
        line(format!("{} {} operations; {}", good(&"post-pack"), operations.len(), used(account)));
    }
    Ok(Outcome::done(text, done.json()))
}

/// The first of what was said of entries.
fn why(explained: &[EntryReason]) -> Vec<String> {
    let line =
        |EntryReason { path, reason }: &EntryReason| format!("explains /{}: {}", Printable(path), Printable(reason));
    first(EXPLAINED, explained, line, |more| format!("explains {more} more; --format json has them all"))
}

fn used(account: &Account) -> String {
    let usage = &account.usage;
    format!("{} fuel, {} of memory, {:.3} s", usage.fuel, bytes(usage.peak_memory), usage.seconds)
}
