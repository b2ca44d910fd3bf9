//! Makes JSON of `extras.toml`: the plugin can read that already, and a reader of TOML would make a third of its size.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=extras.toml");
    let text = fs::read_to_string("extras.toml").expect("extras.toml is there");
    let data: serde_json::Value = toml::from_str(&text).unwrap_or_else(|error| panic!("extras.toml: {error}"));
    let directory = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&directory).join("extras.json"), data.to_string()).expect("the directory can be written to");
}
