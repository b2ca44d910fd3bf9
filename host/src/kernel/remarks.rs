//! What is said of a tree that a node is to use.

use crate::progress::Warning;

/// What a node's operator should know about a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What a node could not use.
    pub unusable: Vec<Warning>,
    /// What does not hinder a node.
    pub notes: Vec<String>,
}

impl Remarks {
    /// These and then `more`.
    pub fn and(mut self, more: Remarks) -> Remarks {
        self.unusable.extend(more.unusable);
        self.notes.extend(more.notes);
        self
    }
}
