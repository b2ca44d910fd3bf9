//! Which files are modules, and which of several of a name is meant.

use super::*;

/// The drivers with more of them behind symlinks, as depmod finds them.
fn linked() -> TestTree {
    let dep = dep() + "extra/foo.ko.xz: updates/bar.ko\nupdates/bar.ko: kernel/sound/snd_pcm.ko.xz\n";
    drivers()
        .lines(["updates/bar.ko -> ../oot-1.2/bar.ko.v2", "extra -> current", "current -> oot-1.2"])
        .module("oot-1.2/bar.ko.v2", &[("softdep", "pre: igb")])
        .module("oot-1.2/foo.ko.xz", &[])
        .file("modules.dep", dep)
}

#[test]
fn symlinks_to_files_and_to_directories_make_modules() {
    let json = |rule: &str| format!(r#"{{"rules": [{{"include": {rule}}}]}}"#);
    for rule in [r#"{"name": "foo"}"#, r#"{"directory": "extra"}"#, r#"{"path": "oot-1.2/foo.ko"}"#] {
        let done = select_in(&linked(), &json(rule)).unwrap();
        let kept = done.kept();
        for path in [
            "extra",
            "current",
            "oot-1.2/foo.ko.xz",
            "updates/bar.ko",
            "oot-1.2/bar.ko.v2",
            "kernel/sound/snd_pcm.ko.xz",
        ] {
            assert!(kept.contains(&path), "{rule}: {path} of {kept:?}");
        }
        assert!(!kept.contains(&"kernel/drivers/net/igb.ko.xz"), "modules.softdep is an index, and has none of it");
    }
    let done = select_in(&linked().without("modules.softdep"), &json(r#"{"name": "bar"}"#)).unwrap();
    assert!(done.kept().contains(&"kernel/drivers/net/igb.ko.xz"), "read through the symlink");
    let done = select_in(&linked(), &json(r#"{"name": "igb"}"#)).unwrap();
    assert_eq!(
        done.reason("updates/bar.ko"),
        Some("not selected: no rule includes it, and nothing that is kept needs it")
    );
}

#[test]
fn an_absolute_symlink_to_where_a_node_has_the_modules_makes_one() {
    let tree = drivers()
        .lines(["updates/bar.ko -> /lib/modules/6.12.44-Zero-OS/oot/bar"])
        .module("oot/bar", &[("softdep", "pre: igb")]);
    let tree = tree.file("modules.dep", dep() + "updates/bar.ko:\n");
    let done = select_in(&tree, r#"{"list": "bar"}"#).unwrap();
    assert_eq!(done.said.explained["updates/bar.ko"], "selected by line 1 of `list`, `bar`");
}

#[test]
fn aliases_are_read_from_the_modules_where_their_index_is_missing() {
    let tree = drivers()
        .without("modules.alias")
        .module("kernel/drivers/net/igb.ko.xz", &[("alias", "pci:v00008086d00001521sv*")]);
    let kept = kept_in(&tree, r#"{"rules": [{"include": {"alias": "pci:v00008086*"}}]}"#);
    assert_eq!(names(&kept), "igb libphy");
}

#[test]
fn what_is_built_in_is_not_taken_for_nothing() {
    let json = r#"{"list": "igb"}"#;
    let unknown = |tree: &TestTree| {
        let said = select_in(tree, json).unwrap().said;
        let found: Vec<String> = said.findings("unknown").into_iter().map(str::to_owned).collect();
        let warned: Vec<String> = said.log.into_iter().map(|(_, line)| line).collect();
        assert_eq!(warned, found);
        found
    };
    let missing = "the tree has no modules.builtin: what is built into the kernel is not known";
    assert_eq!(unknown(&drivers().without("modules.builtin")), [missing]);
    let cut = "modules.builtin.modinfo has no record of 1 of the drivers in modules.builtin, such as xor: what they need is not known";
    assert_eq!(unknown(&drivers().file("modules.builtin.modinfo", "ext4.alias=fs-ext4\0")), [cut]);
    assert!(unknown(&drivers()).is_empty());
}

/// Two files of igb: `modules.dep` has the one in `extra`, and r8169 needs libphy from there.
fn namesakes() -> TestTree {
    let dep = dep().replace("kernel/drivers/net/igb.ko.xz:", "extra/igb.ko.xz:");
    let dep = dep.replace("kernel/drivers/net/phy/libphy.ko.xz", "extra/libphy.ko.xz");
    drivers()
        .module("extra/igb.ko.xz", &[])
        .module("extra/libphy.ko.xz", &[])
        .imports("kernel/drivers/net/igb.ko.xz", &["snd_new"])
        .file("modules.dep", dep)
        .file("modules.symbols", "alias symbol:snd_new snd-pcm\nalias symbol:phy_connect libphy\n")
}

#[test]
fn a_rule_that_excludes_a_directory_excludes_the_copy_in_it() {
    for rules in [
        r#""list": "igb\nr8169", "rules": [{"exclude": {"directory": "extra"}}]"#,
        r#""rules": [{"include": {"name": ["igb", "r8169"]}}, {"exclude": {"directory": "extra"}}]"#,
    ] {
        let done = select_in(&namesakes(), &format!("{{{rules}}}")).unwrap();
        let kept: Vec<&str> = done.kept().into_iter().filter(|path| path.ends_with(".xz")).collect();
        let right = ["net/igb", "net/phy/libphy", "net/phy/real-tek", "net/r8169"]
            .map(|name| format!("kernel/drivers/{name}.ko.xz"));
        // What the copy that is left needs is told by what it imports.
        assert_eq!(kept, [&right[..], &["kernel/sound/snd_pcm.ko.xz".to_owned()]].concat(), "{rules}");
        assert!(
            done.said.findings("excluded-but-needed").is_empty() && done.said.log.is_empty(),
            "{:?}",
            done.said.log
        );
    }
    let done = select_in(&namesakes(), r#"{"list": "igb"}"#).unwrap();
    let kept: Vec<&str> = done.kept().into_iter().filter(|path| path.ends_with(".xz")).collect();
    assert_eq!(kept, ["extra/igb.ko.xz", "extra/libphy.ko.xz"]);
}
