//! Last changes before any content is read: the tags.
//!
//! The place of the post-pack hooks, which are plugins: they will see the tree and answer with operations on it,
//! applied all or none; what they remove is never read nor sent, which is why this stage comes before the contents.
//! Without plugins the tree stays as it is, and the tags are those of the configuration.

use std::collections::BTreeMap;

use crate::config::Flist;
use crate::tree::Tree;

/// The tags of the manifest, beside flistry's own.
pub fn post_pack(_tree: &Tree, flist: &Flist) -> BTreeMap<String, String> {
    flist.tags.clone()
}
