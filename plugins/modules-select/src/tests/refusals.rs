//! What is refused, each with its message.

use super::*;

#[test]
fn a_tree_that_is_not_whole_is_refused() {
    let json = r#"{"rules": [{"include": {"name": "igb"}}]}"#;
    let without = |path: &str| refused(&drivers().without(path), json);
    assert_eq!(
        without("kernel/drivers/net/phy/libphy.ko.xz"),
        (
            "missing-module".to_owned(),
            "kernel/drivers/net/igb.ko.xz needs kernel/drivers/net/phy/libphy.ko.xz by modules.dep, which is not in the \
             tree: run depmod on it again, or see what the filters before this one drop"
                .to_owned()
        )
    );
    assert_eq!(
        without("modules.dep"),
        (
            "no-modules-dep".to_owned(),
            "the tree has no modules.dep, which says what modules need: run `depmod -b ROOT KERNEL` on it".to_owned()
        )
    );
    let unlisted = drivers().module("kernel/igb2.ko", &[]);
    assert_eq!(
        refused(&unlisted, r#"{"rules": [{"include": {"name": "igb*"}}]}"#).1,
        "kernel/igb2.ko has no line in modules.dep, so what it needs is unknown: run depmod on the tree again"
    );
    assert!(refused(&unlisted, r#"{"list": "igb2"}"#).1.starts_with("kernel/igb2.ko has no line in modules.dep"));
    assert_eq!(names(&kept_in(&unlisted, json)), "igb libphy");
    assert_eq!(refused(&drivers().without("kernel"), json).1, "there is no module in the tree to select from");
    // A dependency that nobody selected may be missing.
    assert_eq!(names(&kept_in(&drivers().without("kernel/sound/snd_pcm.ko.xz"), json)), "igb libphy");
}

#[test]
fn indexes_that_are_damaged_are_named() {
    let with = |path| refused(&drivers().file(path, "nonsense"), r#"{"rules": [{"include": {"name": "igb"}}]}"#).1;
    assert_eq!(with("modules.dep"), "line 1 of modules.dep names no module: nonsense");
    assert_eq!(with("modules.alias"), "line 1 of modules.alias is not an alias: nonsense");
    assert_eq!(with("modules.weakdep"), "modules.weakdep: line 1 is neither a softdep nor a weakdep: nonsense");
}

#[test]
fn a_selection_of_nothing_is_refused() {
    let json = r#"{"rules": [{"include": {"name": "nope"}}]}"#;
    assert_eq!(
        message(json),
        "the rules select no module of the tree: rule 1: include name `nope`: no module of the tree matches"
    );
    assert_eq!(message(r#"{"rules": [{"exclude": {"path": "**"}}]}"#), "the rules select no module of the tree");
}

#[test]
fn each_mistake_in_the_settings_has_its_message() {
    let rule = |selector: &str| message(&format!(r#"{{"rules": [{{"include": {selector}}}]}}"#));
    assert_eq!(
        message(r#"{"rule": []}"#),
        "`rule`: unknown field `rule`, expected one of `rules`, `list`, `strict`, `runtime`"
    );
    assert!(
        rule(r#"{"names": "a"}"#)
            .ends_with("unknown variant `names`, expected one of `path`, `directory`, `name`, `alias`, `listed`")
    );
    assert!(rule(r#"{"name": 7}"#).ends_with("invalid type: integer `7`, expected a text or a list of texts"));
    assert_eq!(rule(r#"{"name": []}"#), "rule 1 names nothing");
    assert_eq!(rule(r#"{"path": "a["}"#), "rule 1: the pattern `a[` is not a glob: `[` without `]`");
    assert_eq!(
        rule(r#"{"name": "net/igb"}"#),
        "rule 1: `net/igb` is not a module's name: use `path` or `directory` for a path"
    );
    assert_eq!(rule(r#"{"alias": ""}"#), "rule 1: an empty alias matches nothing");
    for directory in ["", "/kernel", "a//b", "../a", "."] {
        assert_eq!(
            rule(&format!(r#"{{"directory": "{directory}"}}"#)),
            format!("rule 1: `{directory}` is not a directory's path from the tree's root, like `kernel/drivers/net`")
        );
    }
    assert_eq!(
        rule(r#"{"listed": "*"}"#),
        "rule 1 is about `listed` modules, but no list is given: name its file in `config-files = { list = \"PATH\" }`"
    );
    assert_eq!(message(r##"{"list": "# none\n"}"##), "`list` names no module, and nothing would be selected");
    assert_eq!(message(r#"{"list": "a/b.ko"}"#), "`list`: line 1 names a path, for which there are rules: a/b.ko");
}
