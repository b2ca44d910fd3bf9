//! The directories that the kernel searches for firmware.

use flistry_plugin::symlinks::Resolved;
use flistry_plugin::{EntryId, EntryTree, Followed};

use crate::pattern::{Found, Pattern};

/// A directory that the kernel searches.
pub struct Root {
    pub directory: EntryId,
    /// The symlinks that lead to it.
    way: Vec<EntryId>,
}

impl Root {
    /// What a pattern finds there.
    pub fn find(&self, tree: &EntryTree, pattern: &Pattern) -> Vec<Found> {
        let mut found = pattern.find(tree, self.directory);
        found.iter_mut().for_each(|found| found.way.extend(&self.way));
        found
    }
}

/// The directories that the kernel searches, in its order, as far as they are there.
pub fn roots(tree: &EntryTree, kernel: &str) -> Vec<Root> {
    let directory = |path: &str| {
        path.split('/').try_fold(Root { directory: EntryTree::ROOT, way: Vec::new() }, |mut root, name| {
            match tree.follow(tree.child(root.directory, name)?) {
                Resolved::Found(Followed { end, passed }) if tree.is_directory(end) => {
                    root.directory = end;
                    root.way.extend(passed);
                    Some(root)
                }
                _ => None,
            }
        })
    };
    ["updates/".to_owned() + kernel, "updates".to_owned(), kernel.to_owned()]
        .iter()
        .filter_map(|path| directory(path))
        .chain([Root { directory: EntryTree::ROOT, way: Vec::new() }])
        .collect()
}

/// What the patterns find in all of these directories.
pub fn find_all(tree: &EntryTree, patterns: &[Pattern], roots: &[Root]) -> Vec<Found> {
    patterns.iter().flat_map(|pattern| roots.iter().flat_map(|root| root.find(tree, pattern))).collect()
}
