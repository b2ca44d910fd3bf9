//! What the handles of a plugin stand for. The generated bindings name these types, so they know nothing of the bindings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::operations::Operation;
use super::view::{EntryView, TreeView};

/// `trees.tree`
pub struct OpenTree(pub Arc<dyn TreeView>);

/// `drafts.draft`: what a post-pack hook sees, and what it wants changed.
pub struct Draft {
    /// The manifest's entries, by their ids.
    pub entries: Arc<[EntryView]>,
    /// The tags so far.
    pub tags: BTreeMap<String, String>,
    /// What the hook asked for, in its order.
    pub operations: Vec<Operation>,
}
