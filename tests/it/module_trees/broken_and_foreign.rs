//! Modules that no node could load are found when a build is planned, wherever they lie in the tree.

use super::*;

const VERSIONED: &str = "6.12.44-Zero-OS SMP preempt mod_unload modversions ";

/// Three good modules, of which one has dependencies.
fn good(settings: &str, vermagic: &str) -> Tree {
    let tree = Tree::new(&[], settings);
    tree.module("kernel/a.ko", &Module::of_kernel(vermagic).imports("b_symbol"));
    tree.module("kernel/b.ko.xz", &Module::of_kernel(vermagic).exports("b_symbol"));
    tree.module("kernel/m.ko.zst", &Module::of_kernel(vermagic));
    tree
}

const STRICT: &str = "[node]\nstrict = true\nmodule-compression = [\"none\", \"xz\", \"zstd\"]";
const LENIENT: &str = "[node]\nmodule-compression = [\"none\", \"xz\", \"zstd\"]";

/// In a build that is not strict it is warned of, and all is packed; a strict one ends.
fn is_warned_of(make: impl Fn(&Tree), vermagic: &str, what: &str) {
    for command in ["plan", "build"] {
        let tree = good(LENIENT, vermagic);
        make(&tree);
        tree.depmod();
        let run = tree.project.flistry(&[command]).ok();
        assert!(run.stderr.contains(&format!("warning: {what} (")), "{}", run.stderr);
        assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
    }
    let tree = good(STRICT, vermagic);
    make(&tree);
    tree.depmod();
    let run = tree.build();
    assert!(run.code == 1, "{}", run.stderr);
    assert!(run.stderr.contains(&format!("flist `modules` holds what no node could use:\n  {what}")), "{}", run.stderr);
}

#[test]
fn modules_of_zero_bytes_and_other_broken_ones() {
    let make = |tree: &Tree| {
        tree.file("kernel/x.ko", "").file("kernel/y.ko.xz", "");
        tree.file("kernel/z.ko.zst", zstd::encode_all(&b""[..], 1).unwrap());
        tree.file("updates/text.ko", "no module");
    };
    let what = "4 modules can't be read: /kernel/x.ko (it has no bytes), /kernel/y.ko.xz (it has no bytes), /kernel/z.ko.zst \
                (it has no bytes), and 1 more";
    is_warned_of(make, VERSIONED, what);
}

#[test]
fn a_module_of_another_kernel_anywhere_in_the_tree() {
    let other = |tree: &Tree| {
        tree.module("kernel/z.ko.xz", &Module::of_kernel("6.12.40-Zero-OS SMP preempt mod_unload "));
    };
    let what = "1 module was built for another kernel than 6.12.44-Zero-OS: /kernel/z.ko.xz (6.12.40-Zero-OS)";
    is_warned_of(other, "6.12.44-Zero-OS SMP preempt mod_unload ", what);
    is_warned_of(other, VERSIONED, what);
}

#[test]
fn a_module_that_was_built_with_other_options() {
    let other = |tree: &Tree| {
        tree.module("extra/z.ko.zst", &Module::of_kernel("6.12.44-Zero-OS SMP mod_unload modversions "));
    };
    let what = "1 module was built with other options than most modules of the tree (`SMP preempt mod_unload modversions`): \
                /extra/z.ko.zst (SMP mod_unload modversions)";
    is_warned_of(other, VERSIONED, what);
}

#[test]
fn modules_for_another_release_of_the_same_kabi_are_a_note() {
    let tree = good(STRICT, VERSIONED);
    tree.module("extra/z.ko", &Module::of_kernel("6.12.40-Zero-OS SMP preempt mod_unload modversions ")).depmod();
    let run = tree.build().ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let note = "1 module was built for another release, and 6.12.44-Zero-OS loads such a module where the checksums of symbols \
                agree: /extra/z.ko (6.12.40-Zero-OS)";
    assert!(run.stdout.contains(&format!("  note       {note}\n")), "{}", run.stdout);
    assert!(tree.notes().contains(&note.to_owned()));
}

#[test]
fn a_tree_in_which_no_module_is_of_this_kernel_is_refused() {
    let tree = good(LENIENT, "6.12.40-Zero-OS SMP preempt mod_unload modversions ");
    tree.file("kernel/0.ko", "").depmod();
    tree.build().fails(
        1,
        &format!("PROJECT/{TREE}/kernel/a.ko was built for kernel 6.12.40-Zero-OS, this build is for 6.12.44-Zero-OS"),
        "rebuild the modules, or correct KERNEL_VERSION in config/build.conf and CONFIG_LOCALVERSION in config/kernel.config",
    );
    let tree = Tree::new(&[], "");
    tree.file("kernel/a.ko", "").depmod().build().fails(
        1,
        &format!("PROJECT/{TREE}/kernel/a.ko is not a usable module: it has no bytes"),
        "install the modules again, or let a filter drop the file",
    );
}

#[test]
fn what_modules_say_is_remembered() {
    let tree = good(LENIENT, VERSIONED);
    tree.file("kernel/x.ko", "").depmod();
    // A file that changed just now is not remembered: set its times back.
    for path in ["kernel/a.ko", "kernel/b.ko.xz", "kernel/m.ko.zst"] {
        let file = std::fs::File::options().write(true).open(tree.path(path)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    std::thread::sleep(std::time::Duration::from_millis(2100));
    tree.build().ok();
    let cache = rusqlite::Connection::open(tree.project.path("dist/pack-cache.sqlite")).unwrap();
    let known: u32 = cache.query_row("SELECT count(*) FROM module", [], |row| row.get(0)).unwrap();
    assert_eq!(known, 3);
}

#[test]
fn of_what_depmod_says_only_unknown_symbols_end_a_build() {
    let tree =
        Tree::new(&["leave-out"], &format!("{}\n[modules]\nsystem-map = [\"System.map\"]", leave_out(&["extra"])));
    tree.project.write("System.map", "ffffffff81000000 r __ksymtab_printk\n");
    tree.module("kernel/a.ko", &Module::new())
        .module("extra/b.ko", &Module::new())
        .file("kernel/text.ko", "text")
        .depmod();
    let run = tree.build().ok();
    assert!(run.stderr.contains("depmod: ERROR: failed to load symbols from /kernel/text.ko: "), "{}", run.stderr);

    let tree =
        Tree::new(&["leave-out"], &format!("{}\n[modules]\nsystem-map = [\"System.map\"]", leave_out(&["extra"])));
    tree.project.write("System.map", "ffffffff81000000 r __ksymtab_printk\n");
    tree.module("kernel/a.ko", &Module::new().imports("gone")).module("extra/b.ko", &Module::new().exports("more"));
    tree.file("kernel/text.ko", "text").depmod();
    tree.build().fails(
        1,
        "depmod finds modules that would not load\n  depmod: WARNING: /kernel/a.ko needs unknown symbol gone",
        "keep the modules that have these symbols, let a filter drop the ones that need them, or correct `system-map` of \
         [modules] in config/flistry.toml",
    );
}
