//! What a plugin may ask of the host; one file an interface. Nothing of it leads out: no path of the host, no store, no
//! credential.

pub mod draft;
pub mod log;
pub mod module_info;
pub mod report;
pub mod trees;

use super::bindings::flistry::plugin::types;
use super::state::State;

/// How many entries are handed over at once.
pub const MOST_ENTRIES: u32 = 4096;

impl types::Host for State {}

/// An error as a plugin gets it.
fn error(code: &str, message: impl Into<String>, entry: Option<u32>) -> types::Error {
    types::Error { code: code.to_owned(), message: message.into(), entry }
}

/// Up to `count` ids from `start` on that are less than `len`.
fn places(start: u32, count: u32, len: usize) -> std::ops::Range<u32> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    start.min(len)..start.saturating_add(count.min(MOST_ENTRIES)).min(len)
}
