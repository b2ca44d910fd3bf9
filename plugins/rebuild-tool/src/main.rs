//! `rebuild OUT [--check] CRATE…`: builds plugins into the directory OUT, with `digests.toml`.
//!
//! With `--check` nothing is written. What differs is an error where the toolchain is the one that made OUT, and a
//! remark where it is another one.

#[path = "../../../host/src/plugin/author/componentize.rs"]
#[allow(dead_code)]
mod componentize;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const DIGESTS: &str = "digests.toml";

/// The file beside the components.
#[derive(Default, Deserialize, Serialize)]
struct Digests {
    /// The compiler, as it calls itself.
    toolchain: String,
    /// By the component's file name.
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize, PartialEq, Serialize)]
struct Component {
    sha256: String,
    size: usize,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("rebuild: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let (flags, paths): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|word| word.starts_with("--"));
    let check = match flags.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--check"] => true,
        _ => return Err("usage: rebuild OUT [--check] CRATE…".into()),
    };
    let (out, crates) = paths.split_first().ok_or("usage: rebuild OUT [--check] CRATE…")?;
    let out = Path::new(out);
    let toolchain = componentize::Toolchain::find(&env::var_os("PATH").unwrap_or_default());
    let toolchain = toolchain.map_err(|error| format!("{error}\n{}", error.hint().unwrap_or_default()))?;

    let mut digests = Digests { toolchain: toolchain.to_string(), ..Digests::default() };
    let mut differ = Vec::new();
    for directory in crates.iter().map(PathBuf::from) {
        let built = toolchain.build(&directory)?;
        let component = componentize::componentize(&built.module, &built.metadata)?;
        let file = format!("{}.wasm", built.metadata.name);
        let sha256 = hex::encode(Sha256::digest(&component));
        println!("{sha256}  {file}  {} bytes", component.len());
        if check && fs::read(out.join(&file)).ok().as_ref() != Some(&component) {
            differ.push(file.clone());
        }
        if !check {
            fs::create_dir_all(out)?;
            fs::write(out.join(&file), &component)?;
        }
        digests.component.insert(file, Component { sha256, size: component.len() });
    }
    if !check {
        let head = "# Written by the rebuild script beside it. `rebuild --check` compares.\n";
        fs::write(out.join(DIGESTS), format!("{head}{}", toml::to_string(&digests)?))?;
        return Ok(ExitCode::SUCCESS);
    }

    let committed: Digests = toml::from_str(&fs::read_to_string(out.join(DIGESTS))?)?;
    // Whatever the toolchain, the file must be about the components beside it.
    for (file, component) in &committed.component {
        let bytes = fs::read(out.join(file))?;
        if (hex::encode(Sha256::digest(&bytes)), bytes.len()) != (component.sha256.clone(), component.size) {
            return Err(format!("{file} is not what {DIGESTS} says").into());
        }
    }
    if committed.component.keys().ne(digests.component.keys()) {
        return Err(format!("{DIGESTS} is about other components than the sources give").into());
    }
    match (&differ[..], committed.toolchain == digests.toolchain) {
        ([], _) => println!("the same bytes"),
        (_, false) => println!(
            "{} differ, which is to be expected: they were made by {}, this is {}",
            differ.join(", "),
            committed.toolchain,
            digests.toolchain
        ),
        (_, true) => return Err(format!("{} differ, made by the same toolchain", differ.join(", ")).into()),
    }
    Ok(ExitCode::SUCCESS)
}
