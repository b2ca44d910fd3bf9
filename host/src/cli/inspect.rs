//! `flistry inspect`

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::files::sha256;
use flistry::manifest::ContentsDigest;
use flistry::printable::Printable;
use flistry::tree::Counts;
use serde::Serialize;

use super::flist_file;
use super::outcome::Outcome;
use super::route_row::RouteRow;
use super::several::{OfEach, OfFlist, of_each};
use super::style::bytes;

#[derive(clap::Args)]
pub struct InspectArgs {
    /// The flist, or several
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
pub struct Summary {
    file: PathBuf,
    /// The manifest's own length.
    bytes: u64,
    sha256: String,
    /// A digest of the tree and its contents, whatever the routes and tags are.
    contents: String,
    entries: Counts,
    blocks: usize,
    blobs: usize,
    routes: Vec<RouteRow>,
    tags: BTreeMap<String, String>,
}

pub fn run(args: InspectArgs) -> Result<OfEach<Summary>, Error> {
    of_each(args.files, summary)
}

fn summary(file: PathBuf) -> Result<Summary, Error> {
    let raw = flist_file::bytes(&file)?;
    let manifest = flist_file::parse(&raw, &file)?;
    Ok(Summary {
        bytes: raw.len() as u64,
        sha256: sha256(&raw),
        contents: ContentsDigest::of(&manifest.tree, &manifest.blocks).to_string(),
        entries: manifest.tree.counts(),
        blocks: manifest.blocks.len(),
        blobs: manifest.blobs().len(),
        routes: manifest.routes.iter().map(RouteRow::masked).collect(),
        tags: manifest.tags,
        file,
    })
}

impl Outcome for Summary {}

impl OfFlist for Summary {
    const BETWEEN: &'static str = "\n";
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: String| writeln!(f, "{name:<9} {value}");
        let Counts { files, directories, symlinks, special, bytes: size } = self.entries;
        line("file", format!("{} ({})", self.file.display(), bytes(self.bytes)))?;
        line("sha256", self.sha256.clone())?;
        line("contents", self.contents.clone())?;
        line("entries", format!("{files} files, {directories} directories, {symlinks} symlinks, {special} special"))?;
        line("size", format!("{} ({size} bytes)", bytes(size)))?;
        line("blobs", format!("{}, for {} blocks", self.blobs, self.blocks))?;
        self.routes.iter().try_for_each(|route| line("route", route.to_string()))?;
        self.tags.iter().try_for_each(|(key, value)| line("tag", format!("{} = {}", Printable(key), Printable(value))))
    }
}
