//! From rows to a [`Manifest`], or to everything that is wrong with them.
//!
//! Stock rfs walks a manifest from inode 1 by `parent`, looks names up by (`parent`, `name`), and finds a block by
//! offset / 524288. What would lead one of these astray is a [`Problem`]; so is what would let an unpacked tree leave
//! its directory.

use std::collections::{HashMap, HashSet};

use super::model::{Blocks, Manifest, Route};
use super::problem::{ManifestError, ManifestProblem as Problem};
use super::rows::{RawBlock, RawInode, Rows, rows};
use crate::block::{BlobId, BlobKey, BlockRef, block_count};
use crate::store::url::IdRange;
use crate::tree::{Attributes, Entry, EntryId, Kind, Permissions, Tree, check_name};

/// How many entries outside the tree are looked into, and how far: a hostile manifest could be nothing else.
const MAX_STRAYS: usize = 1000;

/// Everything that is wrong with an flist; nothing, if `read` would read it.
///
/// # Errors
/// Where the file is not an flist at all.
pub fn check(bytes: &[u8]) -> Result<Vec<Problem>, ManifestError> {
    Ok(build(rows(bytes)?).err().unwrap_or_default())
}

/// The manifest, or at least one problem.
pub(super) fn build(rows: Rows) -> Result<Manifest, Vec<Problem>> {
    let mut problems = Vec::new();
    let routes = routes(rows.routes, &mut problems);
    let (tree, inos) = tree(rows.inodes, rows.targets, &mut problems);
    let blocks = blocks(rows.blocks, &tree, &inos, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Manifest { tree, blocks, tags: rows.tags.into_iter().collect(), routes })
}

fn routes(rows: Vec<(i64, i64, String)>, problems: &mut Vec<Problem>) -> Vec<Route> {
    let mut routes = Vec::new();
    for (start, end, url) in rows {
        match (u8::try_from(start), u8::try_from(end)) {
            (Ok(first), Ok(last)) if first <= last => {
                routes.push(Route::from_text(IdRange { start: first, end: last }, url));
            }
            _ => problems.push(Problem::Route { start, end }),
        }
    }
    routes
}

/// The tree, and the inode number of each of its entries.
fn tree(inodes: Vec<RawInode>, targets: Vec<(i64, Vec<u8>)>, problems: &mut Vec<Problem>) -> (Tree, Vec<i64>) {
    let mut targets: HashMap<i64, Vec<u8>> = targets.into_iter().collect();
    let mut children: HashMap<i64, Vec<RawInode>> = HashMap::new();
    let mut root = None;
    let numbers: HashSet<i64> = inodes.iter().map(|inode| inode.ino).collect();
    let parents: HashMap<i64, i64> = inodes.iter().map(|inode| (inode.ino, inode.parent)).collect();
    for inode in inodes {
        if inode.ino == 1 { root = Some(inode) } else { children.entry(inode.parent).or_default().push(inode) }
    }
    let root = root.map(|inode| convert(&inode, &mut targets, problems));
    let Some((Kind::Directory, attributes)) = root else {
        problems.push(Problem::NoRoot);
        let nobody = Attributes { permissions: Permissions::of_mode(0), uid: 0, gid: 0, mtime: 0 };
        return (Tree::new(nobody), vec![1]);
    };

    let mut tree = Tree::new(attributes);
    let mut inos = vec![1];
    // Depth first without recursion, which a deep chain of directories would overflow; last sibling at the bottom.
    let mut open: Vec<(EntryId, RawInode)> = Vec::new();
    descend(EntryId::ROOT, children.remove(&1), &mut open, problems);
    while let Some((parent, inode)) = open.pop() {
        let (kind, attributes) = convert(&inode, &mut targets, problems);
        let is_directory = kind == Kind::Directory;
        // Names that are wrong were reported and left out by `descend`.
        let name = String::from_utf8_lossy(&inode.name).into();
        match tree.push(Entry { parent, name, kind, attributes }) {
            Err(error) => problems.push(Problem::Inode { ino: inode.ino, what: error.to_string() }),
            Ok(id) => {
                inos.push(inode.ino);
                if is_directory {
                    descend(id, children.remove(&inode.ino), &mut open, problems);
                }
            }
        }
    }
    // What is left has a parent that is not a directory of the tree.
    let mut left: Vec<RawInode> = children.into_values().flatten().collect();
    left.sort_by_key(|inode| inode.ino);
    let placed: HashSet<i64> = inos.iter().copied().collect();
    for inode in left.iter().take(MAX_STRAYS) {
        problems.push(stray(inode, &numbers, &parents, &placed));
    }
    (tree, inos)
}

/// Why an inode was not reached from the root.
fn stray(inode: &RawInode, numbers: &HashSet<i64>, parents: &HashMap<i64, i64>, placed: &HashSet<i64>) -> Problem {
    let (ino, parent) = (inode.ino, inode.parent);
    let what = |what: String| Problem::Inode { ino, what };
    if !numbers.contains(&parent) {
        return what(format!("its directory, inode {parent}, does not exist"));
    }
    if placed.contains(&parent) {
        return what(format!("what it is in, inode {parent}, is not a directory"));
    }
    let mut at = parent;
    for _ in 0..MAX_STRAYS {
        match parents.get(&at) {
            Some(_) if at == ino => return Problem::Cycle { ino },
            Some(&next) => at = next,
            None => break,
        }
    }
    what(format!("its directory, inode {parent}, is not reachable from the root"))
}

/// Puts a directory's children on the stack, the first by name on top.
fn descend(
    parent: EntryId,
    children: Option<Vec<RawInode>>,
    open: &mut Vec<(EntryId, RawInode)>,
    problems: &mut Vec<Problem>,
) {
    let mut children = children.unwrap_or_default();
    children.retain(|inode| {
        let what = match std::str::from_utf8(&inode.name) {
            Err(_) => "its name is not UTF-8, so that rfs can't look it up".to_owned(),
            Ok(name) => match check_name(name) {
                Ok(()) => return true,
                Err(why) => format!("{why}: {name:?}"),
            },
        };
        problems.push(Problem::Inode { ino: inode.ino, what });
        false
    });
    children.sort_by(|a, b| b.name.cmp(&a.name).then(b.ino.cmp(&a.ino)));
    for pair in children.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        let name = String::from_utf8_lossy(&pair[0].name).into_owned();
        problems.push(Problem::DuplicateName { first: pair[1].ino, second: pair[0].ino, name });
    }
    children.dedup_by(|a, b| a.name == b.name);
    open.extend(children.into_iter().map(|child| (parent, child)));
}

fn convert(inode: &RawInode, targets: &mut HashMap<i64, Vec<u8>>, problems: &mut Vec<Problem>) -> (Kind, Attributes) {
    let ino = inode.ino;
    let mut wrong = |what: String| problems.push(Problem::Inode { ino, what });
    let mut narrow = |name: &str, value: i64| {
        u32::try_from(value).unwrap_or_else(|_| {
            wrong(format!("{name} {value} is out of range"));
            0
        })
    };
    let (mode, uid, gid) = (narrow("mode", inode.mode), narrow("uid", inode.uid), narrow("gid", inode.gid));
    let size = u64::try_from(inode.size).unwrap_or_else(|_| {
        wrong(format!("size {} is out of range", inode.size));
        0
    });
    let rdev = u64::try_from(inode.rdev).unwrap_or_else(|_| {
        wrong(format!("device number {} is out of range", inode.rdev));
        0
    });
    if inode.mtime == i64::MIN {
        wrong("its modification time is not a number".to_owned());
    }
    let kind = Kind::from_columns(mode, size, rdev, targets.remove(&ino)).unwrap_or_else(|| {
        wrong(format!("mode {mode:o} is not a file type that an flist can hold"));
        Kind::Fifo
    });
    match &kind {
        Kind::Symlink { target } if target.is_empty() => wrong("a symlink without a target".to_owned()),
        Kind::Symlink { target } if target.contains(&0) => wrong("a symlink's target with a NUL".to_owned()),
        _ => {}
    }
    (kind, Attributes { permissions: Permissions::of_mode(mode), uid, gid, mtime: inode.mtime })
}

fn blocks(rows: Vec<RawBlock>, tree: &Tree, inos: &[i64], problems: &mut Vec<Problem>) -> Blocks {
    let mut by_ino: HashMap<i64, Vec<BlockRef>> = HashMap::new();
    for row in rows {
        match (BlobId::try_from(&row.id[..]), BlobKey::try_from(&row.key[..])) {
            (Ok(id), Ok(key)) => by_ino.entry(row.ino).or_default().push(BlockRef { id, key }),
            _ => problems.push(Problem::Block { ino: row.ino, what: "its id and key are not 32 bytes each" }),
        }
    }
    let mut blocks = Blocks::new();
    for (id, entry) in tree.iter() {
        let own = by_ino.remove(&inos[id.index()]).unwrap_or_default();
        match entry.kind {
            Kind::File { size } => {
                let (needed, found) = (block_count(size), own.len() as u64);
                if needed != found {
                    problems.push(Problem::BlockCount { path: tree.path(id), size, needed, found });
                }
            }
            _ if !own.is_empty() => {
                problems.push(Problem::Block { ino: inos[id.index()], what: "it is not a regular file" });
            }
            _ => {}
        }
        blocks.push(own);
    }
    let mut strays: Vec<i64> = by_ino.into_keys().collect();
    strays.sort_unstable();
    problems.extend(strays.into_iter().map(|ino| Problem::Block { ino, what: "there is no such entry" }));
    blocks
}
