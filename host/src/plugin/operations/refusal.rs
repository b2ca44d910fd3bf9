//! The errors of operations.

use crate::plugin::error::{PluginError, clean};

/// An operation that can't be carried out.
pub fn refused(plugin: &str, operation: String, what: &str) -> PluginError {
    PluginError::Operation { plugin: plugin.to_owned(), operation: clean(&operation), what: what.to_owned() }
}

/// Two plugins that want different things.
pub fn conflict(first: &str, second: &str, what: &str) -> PluginError {
    let (first, second, what) = (first.to_owned(), second.to_owned(), clean(what));
    PluginError::Conflict { first, second, what }
}
