//! For authors of plugins: a new crate, and a component from a crate.

pub mod componentize;
pub mod scaffold;
