//! What modules ask for while they run comes along with them, and a selection says what became of its lines.

use super::*;

/// A list's modules, with those that they ask for and others; `runtime` is the setting of modules-select.
fn selecting(list: &str, settings: &str) -> Tree {
    let select = format!(
        "[plugin.select]\ncomponent = \"builtin:modules-select\"\nconfig-files = {{ list = \"modules.list\" }}\n{settings}"
    );
    let tree = Tree::new(&["select"], &select);
    tree.project.write("modules.list", list);
    tree.project.write(
        "config/kernel.config",
        "CONFIG_LOCALVERSION=\"-Zero-OS\"\nCONFIG_FAT_DEFAULT_CODEPAGE=850\nCONFIG_FAT_DEFAULT_IOCHARSET=\"utf8\"\n",
    );
    let cipher = |name: &str| Module::new().info("alias", &format!("crypto-{name}"));
    tree.module("kernel/net/mac80211.ko", &Module::new().imports("crypto_alloc_aead").string("ccm(aes)"))
        .module("kernel/fs/vfat.ko", &Module::new().imports("load_nls"))
        .module("kernel/crypto/ccm.ko.xz", &cipher("ccm"))
        .module("kernel/crypto/xts.ko", &cipher("xts"));
    for nls in ["nls_cp437", "nls_cp850", "nls_iso8859-1", "nls_utf8", "nls_koi8-r"] {
        tree.module(&format!("kernel/fs/{nls}.ko"), &Module::new());
    }
    tree.depmod();
    tree
}

/// The modules that are in the flist, by name.
fn packed(tree: &Tree) -> Vec<String> {
    let flist = tree.project.path(&format!("dist/flists/{FLIST}"));
    let shown = tree.project.flistry(&["tree", "--format", "json", flist.to_str().unwrap()]).ok().stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let paths = shown["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap());
    let file = |path: &str| Some(path.rsplit('/').next()?.split_once(".ko")?.0.to_owned());
    let mut names: Vec<String> = paths.filter_map(file).collect();
    names.sort();
    names
}

#[test]
fn what_is_asked_for_at_run_time_comes_along_and_says_why() {
    let tree = selecting("mac80211\nvfat\n", "");
    tree.build().ok();
    // What the kernel's configuration names, and what it names unless it is changed: a mount option asks for that.
    assert_eq!(packed(&tree), ["ccm", "mac80211", "nls_cp437", "nls_cp850", "nls_iso8859-1", "nls_utf8", "vfat"]);
    let flist = tree.project.path(&format!("dist/flists/{FLIST}"));
    let why = tree.project.flistry(&["explain", flist.to_str().unwrap(), "kernel/crypto/ccm.ko.xz"]).ok().stdout;
    assert!(why.contains("asked for at run time by mac80211 (crypto-ccm)"), "{why}");

    // The name by which the kernel asks leads there.
    let root = tree.project.path("root");
    let modules = root.join(TREE);
    std::fs::create_dir_all(modules.parent().unwrap()).unwrap();
    tree.project.flistry(&["unpack", "--no-owner", flist.to_str().unwrap(), modules.to_str().unwrap()]).ok();
    assert_eq!(kmod::show_depends(&root, "crypto-ccm").unwrap(), ["ccm.ko.xz"]);
    assert!(kmod::show_depends(&root, "crypto-xts").unwrap_err().contains("not found"));
}

#[test]
fn what_is_asked_for_may_be_reported_only_or_not_looked_for() {
    let tree = selecting("mac80211\n", "config.runtime = \"report\"");
    let found = tree.build().ok();
    assert_eq!(packed(&tree), ["mac80211"]);
    let report = tree.project.report(FLIST).to_string();
    assert!(report.contains("crypto-ccm"), "{report}\n{}", found.stdout);

    let tree = selecting("mac80211\n", "config.runtime = \"off\"");
    tree.build().ok();
    assert_eq!(packed(&tree), ["mac80211"]);
    assert!(!tree.project.report(FLIST).to_string().contains("crypto-ccm"));
}

#[test]
fn what_built_in_drivers_declare_comes_along() {
    let tree = selecting("vfat\n", "");
    tree.file("modules.builtin", "kernel/fs/btrfs/btrfs.ko\n");
    tree.file("modules.builtin.modinfo", "btrfs.license=GPL\0btrfs.softdep=pre: xts\0");
    tree.depmod();
    tree.build().ok();
    assert!(packed(&tree).contains(&"xts".to_owned()));
}

#[test]
fn what_became_of_a_list_is_said_in_text() {
    let rules = "config.rules = [{ include = { listed = \"*\" } }, { exclude = { name = \"vfat\" } }, \
                 { include = { name = \"e1000\" } }]";
    let run = selecting("mac80211\nvfat\nno-such-module\n", rules).build().ok();
    for line in [
        "warning: plugin `select`: rule 1: include listed `*`, line 2 of `list`, `vfat`: left out by rule 2: exclude name `vfat`\n",
        "warning: plugin `select`: rule 1: include listed `*`, line 3 of `list`, `no-such-module`: no module of the tree matches\n",
        "warning: plugin `select`: rule 3: include name `e1000`: no module of the tree matches\n",
    ] {
        assert!(run.stderr.contains(line), "{}", run.stderr);
    }
    let found = run.stdout.lines().find(|line| line.trim_start().starts_with("found")).unwrap_or_default();
    assert!(found.contains("1 selected") && found.contains("7 dropped"), "{}", run.stdout);
}
