//! `flistry unpack`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::tree::Counts;
use flistry::unpack::unpack;
use serde::Serialize;

use super::context::CommandContext;
use super::flist_file;
use super::outcome::Outcome;
use super::store_args::StoreArgs;
use super::style::{bytes, good};

#[derive(clap::Args)]
pub struct UnpackArgs {
    /// The flist
    file: PathBuf,
    /// Where to; a new or empty directory
    dir: PathBuf,
    /// Let the files belong to the user who unpacks them, as they always do without root
    #[arg(long)]
    no_owner: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Serialize)]
pub struct Unpacked {
    directory: PathBuf,
    entries: Counts,
}

pub fn run(args: UnpackArgs, context: &CommandContext) -> Result<Unpacked, Error> {
    let manifest = flist_file::open(&args.file)?;
    let store = args.store.open(&manifest.routes)?;
    let owners = !args.no_owner && rustix::process::geteuid().is_root();
    unpack(&manifest, &*store, &args.dir, owners, &context.terminal)?;
    Ok(Unpacked { directory: args.dir, entries: manifest.tree.counts() })
}

impl Outcome for Unpacked {}

impl Display for Unpacked {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (count, size) = (self.entries.entries(), bytes(self.entries.bytes));
        writeln!(f, "{} {count} entries with {size} to {}", good("unpacked"), self.directory.display())
    }
}
