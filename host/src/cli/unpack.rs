//! `flistry unpack`

use std::path::PathBuf;

use flistry::error::Error;
use flistry::unpack::unpack;
use serde_json::json;

use super::Context;
use super::manifest::{self, StoreArgs};
use super::output::{Outcome, bytes, good};

#[derive(clap::Args)]
pub struct Args {
    /// The flist
    file: PathBuf,
    /// Where to; a new or empty folder
    dir: PathBuf,
    /// Leave the files to the user who unpacks; only root can do otherwise
    #[arg(long)]
    no_owner: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn run(args: Args, context: &Context) -> Result<Outcome, Error> {
    let manifest = manifest::open(&args.file)?;
    let store = args.store.open(&manifest.routes)?;
    let owners = !args.no_owner && rustix::process::geteuid().is_root();
    unpack(&manifest, &*store, &args.dir, owners, &context.terminal)?;
    let counts = manifest.tree.counts();
    let text = format!(
        "{} {} entries with {} to {}\n",
        good(&"unpacked"),
        counts.entries(),
        bytes(counts.bytes),
        args.dir.display()
    );
    Ok(Outcome::done(text, json!({ "dir": args.dir, "entries": counts })))
}
