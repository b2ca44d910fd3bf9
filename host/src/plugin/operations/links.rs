//! Where links may stand, and what they may lead to.

use std::collections::HashMap;

use flistry_common::symlinks::Resolved;

use super::{Added, Operation, Wanted, conflict, refused};
use crate::plugin::PluginError;
use crate::tree::symlinks::NameIndex;
use crate::tree::{EntryId, Kind, Tree, check_name};

/// A link that is to be added; its place is checked.
pub(super) struct Link<'a> {
    pub by: &'a str,
    pub path: &'a str,
    pub target: &'a str,
    /// Its folder in the tree before.
    pub folder: EntryId,
    pub name: &'a str,
}

impl Link<'_> {
    pub fn report(&self) -> Added {
        Added { path: self.path.to_owned(), target: self.target.to_owned(), by: self.by.to_owned() }
    }

    fn refused(&self, what: &str) -> PluginError {
        refused(self.by, format!("add the link {} -> {}", self.path, self.target), what)
    }
}

/// Takes the links out of the operations, each at a place that is a place.
pub(super) fn check_places<'a>(
    tree: &Tree,
    removed: &[Option<&str>],
    wanted: &'a [Wanted],
) -> Result<Vec<Link<'a>>, PluginError> {
    let adds = |operation: &Operation| matches!(operation, Operation::AddSymlink { .. });
    if !wanted.iter().any(|wanted| wanted.operations.iter().any(adds)) {
        return Ok(Vec::new());
    }
    let index = NameIndex::from_tree(tree);
    let mut links: Vec<Link<'a>> = Vec::new();
    let mut taken: HashMap<(EntryId, &str), usize> = HashMap::new();
    for Wanted { by, operations, .. } in wanted {
        for operation in operations {
            let Operation::AddSymlink { path, target } = operation else { continue };
            let mut link = Link { by, path, target, folder: EntryId::ROOT, name: path };
            let mut parts: Vec<&str> = path.split('/').collect();
            for part in &parts {
                check_name(part).map_err(|why| link.refused(&format!("its path has {why}")))?;
            }
            let name = parts.pop().unwrap_or_default();
            link.name = name;
            for part in parts {
                match index.child(link.folder, part.as_bytes()) {
                    None => return Err(link.refused("its folder does not exist")),
                    Some(id) if tree.get(id).kind != Kind::Directory => {
                        return Err(link.refused("its path leads through what is no folder"));
                    }
                    Some(id) => link.folder = id,
                }
            }
            check_free(&link, &index, removed)?;
            if let Some(other) = taken.insert((link.folder, name), links.len()) {
                let other: &Link<'_> = &links[other];
                if other.by != link.by {
                    return Err(conflict(other.by, link.by, &format!("both add a link at /{path}")));
                }
                return Err(link.refused("it adds another one there"));
            }
            check_target(&link)?;
            links.push(link);
        }
    }
    Ok(links)
}

/// The link's folder stays and its name is free, or freed by the same plugin.
fn check_free(link: &Link<'_>, index: &NameIndex<'_, EntryId>, removed: &[Option<&str>]) -> Result<(), PluginError> {
    match removed[link.folder.index()] {
        Some(other) if other != link.by => {
            let what = format!("the first removes the folder of /{}, the second adds that link", link.path);
            return Err(conflict(other, link.by, &what));
        }
        Some(_) => return Err(link.refused("it removes its folder")),
        None => {}
    }
    match index.child(link.folder, link.name.as_bytes()).map(|id| removed[id.index()]) {
        None => Ok(()),
        Some(None) => Err(link.refused("there is an entry of that name")),
        Some(Some(other)) if other != link.by => {
            Err(conflict(other, link.by, &format!("the first removes /{}, the second adds a link there", link.path)))
        }
        Some(Some(_)) => Ok(()),
    }
}

/// The target by itself; what it leads to is looked at in the finished tree.
fn check_target(link: &Link<'_>) -> Result<(), PluginError> {
    if link.target.is_empty() || link.target.contains('\0') {
        return Err(link.refused("its target is none"));
    }
    if link.target.starts_with('/') {
        return Err(link.refused("its target is absolute: it would lead out of the flist"));
    }
    Ok(())
}

/// In the finished tree, each added link leads to an entry, and no kept link lost what it led to.
pub(super) fn check_targets(
    before: &Tree,
    after: &Tree,
    places: &[Option<EntryId>],
    removed: &[Option<&str>],
    links: &[Link<'_>],
) -> Result<(), PluginError> {
    let (old, new) = (NameIndex::from_tree(before), NameIndex::from_tree(after));
    for link in links {
        let folder = places[link.folder.index()].expect("a link's folder stays");
        let added = new.child(folder, link.name.as_bytes()).expect("an added link is in the tree");
        match new.resolve(added) {
            Resolved::Found(_) => {}
            Resolved::Dangling => return Err(link.refused("its target does not exist")),
            Resolved::Escaping => return Err(link.refused("its target leads out of the flist")),
            Resolved::Loop => return Err(link.refused("it leads in a circle")),
        }
    }
    for (id, entry) in before.iter() {
        if let (Kind::Symlink { .. }, Some(place)) = (&entry.kind, places[id.index()])
            && let Resolved::Found(target) = old.resolve(id)
            && let Some(by) = removed[target.index()]
            && !matches!(new.resolve(place), Resolved::Found(_))
        {
            let what = format!("the link /{} would dangle; remove it as well", before.path(id));
            return Err(refused(by, format!("remove /{}", before.path(target)), &what));
        }
    }
    Ok(())
}
