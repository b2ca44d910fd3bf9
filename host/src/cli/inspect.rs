//! `flistry inspect`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::files::sha256;
use flistry::manifest::ContentsDigest;
use flistry::printable::Printable;
use serde_json::json;

use super::manifest::{self, masked, range};
use super::output::{Outcome, bytes};

#[derive(clap::Args)]
pub struct Args {
    /// The flist
    file: PathBuf,
}

pub fn run(args: Args) -> Result<Outcome, Error> {
    let raw = manifest::bytes(&args.file)?;
    let manifest = manifest::parse(&raw, &args.file)?;
    let counts = manifest.tree.counts();
    let (blocks, blobs) = (manifest.blocks.len(), manifest.blobs().len());
    let contents = ContentsDigest::of(&manifest.tree, &manifest.blocks).to_string();
    let digest = sha256(&raw);

    let mut text = String::new();
    let mut line = |name: &str, value: String| writeln!(text, "{name:<9} {value}").expect("a string takes all");
    line("file", format!("{} ({})", args.file.display(), bytes(raw.len() as u64)));
    line("sha256", digest.clone());
    line("contents", contents.clone());
    line(
        "entries",
        format!(
            "{} files, {} folders, {} links, {} special",
            counts.files, counts.directories, counts.symlinks, counts.special
        ),
    );
    line("size", format!("{} ({} bytes)", bytes(counts.bytes), counts.bytes));
    line("blobs", format!("{blobs}, for {blocks} blocks"));
    for route in &manifest.routes {
        line("route", format!("{} {}", range(route.range), masked(route)));
    }
    for (key, value) in &manifest.tags {
        line("tag", format!("{} = {}", Printable(key), Printable(value)));
    }
    let routes: Vec<_> =
        manifest.routes.iter().map(|route| json!({ "range": range(route.range), "url": masked(route) })).collect();
    let json = json!({
        "file": args.file,
        "bytes": raw.len(),
        "sha256": digest,
        "contents": contents,
        "entries": counts,
        "blocks": blocks,
        "blobs": blobs,
        "routes": routes,
        "tags": manifest.tags,
    });
    Ok(Outcome::done(text, json))
}
