//! Changing a tree that is in normal form already: entries go, entries come, and the order is kept.

use super::entries::{Attributes, Entry, EntryId, Kind, Permissions, Tree, TreeError};
use super::input::Input;
use super::source::Contents;

/// Changes to one [`Input`], collected and then applied at once. Ids are those of the input before.
#[derive(Default)]
pub struct TreeEdit {
    removed: Vec<EntryId>,
    added: Vec<NewEntry>,
}

/// An entry to be.
struct NewEntry {
    /// Its directory in the tree before.
    parent: EntryId,
    name: Box<str>,
    kind: Kind,
    attributes: Attributes,
    contents: Option<Contents>,
}

/// What an edit made.
pub struct Edited {
    /// The new input.
    pub input: Input,
    /// Where each entry of the input before is now; `None` for what is gone.
    pub places: Vec<Option<EntryId>>,
}

/// A child of a directory in the new tree.
#[derive(Clone, Copy)]
enum Child {
    /// An entry of the tree before.
    Kept(EntryId),
    /// An added entry, by its index in [`TreeEdit::added`].
    Added(usize),
}

impl TreeEdit {
    /// An entry goes, a directory with everything in it. The root stays, whatever is asked.
    pub fn remove(&mut self, id: EntryId) {
        self.removed.push(id);
    }

    /// A symlink in a directory that stays. It has the directory's owner and time, so that the same input gives the same
    /// manifest.
    pub fn add_symlink(&mut self, input: &Input, parent: EntryId, name: &str, target: &[u8]) {
        let attributes = Attributes { permissions: Permissions::of_mode(0o777), ..input.tree.get(parent).attributes };
        let kind = Kind::Symlink { target: target.to_vec() };
        self.added.push(NewEntry { parent, name: name.into(), kind, attributes, contents: None });
    }

    /// A file in the root whose bytes the build made; it replaces what has that name there. It is as old as the youngest
    /// file of the source, so that the same input gives the same manifest, and belongs to whom the root belongs.
    pub fn add_generated(&mut self, input: &Input, name: &str, bytes: Vec<u8>) {
        let tree = &input.tree;
        let root = tree.get(EntryId::ROOT).attributes;
        let youngest = tree.files().map(|(id, _)| tree.get(id).attributes.mtime).max().unwrap_or(root.mtime);
        let attributes = Attributes { permissions: Permissions::of_mode(0o644), mtime: youngest, ..root };
        let replaced = tree.iter().skip(1).find(|(_, entry)| entry.parent == EntryId::ROOT && &*entry.name == name);
        self.removed.extend(replaced.map(|(id, _)| id));
        let kind = Kind::File { size: bytes.len() as u64 };
        let contents = Some(Contents::Generated(bytes));
        self.added.push(NewEntry { parent: EntryId::ROOT, name: name.into(), kind, attributes, contents });
    }

    /// Makes the new input.
    ///
    /// # Errors
    /// Where an added entry has no directory, an impossible name, or one that is taken.
    pub fn apply(self, input: Input) -> Result<Edited, TreeError> {
        let TreeEdit { removed, added } = self;
        let Input { tree: old, contents: mut old_contents } = input;
        let mut children = children(&old, &removed, &added);
        let mut tree = Tree::new(old.get(EntryId::ROOT).attributes);
        let mut contents = vec![None];
        let mut places = vec![None; old.len()];
        places[0] = Some(EntryId::ROOT);
        let mut added: Vec<Option<NewEntry>> = added.into_iter().map(Some).collect();
        // A stack instead of recursion: a deep tree must not overflow.
        let mut rest = std::mem::take(&mut children[0]);
        while let Some(child) = rest.pop() {
            let id = match child {
                Child::Kept(id) => id,
                Child::Added(index) => {
                    let NewEntry { parent, name, kind, attributes, contents: made } =
                        added[index].take().expect("it is the child of one directory");
                    let parent = places[parent.index()].expect("a directory stands before its children");
                    tree.push(Entry { parent, name, kind, attributes })?;
                    contents.push(made);
                    continue;
                }
            };
            let entry = old.get(id);
            let parent = places[entry.parent.index()].expect("a directory stands before its children");
            places[id.index()] = Some(tree.push(Entry { parent, ..entry.clone() })?);
            contents.push(old_contents[id.index()].take());
            rest.append(&mut children[id.index()]);
        }
        match added.into_iter().flatten().next() {
            Some(entry) => Err(TreeError::new(&entry.name, "its directory is not in the tree")),
            None => Ok(Edited { input: Input { tree, contents }, places }),
        }
    }
}

/// The new children of each directory of the old tree, the last by name first.
fn children(old: &Tree, removed: &[EntryId], added: &[NewEntry]) -> Vec<Vec<Child>> {
    let mut gone = vec![false; old.len()];
    removed.iter().filter(|id| **id != EntryId::ROOT).for_each(|id| gone[id.index()] = true);
    let mut children: Vec<Vec<Child>> = vec![Vec::new(); old.len()];
    for (id, entry) in old.iter().skip(1) {
        // Directories come first, so that what is in one that goes is known to go, too.
        gone[id.index()] |= gone[entry.parent.index()];
        if !gone[id.index()] {
            children[entry.parent.index()].push(Child::Kept(id));
        }
    }
    for (index, entry) in added.iter().enumerate().filter(|(_, entry)| !gone[entry.parent.index()]) {
        children[entry.parent.index()].push(Child::Added(index));
    }
    let name = |child: &Child| match child {
        Child::Kept(id) => old.get(*id).name.as_bytes(),
        Child::Added(index) => added[*index].name.as_bytes(),
    };
    children.iter_mut().for_each(|siblings| siblings.sort_by(|a, b| name(b).cmp(name(a))));
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(mtime: i64) -> Attributes {
        Attributes { permissions: Permissions::of_mode(0o755), uid: 0, gid: 0, mtime }
    }

    /// `a/`, `a/x`, `b`.
    fn input() -> Input {
        let mut tree = Tree::new(attributes(1));
        let mut push = |parent, name: &str, kind, mtime| {
            tree.push(Entry { parent, name: name.into(), kind, attributes: attributes(mtime) }).unwrap()
        };
        let a = push(EntryId::ROOT, "a", Kind::Directory, 5);
        push(a, "x", Kind::File { size: 1 }, 7);
        push(EntryId::ROOT, "b", Kind::File { size: 1 }, 3);
        let made = |text: &str| Some(Contents::Generated(text.into()));
        Input { tree, contents: vec![None, None, made("x"), made("b")] }
    }

    fn paths(input: &Input) -> Vec<String> {
        input.tree.iter().skip(1).map(|(id, _)| input.tree.path(id)).collect()
    }

    #[test]
    fn a_directory_goes_with_everything_in_it() {
        let mut edit = TreeEdit::default();
        edit.remove(EntryId(1));
        let edited = edit.apply(input()).unwrap();
        assert_eq!(paths(&edited.input), ["b"]);
        assert_eq!(edited.places, [Some(EntryId::ROOT), None, None, Some(EntryId(1))]);
        assert_eq!(edited.input.contents(EntryId(1)), Some(&Contents::Generated(b"b".to_vec())));
    }

    #[test]
    fn what_comes_stands_in_order_with_its_directorys_time() {
        let mut edit = TreeEdit::default();
        edit.add_symlink(&input(), EntryId(1), "w", b"x");
        edit.add_symlink(&input(), EntryId::ROOT, "aa", b"b");
        let edited = edit.apply(input()).unwrap().input;
        assert_eq!(paths(&edited), ["a", "a/w", "a/x", "aa", "b"]);
        let symlink = edited.tree.get(EntryId(2));
        assert_eq!((symlink.attributes.mtime, symlink.mode()), (5, 0o120_777));
        assert_eq!(edited.contents(EntryId(2)), None);
    }

    #[test]
    fn a_generated_file_replaces_what_has_its_name_and_is_as_old_as_the_youngest_file() {
        let mut edit = TreeEdit::default();
        edit.add_generated(&input(), "a", b"made".to_vec());
        let edited = edit.apply(input()).unwrap().input;
        assert_eq!(paths(&edited), ["a", "b"]);
        let made = edited.tree.get(EntryId(1));
        assert_eq!((&made.kind, made.attributes.mtime, made.mode()), (&Kind::File { size: 4 }, 7, 0o100_644));
        assert_eq!(edited.contents(EntryId(1)), Some(&Contents::Generated(b"made".to_vec())));
    }

    #[test]
    fn what_can_not_stand_there_is_refused() {
        let refused = |parent, name: &str, remove: Option<EntryId>| {
            let mut edit = TreeEdit::default();
            remove.into_iter().for_each(|id| edit.remove(id));
            edit.add_symlink(&input(), parent, name, b"x");
            edit.apply(input()).err().expect("it is refused").to_string()
        };
        assert_eq!(refused(EntryId::ROOT, "b", None), "entry \"b\": its directory has that name already");
        assert_eq!(refused(EntryId::ROOT, "..", None), "entry \"..\": a name that means another directory");
        assert_eq!(refused(EntryId(3), "y", None), "entry \"y\": what it is in is not a directory");
        assert_eq!(refused(EntryId(1), "y", Some(EntryId(1))), "entry \"y\": its directory is not in the tree");
    }

    #[test]
    fn the_root_stays() {
        let mut edit = TreeEdit::default();
        edit.remove(EntryId::ROOT);
        assert_eq!(edit.apply(input()).unwrap().input, input());
    }

    #[test]
    fn generated_files_stand_in_order_beside_what_stays() {
        let attributes = |mtime| Attributes { permissions: Permissions::of_mode(0o600), uid: 1, gid: 1, mtime };
        let mut tree = Tree::new(attributes(3));
        let mut push = |parent, name: &str, kind, mtime| {
            tree.push(Entry { parent, name: name.into(), kind, attributes: attributes(mtime) }).unwrap()
        };
        push(EntryId::ROOT, "b", Kind::File { size: 9 }, 7);
        let directory = push(EntryId::ROOT, "c", Kind::Directory, 8);
        push(directory, "gone", Kind::File { size: 1 }, 5);
        let directory = push(EntryId::ROOT, "d", Kind::Directory, 9);
        push(directory, "a", Kind::Fifo, 10);
        let contents = tree.iter().map(|(_, entry)| match entry.kind {
            Kind::File { size } => Some(Contents::Generated(vec![b'x'; size as usize])),
            _ => None,
        });
        let input = Input { contents: contents.collect(), tree };
        let files = ["a", "b", "c", "e"].map(|name| (name.to_owned(), name.as_bytes().to_vec()));
        let input = {
            let mut edit = TreeEdit::default();
            files.into_iter().for_each(|(name, bytes): (String, Vec<u8>)| edit.add_generated(&input, &name, bytes));
            edit.apply(input).unwrap().input
        };
        let paths: Vec<String> = input.tree.iter().map(|(id, _)| input.tree.path(id)).collect();
        assert_eq!(paths, ["", "a", "b", "c", "d", "d/a", "e"]);
        for (id, size) in input.tree.files() {
            let entry = input.tree.get(id);
            assert_eq!((size, entry.mode(), entry.attributes.mtime), (1, 0o100_644, 7));
            assert_eq!(input.contents(id), Some(&Contents::Generated(entry.name.as_bytes().to_vec())));
        }
    }
}
