//! Where a tree's links lead.

use std::collections::{HashMap, HashSet};

use crate::tree::{EntryId, Kind, Tree};

/// How many links Linux follows in one look-up (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// Every entry of a tree by its folder and its name.
pub type Names<'a> = HashMap<(EntryId, &'a str), EntryId>;

/// Every entry by its folder and its name.
pub fn names(tree: &Tree) -> Names<'_> {
    tree.iter().skip(1).map(|(id, entry)| ((entry.parent, &*entry.name), id)).collect()
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// To an entry that is no link.
    To(EntryId),
    /// To nothing.
    Nowhere,
    /// Out of the tree: by an absolute target, or above the root.
    Outside,
    /// To itself, or through more links than Linux follows.
    Round,
}

/// Follows the link `link` of a tree whose names are `names`; an entry that is none leads to itself.
pub fn resolve(tree: &Tree, names: &Names<'_>, link: EntryId) -> Led {
    let mut at = tree.get(link).parent;
    let mut rest: Vec<&[u8]> = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(link);
    loop {
        if let Some(id) = next.take() {
            let Kind::Symlink { target } = &tree.get(id).kind else {
                at = id;
                continue;
            };
            // The same link may stand in a path twice; what goes round passes it with the same path left to go.
            if !seen.insert((id, rest.len())) || seen.len() > MOST_LINKS {
                return Led::Round;
            }
            if target.first() == Some(&b'/') {
                return Led::Outside;
            }
            rest.extend(target.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).rev());
        }
        match rest.pop() {
            None => return Led::To(at),
            Some(b".") => {}
            Some(b"..") if at == EntryId::ROOT => return Led::Outside,
            Some(b"..") => at = tree.get(at).parent,
            Some(part) => {
                let found = std::str::from_utf8(part).ok().and_then(|part| names.get(&(at, part)));
                match found {
                    Some(id) => next = Some(*id),
                    None => return Led::Nowhere,
                }
            }
        }
    }
}
