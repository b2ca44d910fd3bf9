//! Symlinks to modules and to directories of modules make modules.

use super::*;

const STRICT: &str = "[node]\nstrict = true\nmodule-compression = [\"none\", \"xz\", \"zstd\"]";

/// Modules by symlinks to files, directories and symlinks, beside one that a filter drops.
fn linked(filters: &[&str], settings: &str) -> Tree {
    let tree = Tree::new(filters, settings);
    tree.module("kernel/plain.ko.xz", &Module::new().exports("plain_symbol"));
    tree.module("kernel/gone.ko", &Module::new());
    let bar = Module::new().info("alias", "pci:v00001234*").imports("plain_symbol");
    tree.file("oot-1.2/bar.ko.v2", bar.elf()).symlink("updates/bar.ko", "../oot-1.2/bar.ko.v2");
    tree.module("oot-1.2/foo.ko.xz", &Module::new().imports("far_symbol")).symlink("extra", "current");
    tree.symlink("current", "oot-1.2")
        .symlink("misc/chain.ko.zst", "middle")
        .symlink("misc/middle", "../oot-1.2/mid.zst");
    tree.module("oot-1.2/mid.ko.zst", &Module::new());
    std::fs::rename(tree.path("oot-1.2/mid.ko.zst"), tree.path("oot-1.2/mid.zst")).unwrap();
    tree.module("oot-1.2/far.ko.zst", &Module::new().exports("far_symbol"));
    tree.symlink("build", "/usr/src/linux").symlink("source", "build");
    tree
}

#[test]
fn symlinked_modules_are_in_the_indexes_that_are_made_again() {
    let tree = linked(&["leave-out"], &format!("{STRICT}\n{}", leave_out(&["kernel/gone.ko"])));
    tree.depmod();
    let source = tree.project.path("");
    let before: Vec<_> = ["bar", "foo", "chain", "far"].map(|name| show_paths(&source, name).unwrap()).into();
    let run = tree.build().ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert!(run.stdout.contains("made again by depmod"), "{}", run.stdout);
    let root = tree.unpack();
    let after: Vec<_> = ["bar", "foo", "chain", "far"].map(|name| show_paths(&root, name).unwrap()).into();
    assert_eq!(after, before);
    assert_eq!(after[0], ["kernel/plain.ko.xz", "updates/bar.ko"]);
    assert_eq!(show_paths(&root, "pci:v00001234d1").unwrap(), after[0]);
    assert!(show_paths(&root, "gone").is_err());
}

#[test]
fn indexes_of_a_tree_with_symlinks_fit_as_depmod_made_them() {
    let tree = linked(&[], STRICT);
    tree.depmod().build().ok();
    assert!(tree.project.report(FLIST)["indexes"].is_null());
    tree.unpack();
}

#[test]
fn symlinks_in_a_circle_and_absolute_ones_to_where_a_node_has_the_tree() {
    let tree = Tree::new(&[], "");
    tree.module("kernel/a.ko", &Module::new().exports("a_symbol"))
        .symlink("kernel/self", ".")
        .symlink("kernel/up", "..");
    tree.module("oot/b.ko.xz", &Module::new().imports("a_symbol")).symlink("loop.ko", "loop.ko");
    tree.symlink("extra", "/lib/modules/6.12.44-Zero-OS/oot")
        .symlink("updates/c.ko", "/usr/lib/modules/6.12.44-Zero-OS/oot/d");
    tree.file("oot/d", Module::new().elf());
    tree.build().ok();
    let root = tree.unpack();
    assert_eq!(show_paths(&root, "a").unwrap(), ["kernel/a.ko"]);
    assert_eq!(show_paths(&root, "b").unwrap(), ["kernel/a.ko", "oot/b.ko.xz"]);
    assert_eq!(show_paths(&root, "c").unwrap(), ["updates/c.ko"]);
}

#[test]
fn modules_behind_symlinks_that_lead_out_are_named_one_by_one() {
    let make = |settings: &str| {
        let tree = Tree::new(&[], settings);
        tree.module("kernel/a.ko", &Module::new()).module("kernel/x.ko", &Module::new());
        let other = tree.project.path("lib/modules/6.12.40-Zero-OS/extra");
        std::fs::create_dir_all(&other).unwrap();
        let module = Module::new().elf();
        for name in ["x.ko", "y.ko", "z.ko"] {
            std::fs::write(other.join(name), &module).unwrap();
        }
        tree.symlink("weak-updates/y.ko", "../../6.12.40-Zero-OS/extra/y.ko");
        tree.symlink("updates", "../6.12.40-Zero-OS/extra");
        // Made by depmod, which sees what is outside: `updates` wins.
        std::fs::remove_file(other.join("y.ko")).unwrap();
        std::fs::write(other.join("y2.ko"), &module).unwrap();
        std::fs::remove_file(tree.path("weak-updates/y.ko")).unwrap();
        tree.symlink("weak-updates/y.ko", "../../6.12.40-Zero-OS/extra/y2.ko");
        tree.depmod();
        tree
    };
    let lost = "the source's modules.dep has 4 modules that will not be in the flist, since symlinks lead out of the source: \
                /updates/x.ko (/kernel/x.ko takes its place) by /updates -> ../6.12.40-Zero-OS/extra, \
                /updates/y2.ko by /updates -> ../6.12.40-Zero-OS/extra, /updates/z.ko by /updates -> ../6.12.40-Zero-OS/extra, \
                /weak-updates/y.ko by /weak-updates/y.ko -> ../../6.12.40-Zero-OS/extra/y2.ko";
    let tree = make("");
    let run = tree.build().ok();
    assert!(run.stderr.contains(&format!("warning: {lost} (")), "{}", run.stderr);
    assert_eq!(show_paths(&tree.unpack(), "x").unwrap(), ["kernel/x.ko"]);
    let run = make(STRICT).build();
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains(&format!("holds what no node could use:\n  {lost} (")), "{}", run.stderr);
}

#[test]
fn a_module_that_the_source_lost_is_named_and_one_that_a_filter_drops_is_not() {
    let settings = leave_out(&["kernel/b.ko"]);
    let tree = Tree::new(&["leave-out"], &settings);
    tree.module("kernel/a.ko", &Module::new())
        .module("kernel/b.ko", &Module::new())
        .module("kernel/c.ko", &Module::new());
    tree.file("oot/d.ko", Module::new().elf()).symlink("updates/e.ko", "../oot/e");
    tree.file("oot/e", Module::new().elf()).depmod();
    for gone in ["kernel/c.ko", "oot/e"] {
        std::fs::remove_file(tree.path(gone)).unwrap();
    }
    let run = tree.build().ok();
    let lost = "the source's modules.dep has 1 module that will not be in the flist, since";
    assert!(run.stderr.contains(&format!("warning: {lost} there are no such files: /kernel/c.ko (")), "{}", run.stderr);
    let dangling = format!("warning: {lost} symlinks lead to nothing: /updates/e.ko by /updates/e.ko -> ../oot/e (");
    assert!(run.stderr.contains(&dangling), "{}", run.stderr);
    assert!(!run.stderr.contains("b.ko"), "{}", run.stderr);
}

#[test]
fn what_goes_with_the_directory_behind_a_symlink_is_a_note() {
    let tree = Tree::new(&["leave-out"], &leave_out(&["oot/foo.ko"]));
    tree.module("kernel/a.ko", &Module::new())
        .module("oot/foo.ko", &Module::new())
        .module("oot/bar.ko", &Module::new());
    tree.symlink("updates", "oot").depmod();
    let run = tree.build().ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let note = "what symlinks lead to was left out by plugin `leave-out`, and 1 module of modules.dep with it: \
                /updates/foo.ko, which is /oot/foo.ko";
    assert!(tree.notes().contains(&note.to_owned()), "{:?}", tree.notes());
    assert_eq!(show_paths(&tree.unpack(), "bar").unwrap(), ["updates/bar.ko"]);
}

#[test]
fn a_broken_module_behind_a_symlink_is_found() {
    let tree = linked(&[], "");
    tree.file("oot-1.2/bar.ko.v2", "").file("oot-1.2/old", Module::of_kernel("6.1.0 SMP ").elf());
    tree.symlink("updates/old.ko", "../oot-1.2/old").depmod();
    let run = tree.build().ok();
    assert!(run.stderr.contains("1 module can't be read: /updates/bar.ko (it has no bytes)"), "{}", run.stderr);
    assert!(run.stderr.contains("for another kernel than 6.12.44-Zero-OS: /updates/old.ko (6.1.0)"), "{}", run.stderr);
    let verify = tree.project.flistry(&["verify", "--level", "full", &tree.flist()]);
    assert!(verify.code == 3 && verify.stdout.contains("/oot-1.2/bar.ko.v2: it has no bytes"), "{}", verify.stdout);
    assert!(verify.stdout.contains("/oot-1.2/old: it was built for kernel 6.1.0"), "{}", verify.stdout);
}

#[test]
fn a_modinfo_of_built_in_drivers_that_is_cut_off_is_noticed() {
    let tree = Tree::new(&[], "");
    tree.file("modules.builtin", "kernel/fs/ext4/ext4.ko\nkernel/drivers/net/e100.ko\n");
    tree.file("modules.builtin.modinfo", "ext4.license=GPL\0ext4.file=fs/ext4/ext4\0e100.license=GPL\0");
    tree.module("kernel/a.ko", &Module::new()).depmod();
    let run = tree.build().ok();
    let what = "modules.builtin.modinfo is not whole: it has no record of 1 of the drivers in modules.builtin: e100 (";
    assert!(run.stderr.contains(what), "{}", run.stderr);
}

#[test]
fn a_text_index_that_is_missing_is_made_again() {
    let tree = Tree::new(&[], "");
    tree.module("kernel/a.ko", &Module::new().info("softdep", "pre: b")).module("kernel/b.ko", &Module::new()).depmod();
    std::fs::remove_file(tree.path("modules.softdep")).unwrap();
    tree.build().ok();
    assert_eq!(tree.project.report(FLIST)["indexes"]["why"][0], "modules.softdep is missing");
    assert_eq!(show_paths(&tree.unpack(), "a").unwrap(), ["kernel/b.ko", "kernel/a.ko"]);
}
