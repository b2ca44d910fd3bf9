//! Golden files in `tests/zinit/golden/`: what is generated for the supervised form is there in full, once for the modules;
//! the firmware's files and every other setting are there as the lines that differ.
//!
//! `UPDATE_GOLDEN=1` writes them, to be read before they are committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::repository;

/// Generated files: paths and texts.
pub type Files = BTreeMap<String, String>;

/// All files in a directory by their paths below it, except the sums.
pub fn files(directory: &Path) -> Files {
    fn walk(directory: &Path, prefix: &str, files: &mut Files) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            match path.is_dir() {
                true => walk(&path, &format!("{name}/"), files),
                false => drop(files.insert(name, std::fs::read_to_string(&path).unwrap_or_default())),
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(directory, "", &mut all);
    all.remove("SHA256SUMS");
    all
}

/// Compares with the files in the directory `name`. The firmware's are compared with those of the modules.
pub fn is_whole(name: &str, found: &Files) {
    let (firmware, rest): (Files, Files) = found.clone().into_iter().partition(|(path, _)| path.contains("firmware"));
    let directory = golden(name);
    if updates() {
        let _ = std::fs::remove_dir_all(&directory);
        write(&directory, &rest);
    }
    let golden = files(&directory);
    assert_eq!(rest.keys().collect::<Vec<_>>(), golden.keys().collect::<Vec<_>>(), "{name}");
    for (path, text) in &golden {
        assert_eq!(&rest[path], text, "{name}/{path}");
    }
    let modules = rest.into_iter().filter(|(path, _)| path.contains("modules"));
    differs("firmware", &modules.map(|(path, text)| (path.replace("modules", "firmware"), text)).collect(), &firmware);
}

/// Compares the difference between `base` and `found` with the file `NAME.diff`.
pub fn differs(name: &str, base: &Files, found: &Files) {
    let here = tempfile::tempdir().unwrap();
    write(&here.path().join("a"), base);
    write(&here.path().join("b"), found);
    let mut diff = Command::new("diff");
    diff.args(["--recursive", "--new-file", "--unified=0", "a", "b"]).current_dir(here.path()).env("LC_ALL", "C");
    let output = diff.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let mut text = String::new();
    for line in String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.starts_with("diff ")) {
        let is_name = line.starts_with("--- ") || line.starts_with("+++ ");
        // A file's time stands behind its name.
        text.push_str(if is_name { line.split('\t').next().unwrap() } else { line });
        text.push('\n');
    }
    let file = golden(&format!("{name}.diff"));
    if updates() {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap(), "{}", file.display());
}

fn golden(name: &str) -> PathBuf {
    repository("tests/zinit/golden").join(name)
}

fn updates() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

fn write(directory: &Path, files: &Files) {
    for (path, text) in files {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
