//! The tree again, in the normal form's order, without what was removed and with what was added.

use super::links::Link;
use super::refused;
use crate::plugin::PluginError;
use crate::tree::source::Contents;
use crate::tree::{Attributes, Entry, EntryId, Kind, Permissions, Tree};

/// One entry to be.
#[derive(Clone, Copy)]
enum Next {
    /// One of the tree before.
    Old(EntryId),
    /// An added link, by its place in the list.
    New(usize),
}

/// The new tree, and each old entry's place in it.
pub(super) fn tree(
    old: &Tree,
    removed: &[Option<&str>],
    links: &[Link<'_>],
) -> Result<(Tree, Vec<Option<EntryId>>), PluginError> {
    let name = |next: &Next| match next {
        Next::Old(id) => &*old.get(*id).name,
        Next::New(link) => links[*link].name,
    };
    let mut children: Vec<Vec<Next>> = vec![Vec::new(); old.len()];
    for (id, entry) in old.iter().skip(1).filter(|(id, _)| removed[id.index()].is_none()) {
        children[entry.parent.index()].push(Next::Old(id));
    }
    for (place, link) in links.iter().enumerate() {
        let siblings = &mut children[link.folder.index()];
        let at = siblings.partition_point(|sibling| name(sibling).as_bytes() < link.name.as_bytes());
        siblings.insert(at, Next::New(place));
    }

    let mut tree = Tree::new(old.get(EntryId::ROOT).attributes);
    let mut places = vec![None; old.len()];
    places[0] = Some(EntryId::ROOT);
    let mut rest: Vec<Next> = std::mem::take(&mut children[0]).into_iter().rev().collect();
    while let Some(next) = rest.pop() {
        match next {
            Next::Old(id) => {
                let parent = places[old.get(id).parent.index()].expect("a folder stands before what is in it");
                let place = tree.push(Entry { parent, ..old.get(id).clone() });
                // What was a tree in order is one without some of its entries.
                places[id.index()] = Some(place.expect("it was in order before"));
                rest.extend(std::mem::take(&mut children[id.index()]).into_iter().rev());
            }
            Next::New(link) => {
                let link = &links[link];
                let parent = places[link.folder.index()].expect("a folder stands before what is in it");
                let pushed = tree.push(Entry {
                    parent,
                    name: link.name.into(),
                    kind: Kind::Symlink { target: link.target.as_bytes().to_vec() },
                    attributes: attributes(&old.get(link.folder).attributes),
                });
                pushed
                    .map_err(|error| refused(link.by, format!("add a link at /{}", link.path), &error.to_string()))?;
            }
        }
    }
    Ok((tree, places))
}

/// A link's attributes: its folder's owner and time, so that the same input gives the same manifest.
fn attributes(folder: &Attributes) -> Attributes {
    Attributes { permissions: Permissions::of_mode(0o777), ..*folder }
}

/// The contents of what stayed, at its new places.
pub(super) fn contents(old: Vec<Option<Contents>>, places: &[Option<EntryId>], len: usize) -> Vec<Option<Contents>> {
    let mut contents = vec![None; len];
    for (content, place) in old.into_iter().zip(places) {
        if let Some(place) = place {
            contents[place.index()] = content;
        }
    }
    contents
}
