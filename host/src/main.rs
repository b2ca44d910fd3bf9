//! The `flistry` program.
fn main() {}
