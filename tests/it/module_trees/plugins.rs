//! The plugins find modules where kmod finds them.

use super::*;

const FIRMWARE: &str = r#"[plugin.firmware-prune]
component = "builtin:firmware-prune"
trees = ["modules"]

[flist.firmware]
contents = "firmware"
source = ["firmware"]
naming = "name-firmware"
post-pack = ["firmware-prune"]

[plugin.name-firmware]
component = "builtin:zos-naming"
config = { file = "firmware.fl", aliases = ["firmware-latest.fl"] }
"#;

/// Modules of which each names a firmware file, and one file that none names.
fn tree(filters: &[&str], settings: &str) -> Tree {
    let tree = Tree::new(filters, &format!("{settings}\n{FIRMWARE}"));
    let names = |firmware: &str| Module::new().info("firmware", firmware).imports("request_firmware");
    tree.file("oot-1.2/bar.ko.v2", names("bar.bin").elf()).symlink("updates/bar.ko", "../oot-1.2/bar.ko.v2");
    tree.module("oot-1.2/foo.ko.xz", &names("foo.bin")).symlink("extra", "oot-1.2");
    tree.file("oot-1.2/abs", names("abs.bin").elf()).symlink("misc/abs.ko", "/lib/modules/6.12.44-Zero-OS/oot-1.2/abs");
    tree.module("kernel/plain.ko", &names("plain.bin"));
    for name in ["bar", "foo", "abs", "plain", "unnamed"] {
        tree.project.write(&format!("firmware/{name}.bin"), name);
    }
    tree.depmod();
    // What depmod can't see here, since nothing is mounted at `/lib/modules`.
    let dep = std::fs::read_to_string(tree.path("modules.dep")).unwrap();
    tree.file("modules.dep", dep + "misc/abs.ko:\n");
    tree
}

fn firmware(tree: &Tree) -> Vec<String> {
    let target = tree.project.path("unpacked-firmware");
    let flist = tree.project.path("dist/flists/firmware.fl");
    tree.project.flistry(&["unpack", "--no-owner", flist.to_str().unwrap(), target.to_str().unwrap()]).ok();
    tree.project.names("unpacked-firmware")
}

#[test]
fn firmware_of_symlinked_modules_stays() {
    let tree = tree(&[], "");
    let run = tree.build().ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(firmware(&tree), ["abs.bin", "bar.bin", "foo.bin", "plain.bin"]);
}

#[test]
fn a_selection_takes_symlinked_modules_and_what_they_need() {
    let select = "[plugin.select]\ncomponent = \"builtin:modules-select\"\ntrees = [\"modules\"]\n\
                  config.rules = [{ include = { name = [\"bar\", \"abs\"] } }, { include = { directory = \"extra\" } }]";
    let tree = tree(&["select"], select);
    let run = tree.build().ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(firmware(&tree), ["abs.bin", "bar.bin", "foo.bin"]);
    let root = tree.unpack();
    assert_eq!(show_paths(&root, "bar").unwrap(), ["updates/bar.ko"]);
    assert!(["extra/foo.ko.xz", "oot-1.2/foo.ko.xz"].contains(&&*show_paths(&root, "foo").unwrap()[0]));
    assert_eq!(show_paths(&root, "abs").unwrap(), ["misc/abs.ko"]);
    assert!(show_paths(&root, "plain").is_err());
}

#[test]
fn firmware_is_kept_where_the_drivers_that_are_built_in_are_not_all_known() {
    let tree = tree(&[], "");
    tree.file("modules.builtin", "kernel/a.ko\nkernel/e100.ko\n")
        .file("modules.builtin.modinfo", "a.file=a\0")
        .depmod();
    let run = tree.build().ok();
    let what = "modules.builtin.modinfo is not whole: it has no record of 1 of the drivers in modules.builtin, such as e100: all \
                firmware is kept";
    assert!(run.stderr.contains(what), "{}", run.stderr);
    assert!(firmware(&tree).contains(&"unnamed.bin".to_owned()));
}
