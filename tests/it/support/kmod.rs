//! What kmod's own programs say of a tree of modules.

use std::path::Path;
use std::process::Command;

use super::project::Project;

pub const KERNEL: &str = "6.12.44-Zero-OS";

/// Where Debian has the programs.
const PATH: &str = "/usr/sbin:/sbin:/usr/bin:/bin";

/// Makes the indexes of a project's modules.
pub fn depmod(project: &Project) {
    let mut command = Command::new("depmod");
    let status = command.arg("-b").arg(project.path("")).arg(KERNEL).env("PATH", PATH).output().unwrap().status;
    assert!(status.success());
}

/// What modprobe says it would load, in order; it says some twice in a row.
pub fn show_depends(root: &Path, module: &str) -> Result<Vec<String>, String> {
    let paths = show_paths(root, module)?;
    Ok(paths.iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect())
}

/// The same with paths from the tree's root.
pub fn show_paths(root: &Path, module: &str) -> Result<Vec<String>, String> {
    let mut command = Command::new("modprobe");
    command.arg("-d").arg(root).args(["-S", KERNEL, "--show-depends", module]).env("PATH", PATH);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let below = format!("/lib/modules/{KERNEL}/");
    let path = |line: &str| line.trim().split_once(&below).map_or(line.trim(), |(_, path)| path).to_owned();
    let mut files: Vec<String> = text.lines().map(path).collect();
    files.dedup();
    match output.status.success() {
        true => Ok(files),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}
