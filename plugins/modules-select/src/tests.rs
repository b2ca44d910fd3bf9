//! Selections of a small tree.

mod drivers;
mod files;
mod refusals;
mod runtime;

use std::collections::BTreeMap;

use flistry_plugin::Error;
use flistry_plugin::testing::{Build, Filtered, TestTree};

use self::drivers::{dep, drivers};
use crate::ModulesSelect;

fn select_in(tree: &TestTree, json: &str) -> Result<Filtered, Error> {
    Build::modules().filter::<ModulesSelect>(json, tree)
}

/// The modules that are kept by their names, with the reasons.
fn kept_in(tree: &TestTree, json: &str) -> BTreeMap<String, String> {
    let explained = select_in(tree, json).unwrap().said.explained;
    let name = |path: &str| path.rsplit('/').next().unwrap().trim_end_matches(".ko.xz").to_owned();
    explained.iter().map(|(path, reason)| (name(path), reason.clone())).collect()
}

fn kept(json: &str) -> BTreeMap<String, String> {
    kept_in(&drivers(), json)
}

fn names(kept: &BTreeMap<String, String>) -> String {
    kept.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Why an entry is left out.
fn dropped(tree: &TestTree, json: &str, path: &str) -> Option<String> {
    select_in(tree, json).unwrap().reason(path).map(str::to_owned)
}

fn found(json: &str, key: &str) -> Vec<String> {
    let done = select_in(&drivers(), json).unwrap();
    done.said.findings(key).into_iter().map(str::to_owned).collect()
}

fn refused(tree: &TestTree, json: &str) -> (String, String) {
    let error = select_in(tree, json).err().unwrap();
    (error.code, error.message)
}

fn message(json: &str) -> String {
    refused(&drivers(), json).1
}

#[test]
fn each_selector_has_its_modules() {
    let of = |selector: &str| names(&kept(&format!(r#"{{"rules": [{{"include": {selector}}}]}}"#)));
    assert_eq!(of(r#"{"directory": "kernel/sound/"}"#), "snd-hda snd_pcm");
    assert_eq!(of(r#"{"path": "kernel/drivers/nvme"}"#), "nvme nvme-core");
    assert_eq!(of(r#"{"path": "kernel/**/nvme-core.ko"}"#), "nvme-core");
    assert_eq!(of(r#"{"path": "kernel/**/nvme-core.ko.xz"}"#), "nvme-core");
    assert_eq!(of(r#"{"name": ["nvme_core", "snd_pcm"]}"#), "nvme-core snd_pcm");
    assert_eq!(of(r#"{"name": "nvme-core"}"#), "nvme-core");
    assert_eq!(of(r#"{"name": "snd_*"}"#), "snd-hda snd_pcm");
    assert_eq!(of(r#"{"alias": "pci:v00008086*"}"#), "igb libphy");
    assert_eq!(of(r#"{"alias": "pci:v00001344d00005410sv00bc01sc08i02"}"#), "nvme nvme-core");
    assert_eq!(of(r#"{"alias": "pci:*"}"#), "igb libphy nvme nvme-core");
}

#[test]
fn what_is_needed_comes_along_with_the_reason() {
    let kept = kept(r#"{"rules": [{"include": {"name": ["r8169", "iwlwifi", "btrfs"]}}]}"#);
    assert_eq!(names(&kept), "btrfs crc32c_generic iwlmvm iwlwifi libphy r8169 real-tek");
    assert_eq!(kept["r8169"], "selected by rule 1: include name `r8169`");
    assert_eq!(kept["libphy"], "needed by r8169 (hard), selected by rule 1: include name `r8169`");
    assert_eq!(kept["real-tek"], "needed by r8169 (soft, pre), selected by rule 1: include name `r8169`");
    assert_eq!(kept["iwlmvm"], "needed by iwlwifi (weak), selected by rule 1: include name `iwlwifi`");
    // Whether a softdep says when to load or not.
    let tree = drivers().file("modules.softdep", "softdep igb crc32c\n");
    let soft = kept_in(&tree, r#"{"list": "igb"}"#);
    assert_eq!(soft["crc32c_generic"], "needed by igb (soft), selected by line 1 of `list`, `igb`");
    // By an alias.
    assert_eq!(kept["crc32c_generic"], "needed by btrfs (soft, pre), selected by rule 1: include name `btrfs`");
}

#[test]
fn what_is_needed_needs_something_too() {
    // A chain through all kinds, and a circle back to its beginning.
    let tree = drivers()
        .file("modules.softdep", "softdep libphy post: snd-hda\n")
        .file("modules.weakdep", "weakdep snd_pcm iwlwifi\nweakdep iwlwifi r8169\n");
    let kept = kept_in(&tree, r#"{"rules": [{"include": {"name": "r8169"}}]}"#);
    assert_eq!(names(&kept), "iwlwifi libphy r8169 snd-hda snd_pcm");
    assert_eq!(
        kept["iwlwifi"],
        "needed by snd_pcm (weak), needed by snd_hda (hard), needed by libphy (soft, post), needed by r8169 (hard), \
         selected by rule 1: include name `r8169`"
    );
}

#[test]
fn without_indexes_of_them_soft_and_weak_dependencies_are_read_from_the_modules() {
    let json = r#"{"rules": [{"include": {"name": ["r8169", "iwlwifi"]}}]}"#;
    let tree = drivers()
        .module("kernel/drivers/net/r8169.ko.xz", &[("softdep", "pre: snd-hda")])
        .module("kernel/sound/snd_pcm.ko.xz", &[("weakdep", "btrfs")]);
    // An index has precedence.
    assert_eq!(names(&kept_in(&tree, json)), "iwlmvm iwlwifi libphy r8169 real-tek");
    let tree = tree.without("modules.weakdep");
    assert_eq!(names(&kept_in(&tree, json)), "iwlwifi libphy r8169 real-tek");
    let kept = kept_in(&tree.without("modules.softdep"), json);
    assert_eq!(names(&kept), "btrfs iwlwifi libphy r8169 snd-hda snd_pcm");
    assert!(
        kept["btrfs"].starts_with("needed by snd_pcm (weak), needed by snd_hda (hard), needed by r8169 (soft, pre)")
    );
}

#[test]
fn what_is_built_in_or_not_there_is_found() {
    let json =
        r#"{"rules": [{"include": {"name": ["btrfs", "iwlwifi", "ext4", "nope"]}}, {"exclude": {"path": "a/b"}}]}"#;
    assert_eq!(
        found(json, "built-in"),
        ["rule 1: include name `ext4`: built into the kernel", "xor, soft or weak dependency of btrfs"]
    );
    assert_eq!(
        found(json, "absent"),
        ["blake, soft or weak dependency of btrfs", "iwldvm, soft or weak dependency of iwlwifi"]
    );
    assert_eq!(
        found(json, "unmatched"),
        [
            "rule 1: include name `nope`: no module of the tree matches",
            "rule 2: exclude path `a/b`: no module of the tree matches"
        ]
    );
    assert_eq!(
        ["selected", "pulled-in", "dropped"].map(|key| found(json, key)),
        [["2 modules"], ["2 modules"], ["8 modules"]]
    );
    let built_in = |selector: &str| {
        found(&format!(r#"{{"rules": [{{"include": {{"name": "igb"}}}}, {{"include": {selector}}}]}}"#), "built-in")
    };
    assert_eq!(built_in(r#"{"directory": "kernel/fs/ext4"}"#).len(), 1);
    assert_eq!(built_in(r#"{"alias": "fs-*"}"#).len(), 1);
}

#[test]
fn with_strict_what_matches_nothing_is_an_error_unless_it_is_built_in() {
    let rules = |name: &str| format!(r#"{{"strict": true, "rules": [{{"include": {{"name": ["igb", "{name}"]}}}}]}}"#);
    assert_eq!(message(&rules("nope")), "strict: rule 1: include name `nope`: no module of the tree matches");
    assert_eq!(names(&kept(&rules("ext4"))), "igb libphy");
    let list = |lines: &str| format!(r#"{{"strict": true, "list": "{lines}"}}"#);
    assert_eq!(
        message(&list(r"igb\n# old\nstage1:e1000:none\nnope")),
        "strict: line 3 of `list`, `e1000`: no module of the tree matches; line 4 of `list`, `nope`: no module of the \
         tree matches"
    );
    assert_eq!(names(&kept(&list(r"igb\next4\nfs-ext4"))), "igb libphy");
}

#[test]
fn the_last_rule_that_matches_decides() {
    let json = r#"{"rules": [{"include": {"directory": "kernel/drivers"}}, {"exclude": {"name": "iwl*"}},
                             {"include": {"name": "iwlwifi"}}, {"exclude": {"directory": "kernel/drivers/nvme"}}]}"#;
    let all = kept(json);
    assert_eq!(names(&all), "igb iwlmvm iwlwifi libphy r8169 real-tek");
    assert_eq!(all["iwlwifi"], "selected by rule 3: include name `iwlwifi`");
    // What is needed wins, and says so.
    let because = "needed by iwlwifi (weak), selected by rule 3: include name `iwlwifi`";
    assert_eq!(all["iwlmvm"], format!("{because}; otherwise left out by rule 2: exclude name `iwl*`"));
    assert_eq!(
        found(json, "excluded-but-needed"),
        [format!("iwlmvm: left out by rule 2: exclude name `iwl*`, but {because}")]
    );
    let dropped = |path| dropped(&drivers(), json, path).unwrap();
    assert_eq!(
        dropped("kernel/drivers/nvme/nvme.ko.xz"),
        "not selected: rule 4: exclude directory `kernel/drivers/nvme`"
    );
    assert_eq!(
        dropped("kernel/fs/btrfs.ko.xz"),
        "not selected: no rule includes it, and nothing that is kept needs it"
    );
}

#[test]
fn where_the_first_rule_excludes_the_rest_is_selected() {
    let json =
        r#"{"rules": [{"exclude": {"directory": ["kernel/sound", "kernel/drivers"]}}, {"include": {"name": "igb"}}]}"#;
    let kept = kept(json);
    assert_eq!(names(&kept), "btrfs crc32c_generic igb libphy");
    assert_eq!(kept["btrfs"], "selected, since no rule leaves it out");
}

#[test]
fn a_list_selects_by_its_lines() {
    let plain = kept(r#"{"list": "r8169\ncrc32c  # by alias\n"}"#);
    assert_eq!(names(&plain), "crc32c_generic libphy r8169 real-tek");
    assert_eq!(plain["r8169"], "selected by line 1 of `list`, `r8169`");
    assert_eq!(plain["crc32c_generic"], "selected by line 2 of `list`, `crc32c`");

    // Without a rule of its own the list is the first.
    let json = r#"{"list": "r8169\nigb", "rules": [{"exclude": {"name": "igb"}}]}"#;
    assert_eq!(names(&kept(json)), "libphy r8169 real-tek");

    let staged = |rules: &str| {
        let list = r"stage1:r8169:none\nstage2:igb:firmware-x\nbtrfs";
        kept(&format!(r#"{{"list": "{list}", "rules": [{rules}]}}"#))
    };
    let second = staged(r#"{"include": {"listed": "stage2"}}"#);
    assert_eq!(names(&second), "igb libphy");
    assert_eq!(second["igb"], "selected by rule 1: include listed `stage2`, line 2 of `list`, `igb`");
    assert_eq!(
        names(&staged(r#"{"include": {"listed": "*"}}, {"exclude": {"listed": "stage*"}}"#)),
        "btrfs crc32c_generic"
    );
    let json = r#"{"list": "igb", "rules": [{"include": {"listed": ["*", "stage9"]}}]}"#;
    assert_eq!(found(json, "unmatched"), ["rule 1: include listed `stage9`: the list has no line of that stage"]);
}

fn warned(json: &str) -> Vec<String> {
    select_in(&drivers(), json).unwrap().said.log.into_iter().map(|(_, line)| line).collect()
}

#[test]
fn a_line_that_a_rule_undoes_and_a_selector_that_matches_nothing_are_warnings() {
    let json = r#"{"list": "r8169\nigb\nnope", "rules": [{"exclude": {"name": ["igb", "zz*"]}}]}"#;
    let undone = "line 2 of `list`, `igb`: left out by rule 1: exclude name `igb`";
    assert_eq!(found(json, "undone"), [undone]);
    assert_eq!(
        warned(json),
        [
            "line 3 of `list`, `nope`: no module of the tree matches",
            "rule 1: exclude name `zz*`: no module of the tree matches",
            undone
        ]
    );
    // Not where the rule is about the list, where a still later rule selects it again, or where one of an alias's modules
    // stays.
    for rules in [
        r#"{"include": {"listed": "*"}}, {"exclude": {"listed": "stage2"}}"#,
        r#"{"exclude": {"name": "igb"}}, {"include": {"directory": "kernel/drivers"}}"#,
        r#"{"exclude": {"directory": "kernel/sound"}}"#,
    ] {
        let json = format!(r#"{{"list": "r8169\nstage2:igb", "rules": [{rules}]}}"#);
        assert!(warned(&json).is_empty(), "{rules}");
    }
    // What is built in is there, and many are told in a few lines.
    assert!(warned(r#"{"list": "igb\next4"}"#).is_empty());
    let many: Vec<String> = (0..20).map(|number| format!(r"nope{number}\n")).collect();
    let lines = warned(&format!(r#"{{"list": "igb\n{}"}}"#, many.concat()));
    assert_eq!((lines.len(), &*lines[8]), (9, "and 12 more that are unmatched"));
}

#[test]
fn what_is_not_a_module_is_kept() {
    let json = r#"{"rules": [{"include": {"name": "igb"}}]}"#;
    assert_eq!(
        select_in(&drivers(), json).unwrap().kept(),
        [
            "build",
            "kernel",
            "kernel/drivers",
            "kernel/drivers/net",
            "kernel/drivers/net/igb.ko.xz",
            "kernel/drivers/net/phy",
            "kernel/drivers/net/phy/libphy.ko.xz",
            "modules.alias",
            "modules.builtin",
            "modules.builtin.modinfo",
            "modules.dep",
            "modules.order",
            "modules.softdep",
            "modules.weakdep",
            "vdso",
            "vdso/vdso64.so",
        ]
    );
    assert_eq!(dropped(&drivers(), json, "kernel/sound").unwrap(), "nothing in it is selected");
}

#[test]
fn symlinks_follow_what_they_lead_to() {
    let tree = drivers().lines([
        "kernel/extra/hda.ko.xz -> ../sound/snd-hda.ko.xz",
        "kernel/sound-latest -> ./extra/../sound",
        "pcm -> kernel/sound/snd_pcm.ko.xz",
    ]);
    let json = r#"{"rules": [{"include": {"name": "igb"}}]}"#;
    assert_eq!(dropped(&tree, json, "pcm").unwrap(), "it leads to /kernel/sound/snd_pcm.ko.xz, which is not selected");
    assert_eq!(
        dropped(&tree, json, "kernel/sound-latest").unwrap(),
        "it leads to /kernel/sound, which is not selected"
    );
    assert_eq!(dropped(&tree, json, "build"), None);

    // depmod takes a symlink for the module that it leads to.
    let tree = tree.file("modules.dep", dep() + "kernel/extra/hda.ko.xz: kernel/sound/snd_pcm.ko.xz\n");
    let kept = kept_in(&tree, r#"{"rules": [{"include": {"directory": "kernel/extra"}}]}"#);
    assert_eq!(names(&kept), "hda snd-hda snd_pcm");
    assert!(kept["snd-hda"].starts_with("needed by hda (symlink), selected by rule 1"), "{kept:?}");
}

#[test]
fn of_two_files_of_a_name_the_one_that_modprobe_loads_comes_along() {
    let dep = dep().replace("kernel/drivers/net/igb.ko.xz:", "updates/igb.ko.xz:");
    let tree = drivers().module("updates/igb.ko.xz", &[]).file("modules.dep", dep);
    let done = select_in(&tree, r#"{"rules": [{"include": {"directory": "kernel/drivers/net"}}]}"#).unwrap();
    assert_eq!(
        done.said.explained["updates/igb.ko.xz"],
        "needed by igb (same name), selected by rule 1: include directory `kernel/drivers/net`"
    );
}

#[test]
fn without_a_selection_everything_is_kept() {
    let done = select_in(&drivers(), "{}").unwrap();
    assert_eq!(done.kept().len(), drivers().entries().len() - 1);
    let error = Build::firmware().flist("drivers").filter::<ModulesSelect>("{}", &drivers()).err().unwrap();
    assert_eq!(
        error.message,
        "it selects kernel modules, and [flist.drivers] has `contents = \"firmware\"`: take it out of the filters there"
    );
}

#[test]
fn a_reason_is_no_longer_than_the_host_takes() {
    let rule = "a".repeat(2000);
    let json = format!(r#"{{"rules": [{{"include": {{"name": ["igb", "{rule}"]}}}}]}}"#);
    assert!(found(&json, "unmatched").iter().all(|value| value.len() <= 1024));
}
