//! Where symlinks lead within a tree, resolved as Linux does: one name after the other, each symlink on the way in turn.
//!
//! A tree only says what its entries are ([`SymlinkTree`]); it may be a scan of a file system, the entries of a manifest or
//! what a plugin was given.

/// How many symlinks Linux follows in one look-up (`MAXSYMLINKS`); one more is `ELOOP`.
pub const MAX_SYMLINKS: usize = 40;

/// A tree with symlinks in it.
pub trait SymlinkTree {
    /// Stands for an entry.
    type Id: Copy;

    /// The directory that an entry is in; `None` for the root.
    fn parent(&self, entry: Self::Id) -> Option<Self::Id>;

    /// The entry of a name in a directory. A name is never empty, `.` or `..`.
    fn child(&self, directory: Self::Id, name: &[u8]) -> Option<Self::Id>;

    /// What an entry is.
    fn node(&self, entry: Self::Id) -> Node<'_>;

    /// Where on a node the tree is seen, such as `/lib/firmware`: an absolute target beneath one of these places leads into
    /// the tree.
    fn places(&self) -> &[String] {
        &[]
    }
}

/// A tree whose directories can be listed.
pub trait ListedTree: SymlinkTree {
    /// What is directly in a directory, in the order of the names.
    fn children(&self, directory: Self::Id) -> Vec<(String, Self::Id)>;

    /// Whether an entry is a regular file.
    fn is_file(&self, entry: Self::Id) -> bool;
}

/// Where a node looks for firmware, whatever it is mounted at: one of the two is a symlink, or leads through one.
pub const FIRMWARE_PLACES: [&str; 2] = ["/lib/firmware", "/usr/lib/firmware"];

/// Where a node looks for the modules of a kernel: one of the two is a symlink, or leads through one.
pub fn modules_places(kernel: &str) -> [String; 2] {
    ["/lib/modules", "/usr/lib/modules"].map(|place| format!("{place}/{kernel}"))
}

/// What an entry is, as far as a look-up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// Has entries in it.
    Directory,
    /// Leads to this target.
    Symlink(&'a [u8]),
    /// The end of every path.
    Other,
}

/// Where a symlink leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved<Id> {
    /// To an entry that is not a symlink.
    Found(Id),
    /// To nothing.
    Dangling,
    /// Out of the tree: to where none of its places is, by an absolute target or above the root.
    Escaping,
    /// Through more symlinks than Linux follows, such as to itself.
    Loop,
}

/// Resolves a symlink; any other entry leads to itself.
pub fn resolve<T: SymlinkTree + ?Sized>(tree: &T, entry: T::Id) -> Resolved<T::Id> {
    resolve_through(tree, entry, |_| {})
}

/// [`resolve`] that tells on the way what has to stay for the symlink to lead where it leads: each symlink that is followed,
/// beginning with the entry itself if it is one, and each directory that is left by `..`.
pub fn resolve_through<T: SymlinkTree + ?Sized>(tree: &T, entry: T::Id, passed: impl FnMut(T::Id)) -> Resolved<T::Id> {
    follow(tree, entry, Vec::new(), passed)
}

/// Looks a path up from the tree's root, through whatever symlinks there are on the way; tells of those as
/// [`resolve_through`] does.
pub fn look_up<T: SymlinkTree + ?Sized>(
    tree: &T,
    root: T::Id,
    path: &str,
    passed: impl FnMut(T::Id),
) -> Resolved<T::Id> {
    let mut names = Vec::new();
    push_names(path.as_bytes(), &mut names);
    follow(tree, root, names, passed)
}

/// Follows from an entry on; `rest` are the names still to look up, the next one last.
fn follow<'a, T: SymlinkTree + ?Sized>(
    tree: &'a T,
    entry: T::Id,
    mut rest: Vec<&'a [u8]>,
    mut passed: impl FnMut(T::Id),
) -> Resolved<T::Id> {
    let mut at = entry;
    let mut followed = 0;
    // The place that it came in by, where that is known.
    let mut entered = None;
    loop {
        if let Node::Symlink(target) = tree.node(at) {
            followed += 1;
            if followed > MAX_SYMLINKS {
                return Resolved::Loop;
            }
            passed(at);
            match target.first() {
                None => return Resolved::Dangling,
                Some(b'/') => {
                    push_names(target, &mut rest);
                    let Some(place) = enter(Vec::new(), &mut rest, tree.places()) else { return Resolved::Escaping };
                    entered = Some(place);
                    while let Some(parent) = tree.parent(at) {
                        at = parent;
                    }
                }
                Some(_) => {
                    let Some(directory) = tree.parent(at) else { return Resolved::Dangling };
                    at = directory;
                    push_names(target, &mut rest);
                }
            }
        }
        let Some(name) = rest.pop() else { return Resolved::Found(at) };
        if tree.node(at) != Node::Directory {
            return Resolved::Dangling;
        }
        at = match name {
            b"." => at,
            b".." => match tree.parent(at) {
                Some(parent) => {
                    passed(at);
                    parent
                }
                None => {
                    let Some(place) = come_back(entered, &mut rest, tree.places()) else { return Resolved::Escaping };
                    entered = Some(place);
                    at
                }
            },
            name => {
                let Some(child) = tree.child(at, name) else { return Resolved::Dangling };
                child
            }
        };
    }
}

/// Goes on from the directory that the tree's root is in, and comes back into the tree; returns the place that it comes in by.
/// Where it is not known by which place it was there, any of them may be the one: what is taken for inside is kept.
fn come_back<'a>(entered: Option<usize>, rest: &mut Vec<&'a [u8]>, places: &'a [String]) -> Option<usize> {
    (0..places.len()).filter(|place| entered.is_none_or(|entered| entered == *place)).find_map(|place| {
        let mut above: Vec<&[u8]> = names_of(&places[place]);
        above.pop()?;
        enter(above, rest, places)
    })
}

/// Walks from an absolute path outside of the tree along `rest`, and takes off that what leads to one of the places; the
/// longest place counts. What is outside is not known, so `..` goes back by name. None, with `rest` as it was, where it
/// comes to no place.
fn enter<'a>(mut at: Vec<&'a [u8]>, rest: &mut Vec<&'a [u8]>, places: &'a [String]) -> Option<usize> {
    let places: Vec<Vec<&[u8]>> = places.iter().map(|place| names_of(place)).collect();
    let mut entered = None;
    for (walked, name) in rest.iter().rev().enumerate() {
        match *name {
            b"." => {}
            b".." if entered.is_some() => break,
            b".." => drop(at.pop()),
            name => at.push(name),
        }
        if let Some(place) = places.iter().position(|place| *place == at) {
            entered = Some((place, walked + 1));
        } else if entered.is_some() && !places.iter().any(|place| place.starts_with(&at)) {
            break;
        }
    }
    let (place, walked) = entered?;
    rest.truncate(rest.len() - walked);
    Some(place)
}

fn names_of(place: &str) -> Vec<&[u8]> {
    place.split('/').filter(|name| !name.is_empty()).map(str::as_bytes).collect()
}

/// A slash at the end asks for a directory, as `.` does.
fn push_names<'a>(target: &'a [u8], rest: &mut Vec<&'a [u8]>) {
    if target.ends_with(b"/") {
        rest.push(b".");
    }
    rest.extend(target.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).rev());
}

#[cfg(test)]
mod tests;
