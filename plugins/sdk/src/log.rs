//! Telling the user what the plugin does. `warn` is always shown, the others by `-v` and `-vv`. In a native test the lines
//! go nowhere.

use crate::bindings::imports::flistry::plugin::log::{Level, log};

/// A line for whoever looks for a bug in the plugin.
pub fn trace(message: &str) {
    line(Level::Trace, message);
}

/// A line for whoever wonders about a decision.
pub fn debug(message: &str) {
    line(Level::Debug, message);
}

/// A line for whoever asked for more.
pub fn info(message: &str) {
    line(Level::Info, message);
}

/// A line for everyone.
pub fn warn(message: &str) {
    line(Level::Warn, message);
}

fn line(level: Level, message: &str) {
    if cfg!(target_family = "wasm") {
        log(level, message);
    }
}
