//! Adding symlinks: where they may stand, and what they may lead to.

use std::collections::HashMap;

use flistry_common::symlinks::{MAX_SYMLINKS, Resolved};

use super::operation::{Operation, Wanted};
use super::refusal::{conflict, refused};
use crate::plugin::error::PluginError;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, Kind, Tree, check_name};

/// A symlink that a plugin added.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AddedSymlink {
    /// Its path.
    pub path: String,
    /// What it leads to.
    pub target: String,
    /// The plugin's name.
    pub by: String,
}

/// A symlink that is to be added; its place is checked.
pub struct Placed<'a> {
    pub by: &'a str,
    pub path: &'a str,
    pub target: &'a str,
    /// Its directory in the tree before.
    pub directory: EntryId,
    pub name: &'a str,
}

impl Placed<'_> {
    pub fn report(&self) -> AddedSymlink {
        AddedSymlink { path: self.path.to_owned(), target: self.target.to_owned(), by: self.by.to_owned() }
    }

    fn refused(&self, what: &str) -> PluginError {
        refused(self.by, format!("add the symlink {} -> {}", self.path, self.target), what)
    }
}

/// Takes the symlinks out of the operations, each at a place that exists and is free.
pub fn check_places<'a>(
    tree: &Tree,
    removed: &[Option<&str>],
    wanted: &'a [Wanted],
) -> Result<Vec<Placed<'a>>, PluginError> {
    let adds = |operation: &Operation| matches!(operation, Operation::AddSymlink { .. });
    if !wanted.iter().any(|wanted| wanted.operations.iter().any(adds)) {
        return Ok(Vec::new());
    }
    let index = NameIndex::from_tree(tree);
    let mut symlinks: Vec<Placed<'a>> = Vec::new();
    let mut taken: HashMap<(EntryId, &str), usize> = HashMap::new();
    for Wanted { by, operations, .. } in wanted {
        for operation in operations {
            let Operation::AddSymlink { path, target } = operation else { continue };
            let mut symlink = Placed { by, path, target, directory: EntryId::ROOT, name: path };
            let mut parts: Vec<&str> = path.split('/').collect();
            for part in &parts {
                check_name(part).map_err(|why| symlink.refused(&format!("its path has {why}")))?;
            }
            let name = parts.pop().unwrap_or_default();
            symlink.name = name;
            for part in parts {
                match index.child(symlink.directory, part.as_bytes()) {
                    None => return Err(symlink.refused("its directory does not exist")),
                    Some(id) if tree.get(id).kind != Kind::Directory => {
                        return Err(symlink.refused("its path leads through something that is not a directory"));
                    }
                    Some(id) => symlink.directory = id,
                }
            }
            check_free(&symlink, &index, removed)?;
            if let Some(other) = taken.insert((symlink.directory, name), symlinks.len()) {
                let other: &Placed<'_> = &symlinks[other];
                if other.by != symlink.by {
                    return Err(conflict(other.by, symlink.by, &format!("both add a symlink at /{path}")));
                }
                return Err(symlink.refused("it adds another symlink there"));
            }
            check_target(&symlink)?;
            symlinks.push(symlink);
        }
    }
    Ok(symlinks)
}

/// The symlink's directory stays and its name is free, or freed by the same plugin.
fn check_free(
    symlink: &Placed<'_>,
    index: &NameIndex<'_, EntryId>,
    removed: &[Option<&str>],
) -> Result<(), PluginError> {
    match removed[symlink.directory.index()] {
        Some(other) if other != symlink.by => {
            let what = format!("the first removes the directory of /{}, the second adds that symlink", symlink.path);
            return Err(conflict(other, symlink.by, &what));
        }
        Some(_) => return Err(symlink.refused("it removes its directory")),
        None => {}
    }
    match index.child(symlink.directory, symlink.name.as_bytes()).map(|id| removed[id.index()]) {
        None => Ok(()),
        Some(None) => Err(symlink.refused("an entry of that name exists")),
        Some(Some(other)) if other != symlink.by => Err(conflict(
            other,
            symlink.by,
            &format!("the first removes /{}, the second adds a symlink there", symlink.path),
        )),
        Some(Some(_)) => Ok(()),
    }
}

/// The target by itself; what it leads to is looked at in the finished tree.
fn check_target(symlink: &Placed<'_>) -> Result<(), PluginError> {
    if symlink.target.is_empty() || symlink.target.contains('\0') {
        return Err(symlink.refused("its target is empty or has a NUL byte"));
    }
    if symlink.target.starts_with('/') {
        return Err(symlink.refused("its target is absolute: it would lead out of the flist"));
    }
    Ok(())
}

/// In the finished tree each added symlink leads to an entry.
pub fn check_targets(
    new: &NameIndex<'_, EntryId>,
    places: &[Option<EntryId>],
    symlinks: &[Placed<'_>],
) -> Result<(), PluginError> {
    for symlink in symlinks {
        let directory = places[symlink.directory.index()].expect("a symlink's directory stays");
        let added = new.child(directory, symlink.name.as_bytes()).expect("an added symlink is in the tree");
        match new.resolve(added) {
            Resolved::Found(_) => {}
            Resolved::Dangling => return Err(symlink.refused("its target does not exist")),
            Resolved::Escaping => return Err(symlink.refused("its target leads out of the flist")),
            Resolved::Loop if new.is_circle(added) => return Err(symlink.refused("it is part of a loop")),
            Resolved::Loop => {
                let what = format!("its chain is too long: Linux follows at most {MAX_SYMLINKS} symlinks");
                return Err(symlink.refused(&what));
            }
        }
    }
    Ok(())
}
