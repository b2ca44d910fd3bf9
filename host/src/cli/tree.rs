//! `flistry tree`

use std::fmt::Write;
use std::path::PathBuf;

use flistry::error::Error;
use flistry::printable::Printable;
use flistry::tree::timestamp::second_after_1970;
use flistry::tree::{Entry, EntryId, Kind, Tree};
use serde_json::{Value, json};

use super::manifest;
use super::output::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// The flist
    file: PathBuf,
    /// Show mode, owner, size and time of each entry, one path a line
    #[arg(short, long)]
    long: bool,
}

pub fn run(args: Args) -> Result<Outcome, Error> {
    let tree = manifest::open(&args.file)?.tree;
    let text = if args.long { long(&tree) } else { drawn(&tree) };
    let entries: Vec<Value> = tree.iter().map(|(id, entry)| entry_json(&tree, id, entry)).collect();
    Ok(Outcome::done(text, json!({ "entries": entries })))
}

fn long(tree: &Tree) -> String {
    let mut text = String::new();
    for (id, entry) in tree.iter() {
        let a = &entry.attributes;
        let time = second_after_1970(a.mtime).unwrap_or_else(|| a.mtime.to_string());
        let size = entry.kind.size_column();
        let path = tree.path(id);
        let path = Printable(&path);
        writeln!(text, "{:06o} {:>5} {:>5} {size:>10} {time} /{path}{}", entry.mode(), a.uid, a.gid, target(entry))
            .expect("a string takes all");
    }
    text
}

fn drawn(tree: &Tree) -> String {
    // Which folders have a child still to come decides where the lines go: found from the end.
    let mut last_child = vec![false; tree.len()];
    let mut has_later = vec![false; tree.len()];
    for (id, entry) in tree.iter().skip(1).collect::<Vec<_>>().into_iter().rev() {
        last_child[id.index()] = !has_later[entry.parent.index()];
        has_later[entry.parent.index()] = true;
    }
    let mut text = String::from("/\n");
    for (id, entry) in tree.iter().skip(1) {
        let mut lead = Vec::new();
        let mut at = entry.parent;
        while at != EntryId::ROOT {
            lead.push(if last_child[at.index()] { "    " } else { "│   " });
            at = tree.get(at).parent;
        }
        lead.reverse();
        let branch = if last_child[id.index()] { "└── " } else { "├── " };
        let slash = if entry.kind == Kind::Directory { "/" } else { "" };
        writeln!(text, "{}{branch}{}{slash}{}", lead.concat(), Printable(&entry.name), target(entry))
            .expect("a string takes all");
    }
    text
}

fn target(entry: &Entry) -> String {
    match &entry.kind {
        Kind::Symlink { target } => format!(" -> {}", Printable(&String::from_utf8_lossy(target))),
        _ => String::new(),
    }
}

fn entry_json(tree: &Tree, id: EntryId, entry: &Entry) -> Value {
    let a = &entry.attributes;
    let mut value = json!({
        "path": tree.path(id),
        "kind": entry.kind.name(),
        "mode": format!("{:06o}", entry.mode()),
        "uid": a.uid,
        "gid": a.gid,
        "mtime": a.mtime,
    });
    match &entry.kind {
        Kind::File { size } => value["size"] = json!(size),
        Kind::Symlink { target } => value["target"] = json!(String::from_utf8_lossy(target)),
        Kind::CharDevice { rdev } | Kind::BlockDevice { rdev } => value["rdev"] = json!(rdev),
        Kind::Directory | Kind::Fifo => {}
    }
    value
}
