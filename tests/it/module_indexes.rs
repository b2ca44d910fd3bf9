//! The indexes of a modules flist fit its modules: they are compared always, and made again by depmod where they don't.
//! These need kmod's depmod.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::project::{Project, Run};

const FLIST: &str = "modules-6.12.44-Zero-OS.fl";
const TREE: &str = "lib/modules/6.12.44-Zero-OS";

/// The sample's modules without what these globs match; `settings` stand above the flist.
fn project(exclude: &[&str], settings: &str) -> Project {
    let project = Project::sample();
    let rules: Vec<String> = exclude.iter().map(|glob| format!("{{ exclude = \"{glob}\" }}")).collect();
    let toml = format!(
        "{settings}\n[node]\nmodule-compression = [\"none\", \"xz\", \"zstd\"]\n\n\
         [plugin.leave-out]\ncomponent = \"builtin:path-filter\"\nconfig.rules = [{}]\n\n\
         [flist.modules]\ncontents = \"modules\"\nsource = [\"{TREE}\"]\nfilters = [\"module-links\", \"leave-out\"]\n\
         naming = \"zos-naming\"\n",
        rules.join(", ")
    );
    project.write("config/flistry.toml", &toml);
    project
}

fn file(project: &Project) -> String {
    project.path(&format!("dist/flists/{FLIST}")).to_str().unwrap().to_owned()
}

/// Runs flistry with a depmod of the test's own in front of the system's.
fn with_depmod(project: &Project, script: &str, args: &[&str]) -> Run {
    project.write_script("bin/depmod", script);
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    project.flistry_with(args, &[("PATH", &path)])
}

/// What modprobe says it would load, in order; it says some twice in a row.
fn show_depends(root: &Path, module: &str) -> Result<Vec<String>, String> {
    let mut command = Command::new("modprobe");
    command
        .arg("-d")
        .arg(root)
        .args(["-S", "6.12.44-Zero-OS", "--show-depends", module])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut files: Vec<String> = text.lines().map(|line| line.rsplit('/').next().unwrap().trim().to_owned()).collect();
    files.dedup();
    match output.status.success() {
        true => Ok(files),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

#[test]
fn indexes_that_fit_are_packed_as_they_are() {
    let project = project(&[], "");
    // A depmod that would fail: none is needed.
    with_depmod(&project, "#!/bin/sh\nexit 1\n", &["build"]).ok();
    let report = project.report(FLIST);
    assert_eq!(report["indexes"], Value::Null);
    assert_eq!(report["generated"].as_array().unwrap().len(), 0);
    assert!(report["manifest"]["tags"].get("flistry.depmod").is_none());
}

#[test]
fn after_a_module_was_left_out_modprobe_knows_the_rest_and_not_that_one() {
    let project = project(&["kernel/fs/fuse", "kernel/drivers/nvme/host/nvme.ko.xz"], "");
    let plan = project.flistry(&["plan"]).ok();
    assert!(
        plan.stdout.contains("  indexes    to be made again by depmod (kmod ")
            && plan.stdout.contains("modules.dep names kernel/drivers/nvme/host/nvme.ko.xz, which is not there, and "),
        "{}",
        plan.stdout
    );
    let run = project.flistry(&["build"]).ok();
    assert!(run.stdout.contains("  indexes    made again by depmod (kmod "), "{}", run.stdout);
    assert!(!project.names("dist").iter().any(|name| name.starts_with('.')), "the stage is gone");

    let report = project.report(FLIST);
    assert!(report["indexes"]["depmod"].as_str().unwrap().starts_with("kmod "));
    assert_eq!(
        report["indexes"]["why"][0],
        "modules.dep names kernel/drivers/nvme/host/nvme.ko.xz, which is not there"
    );
    let generated: Vec<&str> =
        report["generated"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert!(generated.contains(&"modules.dep.bin") && generated.contains(&"modules.alias.bin"), "{generated:?}");
    assert!(!generated.contains(&"modules.order") && !generated.contains(&"modules.builtin.modinfo"));
    assert_eq!(report["manifest"]["tags"]["flistry.depmod"], report["indexes"]["depmod"]);

    // The difference to the source is explained, and what kmod itself reads is right.
    project.flistry(&["verify", "--level", "source", &file(&project)]).ok();
    let root = project.path("unpacked");
    std::fs::create_dir_all(root.join("lib/modules")).unwrap();
    let target = root.join(TREE);
    project.flistry(&["unpack", "--no-owner", &file(&project), target.to_str().unwrap()]).ok();
    assert_eq!(show_depends(&root, "r8169").unwrap(), ["libphy.ko.xz", "realtek.ko.xz", "r8169.ko.xz"]);
    assert_eq!(show_depends(&root, "nvme-core").unwrap(), ["nvme-core.ko.xz"]);
    assert!(show_depends(&root, "ext4").unwrap()[0].starts_with("builtin ext4"));
    for gone in ["nvme", "fuse"] {
        assert!(show_depends(&root, gone).unwrap_err().contains("not found"), "{gone}");
    }
}

#[test]
fn the_same_modules_give_the_same_indexes() {
    let manifests = [(); 2].map(|()| {
        let project = project(&["kernel/fs/fuse"], "");
        // What `modules.order` does not name must not come as the file system lists it.
        project.write(&format!("{TREE}/modules.order"), "kernel/fs/overlayfs/overlay.ko\n");
        project.flistry_with(&["build"], &[("SOURCE_DATE_EPOCH", "1700000000")]).ok();
        project.report(FLIST)["manifest"]["tags"]["flistry.contents"].clone()
    });
    assert_eq!(manifests[0], manifests[1]);
}

#[test]
fn a_module_that_another_one_needs_is_not_left_out() {
    project(&["kernel/net/wireless"], "").flistry(&["build"]).fails(
        1,
        "4 modules need what was left out:\n  /kernel/drivers/net/wireless/broadcom/brcm80211/brcmfmac/brcmfmac.ko.xz needs \
         /kernel/net/wireless/cfg80211.ko.xz, which plugin `leave-out` left out (rule 1: exclude `kernel/net/wireless`)\n  \
         /kernel/drivers/net/wireless/intel/iwlwifi/iwlwifi.ko.xz needs /kernel/net/wireless/cfg80211.ko.xz, which plugin \
         `leave-out` left out (rule 1: exclude `kernel/net/wireless`)\n  \
         /kernel/drivers/net/wireless/intel/iwlwifi/mvm/iwlmvm.ko.xz needs /kernel/net/wireless/cfg80211.ko.xz, which plugin \
         `leave-out` left out (rule 1: exclude `kernel/net/wireless`)\n  /kernel/net/mac80211/mac80211.ko.xz needs \
         /kernel/net/wireless/cfg80211.ko.xz, which plugin `leave-out` left out (rule 1: exclude `kernel/net/wireless`)",
        "let a filter drop what needs it as well, correct what `leave-out` leaves out, or select with \
         `builtin:modules-select`, which keeps what is needed",
    );
}

#[test]
fn a_module_whose_dependency_the_source_lacks_is_warned_of() {
    let project = project(&[], "");
    std::fs::remove_file(project.path(&format!("{TREE}/kernel/drivers/nvme/host/nvme-core.ko.xz"))).unwrap();
    let what = "/kernel/drivers/nvme/host/nvme.ko.xz needs /kernel/drivers/nvme/host/nvme-core.ko.xz by modules.dep, which the source lacks";
    let run = project.flistry(&["build"]).ok();
    assert!(run.stderr.contains(what), "{}", run.stderr);
    assert!(run.stdout.contains("; symbols not checked: there is no system-map\n"), "{}", run.stdout);
    let explain = project.flistry(&["explain", &file(&project), "modules.dep"]).ok();
    assert!(explain.stdout.contains("  depmod (kmod "), "{}", explain.stdout);
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write("config/flistry.toml", &toml.replace("[node]", "[node]\nstrict = true"));
    let run = project.flistry(&["build"]);
    assert!(
        run.code == 1 && run.stderr.contains(&format!("holds what no node could use:\n  {what}")),
        "{}",
        run.stderr
    );
}

#[test]
fn a_modules_dep_that_cannot_be_one_is_not_read() {
    let project = project(&[], "");
    let dep = project.path(&format!("{TREE}/modules.dep"));
    std::fs::OpenOptions::new().write(true).open(&dep).unwrap().set_len(1 << 40).unwrap();
    project.flistry(&["build"]).fails(
        1,
        &format!("cannot read PROJECT/{TREE}/modules.dep: it has 1099511627776 bytes, more than the allowed 67108864"),
        "no kernel's index is that large: remove it, and run depmod",
    );
    std::fs::remove_file(&dep).unwrap();
    std::os::unix::fs::symlink("modules.order", &dep).unwrap();
    project.flistry(&["build"]).fails(
        1,
        &format!("cannot read PROJECT/{TREE}/modules.dep: it is not a regular file"),
        "the source must be as it was when the build began, and readable",
    );
}

#[test]
fn a_source_without_indexes_gets_them() {
    let project = project(&["modules.dep*", "modules.alias*", "modules.symbols*"], "");
    project.flistry(&["build"]).ok();
    assert_eq!(project.report(FLIST)["indexes"]["why"][0], "modules.dep is missing");
    project.flistry(&["verify", "--level", "full", &file(&project)]).ok();
}

#[test]
fn what_depmod_does_wrong_is_said_and_nothing_is_published() {
    const IT: &str = "case $1 in --version) echo 'kmod version 99'; exit;; esac\n";
    let project = project(&["kernel/fs/fuse"], "[modules]\nsystem-map = [\"System.map\"]");
    let build = |script: &str| {
        let run = with_depmod(&project, &format!("#!/bin/sh\n{script}"), &["build"]);
        assert!(
            project.names("dist/flists").is_empty() && !project.names("dist").iter().any(|name| name.starts_with('.'))
        );
        run
    };
    let stale = "kmod 99 did not make indexes that fit the modules: modules.dep is missing";
    let stale_hint = "its kmod may be built without this compression: `depmod --version` lists what it reads";
    build(IT).fails(1, stale, stale_hint);
    build(&format!("{IT}echo 'no space' >&2; exit 3\n")).fails(
        1,
        "depmod failed (exit status: 3)\n  no space",
        "depmod must be able to read every module; let a filter drop one that is broken",
    );
    let busybox = build("echo 'BusyBox v1.36.1 multi-call binary.'\n");
    let busybox = busybox.stderr.split_once("bin/").unwrap().1.to_owned();
    assert!(
        busybox.starts_with(
            "depmod is not kmod's depmod: it calls itself \"BusyBox v1.36.1 multi-call binary.\"\n  hint: busybox's"
        ),
        "{busybox}"
    );

    // With a symbol table every symbol has to be found; a distribution's note in its place is no table.
    let warns = format!(
        "{IT}echo \"depmod: WARNING: $2/lib/modules/6.12.44-Zero-OS/kernel/a.ko needs unknown symbol x\" >&2\n"
    );
    project.write("System.map", "ffffffffffffffff B The real System.map is in another package\n");
    build(&warns).fails(1, stale, stale_hint);
    project.write("System.map", "ffffffff81000000 r __ksymtab_printk\n");
    build(&warns).fails(
        1,
        "depmod finds modules that would not load\n  depmod: WARNING: /kernel/a.ko needs unknown symbol x",
        "keep the modules that have these symbols, let a filter drop the ones that need them, or correct `system-map` of \
         [modules] in config/flistry.toml",
    );
    // The real one finds all of the sample's.
    project.flistry(&["build"]).ok();
    assert_eq!(project.report(FLIST)["indexes"]["system_map"], project.path("System.map").to_str().unwrap());
}

#[test]
fn without_depmod_the_plan_says_what_to_install() {
    use flistry::build::{Caches, Session};
    use flistry::config::{Config, Environment};
    use flistry::progress::Silent;
    let project = project(&["kernel/fs/fuse"], "");
    let mut config = Config::load(&project.path(""), &Environment::default(), time::UtcDateTime::UNIX_EPOCH).unwrap();
    config.search_path = vec![project.path("bin")];
    let session = Session::open(&config, &["modules".to_owned()], Caches::READ_ONLY, &Silent).unwrap();
    let error = session.plan().err().unwrap();
    assert_eq!(
        error.to_string(),
        "flist `modules` needs new module indexes (modules.dep names kernel/fs/fuse/fuse.ko, which is not there), and depmod was not found"
    );
    assert!(error.hint().unwrap().starts_with("install kmod (apt-get install kmod, apk add kmod)"));
}

#[test]
fn verify_finds_indexes_that_do_not_fit() {
    let project = project(&[], "");
    project.flistry(&["build"]).ok();
    let manifest = rusqlite::Connection::open(file(&project)).unwrap();
    manifest.execute("UPDATE inode SET name = 'fusf.ko' WHERE name = 'fuse.ko'", []).unwrap();
    drop(manifest);
    let run = project.flistry(&["verify", &file(&project)]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    for finding in [
        "modules.dep names kernel/fs/fuse/fuse.ko, which is not there\n",
        "modules.dep does not know kernel/fs/fuse/fusf.ko\n",
        "modules.dep.bin names kernel/fs/fuse/fuse.ko, which is not there\n",
    ] {
        assert!(run.stdout.contains(finding), "{}", run.stdout);
    }
}
