//! Collects what `flistry plugin new` vendors into one table: the SDK, what it shares with the host, and the interface.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The files and directories, from the repository's root.
const VENDORED: [&str; 5] =
    ["plugins/common/Cargo.toml", "plugins/common/src", "plugins/sdk/Cargo.toml", "plugins/sdk/src", "wit"];

/// Writes `vendored.rs`: pairs of a path and the text of the file there, in order.
fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name));
    let root = variable("CARGO_MANIFEST_DIR")?.join("..");
    let mut files = Vec::new();
    for path in VENDORED {
        println!("cargo::rerun-if-changed=../{path}");
        collect(&root, Path::new(path), &mut files)?;
    }
    files.sort();
    let row = |path: &PathBuf| format!("({path:?}, include_str!({:?})),\n", root.join(path));
    let table = format!("&[\n{}]\n", files.iter().map(row).collect::<String>());
    fs::write(variable("OUT_DIR")?.join("vendored.rs"), table)
}

fn collect(root: &Path, path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if root.join(path).is_dir() {
        for entry in fs::read_dir(root.join(path))? {
            collect(root, &path.join(entry?.file_name()), files)?;
        }
    } else if path.extension().is_some_and(|ending| ["rs", "toml", "wit"].iter().any(|known| ending == *known)) {
        // What else may lie there is an editor's.
        files.push(path.to_owned());
    }
    Ok(())
}
