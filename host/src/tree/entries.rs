//! The file tree of an flist, in the normal form's order.
//!
//! Children stand after their parent, ordered by name as bytes, each directory's contents before the next sibling: so
//! the order is that of paths compared component by component. An entry's place in it is its [`EntryId`], which is
//! what every stage names entries by; the manifest's inode number is that place plus one.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

/// The bits of `st_mode` that hold the file type.
const TYPE_MASK: u32 = 0o170_000;
/// The bits of `st_mode` that hold permissions, setuid, setgid and sticky.
const PERMISSION_MASK: u32 = 0o7777;

/// An entry's place in its [`Tree`]; the root is 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EntryId(pub(crate) u32);

impl EntryId {
    /// The root of every tree.
    pub const ROOT: EntryId = EntryId(0);

    /// The place as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The entry's inode number in a manifest that flistry writes. The root is 1: rfs's walk starts there.
    pub fn ino(self) -> u64 {
        u64::from(self.0) + 1
    }
}

/// What an entry is, with what only that kind has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Its length in bytes.
        size: u64,
    },
    /// A symlink.
    Symlink {
        /// What it points to, as bytes: Linux does not demand UTF-8.
        target: Vec<u8>,
    },
    /// A character device.
    CharDevice {
        /// Major and minor number as `st_rdev` has them.
        rdev: u64,
    },
    /// A block device.
    BlockDevice {
        /// Major and minor number as `st_rdev` has them.
        rdev: u64,
    },
    /// A named pipe.
    Fifo,
}

impl Kind {
    /// The file type bits of `st_mode`.
    pub fn type_bits(&self) -> u32 {
        match self {
            Kind::Directory => 0o040_000,
            Kind::File { .. } => 0o100_000,
            Kind::Symlink { .. } => 0o120_000,
            Kind::CharDevice { .. } => 0o020_000,
            Kind::BlockDevice { .. } => 0o060_000,
            Kind::Fifo => 0o010_000,
        }
    }

    /// The value of the manifest's `size` column: 4096 for a directory, the length of a symlink's target, 0 for what is special.
    pub fn size_column(&self) -> u64 {
        match self {
            Kind::Directory => 4096,
            Kind::File { size } => *size,
            Kind::Symlink { target } => target.len() as u64,
            Kind::CharDevice { .. } | Kind::BlockDevice { .. } | Kind::Fifo => 0,
        }
    }

    /// The value of the manifest's `rdev` column.
    pub fn rdev_column(&self) -> u64 {
        match self {
            Kind::CharDevice { rdev } | Kind::BlockDevice { rdev } => *rdev,
            _ => 0,
        }
    }

    /// The kind that `st_mode` names, from the other columns; `None` for a socket or a type that Linux doesn't have.
    pub fn from_columns(mode: u32, size: u64, rdev: u64, target: Option<Vec<u8>>) -> Option<Kind> {
        Some(match mode & TYPE_MASK {
            0o040_000 => Kind::Directory,
            0o100_000 => Kind::File { size },
            0o120_000 => Kind::Symlink { target: target.unwrap_or_default() },
            0o020_000 => Kind::CharDevice { rdev },
            0o060_000 => Kind::BlockDevice { rdev },
            0o010_000 => Kind::Fifo,
            _ => return None,
        })
    }

    /// The kind's name, for messages and listings.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Directory => "directory",
            Kind::File { .. } => "file",
            Kind::Symlink { .. } => "symlink",
            Kind::CharDevice { .. } => "character device",
            Kind::BlockDevice { .. } => "block device",
            Kind::Fifo => "fifo",
        }
    }
}

/// The permission bits of `st_mode`, with setuid, setgid and sticky.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permissions(u16);

impl Permissions {
    /// The permission bits of a whole `st_mode`.
    pub fn of_mode(mode: u32) -> Self {
        Permissions((mode & PERMISSION_MASK) as u16)
    }

    /// The bits, 0 to 0o7777.
    pub fn bits(self) -> u32 {
        u32::from(self.0)
    }
}

/// What the manifest holds of every kind of entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Who may do what.
    pub permissions: Permissions,
    /// The owner.
    pub uid: u32,
    /// The owning group.
    pub gid: u32,
    /// When the contents changed last; seconds since 1970, UTC.
    pub mtime: i64,
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The directory it is in; the root's parent is the root.
    pub parent: EntryId,
    /// Its name within that directory; the root's is empty. Never `.`, `..`, nor with a slash or a NUL.
    pub name: Box<str>,
    /// What it is.
    pub kind: Kind,
    /// Mode, owner, time.
    pub attributes: Attributes,
}

impl Entry {
    /// The whole `st_mode`.
    pub fn mode(&self) -> u32 {
        self.kind.type_bits() | self.attributes.permissions.bits()
    }
}

/// A file tree in the normal form's order; the first entry is the root, a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
    entries: Vec<Entry>,
}

impl Tree {
    /// A tree of the root alone.
    pub fn new(root: Attributes) -> Self {
        let root = Entry { parent: EntryId::ROOT, name: "".into(), kind: Kind::Directory, attributes: root };
        Tree { entries: vec![root] }
    }

    /// Appends an entry, which must come next in the normal form's order.
    ///
    /// # Errors
    /// Refuses what would not be a tree in that order: a name that can't be one, a parent that is not a directory, a name
    /// that its directory has already, an entry out of order.
    pub fn push(&mut self, entry: Entry) -> Result<EntryId, TreeError> {
        check_name(&entry.name).map_err(|why| TreeError::new(&entry.name, why))?;
        let refuse = |why| Err(TreeError::new(&entry.name, why));
        let Some(parent) = self.entries.get(entry.parent.index()) else {
            return refuse("its directory is not in the tree");
        };
        if parent.kind != Kind::Directory {
            return refuse("what it is in is not a directory");
        }
        // The last entry's ancestor that stands in the same directory is the sibling before this one.
        let mut before = EntryId(self.entries.len() as u32 - 1);
        while before != entry.parent {
            let sibling = self.get(before);
            if sibling.parent == entry.parent {
                match sibling.name.as_bytes().cmp(entry.name.as_bytes()) {
                    Ordering::Less => break,
                    Ordering::Equal => return refuse("its directory has that name already"),
                    Ordering::Greater => return refuse("it is out of order"),
                }
            }
            if before == EntryId::ROOT {
                return refuse("it is out of order");
            }
            before = sibling.parent;
        }
        self.entries.push(entry);
        Ok(EntryId(self.entries.len() as u32 - 1))
    }

    /// How many entries there are, with the root.
    #[allow(clippy::len_without_is_empty, reason = "a tree has at least its root")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// An entry of this tree.
    pub fn get(&self, id: EntryId) -> &Entry {
        &self.entries[id.index()]
    }

    /// All entries in order, the root first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (EntryId, &Entry)> {
        self.entries.iter().enumerate().map(|(index, entry)| (EntryId(index as u32), entry))
    }

    /// The regular files in order, each with its size in bytes.
    pub fn files(&self) -> impl Iterator<Item = (EntryId, u64)> {
        self.iter().filter_map(|(id, entry)| match entry.kind {
            Kind::File { size } => Some((id, size)),
            _ => None,
        })
    }

    /// An entry's path from the root, without a slash in front; the root's is empty.
    pub fn path(&self, id: EntryId) -> String {
        let mut names = Vec::new();
        let mut at = id;
        while at != EntryId::ROOT {
            let entry = self.get(at);
            names.push(&*entry.name);
            at = entry.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// Every entry by its path, as [`Tree::path`] gives it.
    pub fn by_path(&self) -> HashMap<String, EntryId> {
        self.iter().map(|(id, _)| (self.path(id), id)).collect()
    }

    /// How many entries of each kind there are, and the files' bytes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (_, entry) in self.iter().skip(1) {
            match entry.kind {
                Kind::Directory => counts.directories += 1,
                Kind::File { size } => {
                    counts.files += 1;
                    counts.bytes += size;
                }
                Kind::Symlink { .. } => counts.symlinks += 1,
                _ => counts.special += 1,
            }
        }
        counts
    }
}

/// How many entries of each kind a tree has; its root is not counted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Regular files.
    pub files: u64,
    /// Their lengths, added up.
    pub bytes: u64,
    /// Directories.
    pub directories: u64,
    /// Symlinks.
    pub symlinks: u64,
    /// Devices and named pipes.
    pub special: u64,
}

impl Counts {
    /// All entries.
    pub fn entries(&self) -> u64 {
        self.files + self.directories + self.symlinks + self.special
    }
}

/// Whether `name` can be an entry's name; the error says why not.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("an empty name"),
        "." | ".." => Err("a name that means another directory"),
        _ if name.contains('/') => Err("a name with a slash"),
        _ if name.contains('\0') => Err("a name with a NUL"),
        _ if name.len() > 255 => Err("a name of more than 255 bytes, which Linux can't look up"),
        _ => Ok(()),
    }
}

/// An entry that can't stand where it was put.
#[derive(Debug, PartialEq, Eq)]
pub struct TreeError {
    name: String,
    why: &'static str,
}

impl TreeError {
    pub(super) fn new(name: &str, why: &'static str) -> TreeError {
        TreeError { name: name.to_owned(), why }
    }
}

impl std::error::Error for TreeError {}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {:?}: {}", self.name, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        Attributes { permissions: Permissions::of_mode(0o755), uid: 0, gid: 0, mtime: 0 }
    }

    fn entry(parent: EntryId, name: &str, kind: Kind) -> Entry {
        Entry { parent, name: name.into(), kind, attributes: attributes() }
    }

    #[test]
    fn order_is_that_of_paths_compared_component_by_component() {
        let mut tree = Tree::new(attributes());
        // As strings "a-b" sorts before "a/x"; as components "a" comes before "a-b".
        let a = tree.push(entry(EntryId::ROOT, "a", Kind::Directory)).unwrap();
        tree.push(entry(a, "x", Kind::Fifo)).unwrap();
        tree.push(entry(EntryId::ROOT, "a-b", Kind::Fifo)).unwrap();
        let paths: Vec<String> = tree.iter().map(|(id, _)| tree.path(id)).collect();
        assert_eq!(paths, ["", "a", "a/x", "a-b"]);
    }

    #[test]
    fn what_is_not_a_tree_is_refused() {
        let mut tree = Tree::new(attributes());
        let directory = tree.push(entry(EntryId::ROOT, "b", Kind::Directory)).unwrap();
        let file = tree.push(entry(directory, "f", Kind::File { size: 0 })).unwrap();
        let mut why = |parent, name: &str| tree.push(entry(parent, name, Kind::Fifo)).unwrap_err().to_string();

        assert_eq!(why(EntryId::ROOT, ".."), r#"entry "..": a name that means another directory"#);
        assert_eq!(why(EntryId::ROOT, "x/y"), r#"entry "x/y": a name with a slash"#);
        assert_eq!(why(EntryId::ROOT, "b"), r#"entry "b": its directory has that name already"#);
        assert_eq!(why(EntryId::ROOT, "a"), r#"entry "a": it is out of order"#);
        assert_eq!(why(file, "x"), r#"entry "x": what it is in is not a directory"#);
        assert_eq!(why(EntryId(99), "x"), r#"entry "x": its directory is not in the tree"#);
    }

    #[test]
    fn an_entry_of_a_directory_that_is_closed_is_out_of_order() {
        let mut tree = Tree::new(attributes());
        let a = tree.push(entry(EntryId::ROOT, "a", Kind::Directory)).unwrap();
        tree.push(entry(EntryId::ROOT, "b", Kind::Directory)).unwrap();
        assert!(tree.push(entry(a, "late", Kind::Fifo)).is_err());
    }
}
