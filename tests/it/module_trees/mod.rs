//! A module is what kmod takes for one: trees as people have them, with the judgement of kmod's own programs.

mod asked_at_run_time;
mod broken_and_foreign;
mod namesakes;
mod plugins;
mod symlinks;

use std::path::PathBuf;
use std::process::Command;

use crate::support::kmod::{self, show_paths};
use crate::support::module::Module;
use crate::support::project::{Project, Run};

const FLIST: &str = "modules-6.12.44-Zero-OS.fl";
const TREE: &str = "lib/modules/6.12.44-Zero-OS";

/// A project with one flist of modules, which a test makes.
struct Tree {
    project: Project,
}

impl Tree {
    /// An flist whose filters are `filters`; `settings` stand above it.
    fn new(filters: &[&str], settings: &str) -> Tree {
        let project = Project::plain();
        let filters: Vec<String> = filters.iter().map(|name| format!("{name:?}")).collect();
        let toml = format!(
            "[read-back]\nlevel = \"full\"\n\n{settings}\n\n[flist.modules]\ncontents = \"modules\"\nsource = [\"{TREE}\"]\n\
             filters = [{}]\nnaming = \"zos-naming\"\n",
            filters.join(", ")
        );
        project.write("config/flistry.toml", &toml);
        let tree = Tree { project };
        for name in ["modules.order", "modules.builtin", "modules.builtin.modinfo"] {
            tree.file(name, "");
        }
        tree
    }

    fn path(&self, path: &str) -> PathBuf {
        self.project.path(&format!("{TREE}/{path}"))
    }

    fn file(&self, path: &str, contents: impl AsRef<[u8]>) -> &Tree {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
        self
    }

    /// Writes a module, compressed as its name says.
    fn module(&self, path: &str, module: &Module) -> &Tree {
        let (plain, program) = match path.rsplit_once('.') {
            Some((plain, "xz")) => (plain, Some("xz")),
            Some((plain, "zst")) => (plain, Some("zstd")),
            _ => (path, None),
        };
        self.file(plain, module.elf());
        if let Some(program) = program {
            let check: &[&str] = if program == "xz" { &["--check=crc32", "-q"] } else { &["--rm", "-q"] };
            let status = Command::new(program).args(check).arg(self.path(plain)).status().unwrap();
            assert!(status.success());
        }
        self
    }

    fn symlink(&self, path: &str, target: &str) -> &Tree {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Lets kmod make the indexes.
    fn depmod(&self) -> &Tree {
        kmod::depmod(&self.project);
        self
    }

    /// The file with the finished flist.
    fn flist(&self) -> String {
        self.project.path(&format!("dist/flists/{FLIST}")).to_str().unwrap().to_owned()
    }

    fn build(&self) -> Run {
        self.project.flistry(&["build"])
    }

    /// Writes the finished flist's contents as a node sees them, and gives the root; all of it verifies.
    fn unpack(&self) -> PathBuf {
        self.project.flistry(&["verify", "--level", "full", &self.flist()]).ok();
        let root = self.project.path("unpacked");
        let target = root.join(TREE);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        self.project.flistry(&["unpack", "--no-owner", &self.flist(), target.to_str().unwrap()]).ok();
        root
    }

    fn notes(&self) -> Vec<String> {
        let report = self.project.report(FLIST);
        report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect()
    }
}

/// A rule of `builtin:path-filter` that leaves these out.
fn leave_out(globs: &[&str]) -> String {
    let rules: Vec<String> = globs.iter().map(|glob| format!("{{ exclude = \"{glob}\" }}")).collect();
    format!("[plugin.leave-out]\ncomponent = \"builtin:path-filter\"\nconfig.rules = [{}]", rules.join(", "))
}
