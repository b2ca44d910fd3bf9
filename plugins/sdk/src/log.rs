//! Telling the user what the plugin does. `warn` is always shown, the others by `-v` and `-vv`. In a native test the test
//! kit has the lines.

use crate::host::log::{Level, log};

/// A line for whoever looks for a bug in the plugin.
pub fn trace(message: &str) {
    log(Level::Trace, message);
}

/// A line for whoever wonders about a decision.
pub fn debug(message: &str) {
    log(Level::Debug, message);
}

/// A line for whoever asked for more.
pub fn info(message: &str) {
    log(Level::Info, message);
}

/// A line for everyone.
pub fn warn(message: &str) {
    log(Level::Warn, message);
}
