//! How two trees differ, path by path.

use std::fmt;

use crate::manifest::Manifest;
use crate::printable::Printable;
use crate::tree::{Entry, EntryId, Kind, Tree};

/// One path that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// From the root, without a slash in front; the root's is empty.
    pub path: String,
    /// How it differs.
    #[serde(flatten)]
    pub change: Change,
}

/// How a path differs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, with other attributes or contents.
    Changed {
        /// What differs, each as `field: first -> second`.
        fields: Vec<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Printable(&self.path);
        match &self.change {
            Change::Added => write!(f, "+ /{path}"),
            Change::Removed => write!(f, "- /{path}"),
            Change::Changed { fields } => write!(f, "~ /{path} ({})", Printable(&fields.join(", "))),
        }
    }
}

/// The differences of two flists, by path. Contents are compared by their blocks' keys, which are digests of the plain
/// bytes; no store is asked.
pub fn diff(a: &Manifest, b: &Manifest) -> Vec<Difference> {
    diff_trees(&a.tree, &b.tree, |of_a, of_b| {
        let keys = |m: &Manifest, id| m.blocks.of(id).iter().map(|block| block.key).collect::<Vec<_>>();
        keys(a, of_a) == keys(b, of_b)
    })
}

/// The differences of two trees; `same_contents` is asked for each pair of files of equal size.
pub fn diff_trees(a: &Tree, b: &Tree, same_contents: impl Fn(EntryId, EntryId) -> bool) -> Vec<Difference> {
    let mut of_b = b.by_path();
    let mut differences = Vec::new();
    for (id, entry) in a.iter() {
        let path = a.path(id);
        let change = match of_b.remove(&path) {
            None => Change::Removed,
            Some(other) => {
                let fields = fields(entry, b.get(other), || same_contents(id, other));
                if fields.is_empty() {
                    continue;
                }
                Change::Changed { fields }
            }
        };
        differences.push(Difference { path, change });
    }
    differences.extend(of_b.into_keys().map(|path| Difference { path, change: Change::Added }));
    differences.sort_by(|x, y| x.path.split('/').cmp(y.path.split('/')));
    differences
}

fn fields(a: &Entry, b: &Entry, same_contents: impl FnOnce() -> bool) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = |name: &str, a: String, b: String| {
        if a != b {
            fields.push(format!("{name}: {a} -> {b}"));
        }
    };
    field("kind", a.kind.name().into(), b.kind.name().into());
    let mode = |entry: &Entry| format!("{:04o}", entry.attributes.permissions.bits());
    field("mode", mode(a), mode(b));
    field("uid", a.attributes.uid.to_string(), b.attributes.uid.to_string());
    field("gid", a.attributes.gid.to_string(), b.attributes.gid.to_string());
    field("mtime", a.attributes.mtime.to_string(), b.attributes.mtime.to_string());
    match (&a.kind, &b.kind) {
        (Kind::File { size: x }, Kind::File { size: y }) => {
            field("size", x.to_string(), y.to_string());
            if x == y && !same_contents() {
                fields.push("contents".to_owned());
            }
        }
        (Kind::Symlink { target: x }, Kind::Symlink { target: y }) => {
            field("target", String::from_utf8_lossy(x).into_owned(), String::from_utf8_lossy(y).into_owned());
        }
        (x, y) => field("device", x.rdev_column().to_string(), y.rdev_column().to_string()),
    }
    fields
}
