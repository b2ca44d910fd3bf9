//! `flistry tree`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use flistry::printable::Printable;
use flistry::tree::timestamp::second_after_1970;
use flistry::tree::{Entry, EntryId, Kind, Tree};
use serde::{Serialize, Serializer};

use super::flist_file;
use super::outcome::Outcome;
use super::several::{OfEach, OfFlist, of_each};

#[derive(clap::Args)]
pub struct TreeArgs {
    /// The flist, or several
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Show mode, owner, size and time of each entry, one path a line
    #[arg(short, long)]
    long: bool,
}

#[derive(Serialize)]
pub struct Listing {
    file: PathBuf,
    #[serde(rename = "entries", serialize_with = "rows")]
    tree: Tree,
    #[serde(skip)]
    long: bool,
    /// Whether the file is named above its entries, as one of several.
    #[serde(skip)]
    named: bool,
}

/// An entry for machines.
#[derive(Serialize)]
struct Row {
    path: String,
    kind: &'static str,
    /// The mode in octal, with the bits of the file type.
    mode: String,
    uid: u32,
    gid: u32,
    mtime: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rdev: Option<u64>,
}

pub fn run(args: TreeArgs) -> Result<OfEach<Listing>, Error> {
    let TreeArgs { files, long } = args;
    let named = files.len() > 1;
    of_each(files, |file| Ok(Listing { tree: flist_file::open(&file)?.tree, file, long, named }))
}

fn rows<S: Serializer>(tree: &Tree, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tree.iter().map(|(id, entry)| Row::new(tree.path(id), entry)))
}

impl Row {
    fn new(path: String, entry: &Entry) -> Self {
        let a = &entry.attributes;
        let (size, target, rdev) = match &entry.kind {
            Kind::File { size } => (Some(*size), None, None),
            Kind::Symlink { target } => (None, Some(String::from_utf8_lossy(target).into_owned()), None),
            Kind::CharDevice { rdev } | Kind::BlockDevice { rdev } => (None, None, Some(*rdev)),
            Kind::Directory | Kind::Fifo => (None, None, None),
        };
        let mode = format!("{:06o}", entry.mode());
        Row { path, kind: entry.kind.name(), mode, uid: a.uid, gid: a.gid, mtime: a.mtime, size, target, rdev }
    }
}

impl Outcome for Listing {}

impl OfFlist for Listing {
    const BETWEEN: &'static str = "\n";
}

impl Display for Listing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.named {
            writeln!(f, "{}:", self.file.display())?;
        }
        if self.long { self.list(f) } else { self.draw(f) }
    }
}

impl Listing {
    fn list(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tree.iter().try_for_each(|(id, entry)| {
            let a = &entry.attributes;
            let time = second_after_1970(a.mtime).unwrap_or_else(|| a.mtime.to_string());
            let size = entry.kind.size_column();
            let path = self.tree.path(id);
            let (path, target) = (Printable(&path), target(entry));
            writeln!(f, "{:06o} {:>5} {:>5} {size:>10} {time} /{path}{target}", entry.mode(), a.uid, a.gid)
        })
    }

    fn draw(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tree = &self.tree;
        // Which directories have a child still to come decides where the lines go: found from the end.
        let mut last_child = vec![false; tree.len()];
        let mut has_later = vec![false; tree.len()];
        for (id, entry) in tree.iter().skip(1).collect::<Vec<_>>().into_iter().rev() {
            last_child[id.index()] = !has_later[entry.parent.index()];
            has_later[entry.parent.index()] = true;
        }
        writeln!(f, "/")?;
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
            writeln!(f, "{}{branch}{}{slash}{}", lead.concat(), Printable(&entry.name), target(entry))?;
        }
        Ok(())
    }
}

fn target(entry: &Entry) -> String {
    match &entry.kind {
        Kind::Symlink { target } => format!(" -> {}", Printable(&String::from_utf8_lossy(target))),
        _ => String::new(),
    }
}
