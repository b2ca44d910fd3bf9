//! The rules, a case each.

use flistry_plugin::testing::TestTree;

use super::*;
use crate::asked::Driver;
use crate::builtin::Builtins;
use crate::settings::Config;

/// `r8169: a b` names `a` and `b`; `(e100): a` is built in.
fn asked(lines: &[&str]) -> Asked {
    let mut asked = Asked::default();
    for line in lines {
        let (driver, names) = line.split_once(':').unwrap();
        let built_in = driver.starts_with('(');
        let driver = driver.trim_matches(['(', ')']);
        asked.drivers.insert(driver.to_owned());
        names.split_whitespace().for_each(|name| asked.name(name, driver, built_in));
    }
    asked
}

/// A tree whose files have 100 bytes.
fn tree(lines: &[&str]) -> EntryTree {
    let mut entries = TestTree::from(lines).entries();
    entries.iter_mut().filter(|entry| entry.kind == Kind::File).for_each(|file| file.size = 100);
    EntryTree::new(entries)
}

struct Case {
    tree: EntryTree,
    decision: Decision,
}

fn case(asked: Asked, config: &str, lines: &[&str]) -> Case {
    let config: Config = serde_json::from_str(config).unwrap();
    let tree = tree(lines);
    let paths = Paths::new(&tree, &roots(&tree, "6.12.44"));
    let decision =
        prune(&tree, &paths, &asked, &[], "6.12.44", &config.settings().unwrap(), &Extras::shipped().unwrap());
    Case { tree, decision }
}

impl Case {
    /// What stays, files and symlinks.
    fn kept(&self) -> Vec<&str> {
        let gone = |id: EntryId| {
            let mut at = id;
            loop {
                if self.decision.remove.contains(&at) {
                    return true;
                }
                if at == EntryTree::ROOT {
                    return false;
                }
                at = self.tree.parent(at);
            }
        };
        let kept: Vec<&str> = self
            .tree
            .ids()
            .filter(|id| !self.tree.is_directory(*id) && !gone(*id))
            .map(|id| &*self.tree.entry(id).path)
            .collect();
        assert_eq!(kept.len() as u64, self.decision.kept);
        kept
    }

    fn removed(&self) -> Vec<&str> {
        self.decision.remove.iter().map(|id| &*self.tree.entry(*id).path).collect()
    }

    fn why(&self, path: &str) -> &str {
        &self.decision.reasons[&self.tree.find(path).unwrap()]
    }

    fn findings(&self, key: &str) -> Vec<&str> {
        self.decision.findings.iter().filter(|(k, _)| *k == key).map(|(_, value)| &**value).collect()
    }
}

#[test]
fn what_is_named_stays_and_the_rest_goes_with_its_directories() {
    let case = case(
        asked(&["r8169: rtl_nic/a.fw", "b: rtl_nic/a.fw", "(e100): e100/u.bin"]),
        "{}",
        &["rtl_nic/a.fw", "rtl_nic/b.fw", "e100/u.bin", "old/deep/x", "old/y", "empty/"],
    );
    assert_eq!(case.kept(), ["e100/u.bin", "rtl_nic/a.fw"]);
    // A removed directory takes what is in it along; one that was empty before is left alone.
    assert_eq!(case.removed(), ["old", "rtl_nic/b.fw"]);
    assert_eq!(case.why("rtl_nic/a.fw"), "named by b, r8169");
    assert_eq!(case.why("e100/u.bin"), "named by e100 (built in)");
    assert_eq!(case.why("old/deep/x"), "no module names it");
    assert_eq!(case.why("old"), "nothing in it is kept");
    assert_eq!((case.decision.removed, case.decision.removed_bytes), (3, 300));
    assert_eq!(case.findings("removed"), ["3 files and symlinks with 300 bytes, and 2 directories"]);
}

#[test]
fn what_stands_in_a_driver_s_data_stays() {
    let mut given = asked(&["b43: b43/ucode5.fw", "r8169: rtl.fw", "comedi:", "quiet:", "btusb:"]);
    given.string("rtl.fw", &Driver::module("r8169"));
    given.string("rtlwifi/x.bin", &Driver::module("rtl8723ae"));
    given.string("rtlwifi/x.bin", &Driver::module("rtl8723be"));
    given.format("b43%s/%s.fw", &Driver::module("b43"));
    given.loaders.extend(["b43", "comedi", "btusb", "rtl8723ae"].map(Driver::module));
    let lines =
        ["b43/ucode5.fw", "b43/b0g0initvals5.fw", "b43/b0g0.bin", "rtl.fw", "rtlwifi/x.bin.xz", "rtlwifi/y.bin"];
    let case = case(given, "{}", &lines);
    assert_eq!(case.kept(), ["b43/b0g0initvals5.fw", "b43/ucode5.fw", "rtl.fw", "rtlwifi/x.bin.xz"]);
    assert_eq!(case.why("rtlwifi/x.bin.xz"), "string in rtl8723ae, rtl8723be");
    assert_eq!(case.why("b43/b0g0initvals5.fw"), "format in b43 (b43%s/%s.fw)");
    // What a driver names is not told twice.
    assert_eq!((case.why("b43/ucode5.fw"), case.why("rtl.fw")), ("named by b43", "named by r8169"));
    // An extra knows what btusb loads, and nothing says anything of comedi's.
    let silent = "comedi: it loads firmware, and neither what it names nor its strings say which";
    assert_eq!(case.findings("unnamed"), [silent]);
}

#[test]
fn names_are_literal_first_and_globs_second() {
    let lines = ["a[1].bin", "a1.bin", "b1.bin", "b2.bin.xz", "b/3.bin"];
    let case = case(asked(&["m: a[1].bin b*.bin"]), "{}", &lines);
    assert_eq!(case.kept(), ["a[1].bin", "b1.bin", "b2.bin.xz"]);
}

#[test]
fn the_kernel_s_places_are_searched_and_what_it_never_reaches_is_told() {
    let lines = ["a.bin", "updates/a.bin", "updates/6.12.44/b.bin", "6.12.44/c.bin.zst", "6.12.45/a.bin", "c.bin.xz"];
    let case = case(asked(&["m: a.bin b.bin c.bin"]), "{}", &lines);
    assert_eq!(case.kept(), ["6.12.44/c.bin.zst", "a.bin", "c.bin.xz", "updates/6.12.44/b.bin", "updates/a.bin"]);
    // Which of two compressions the kernel knows, nothing here says.
    assert_eq!(case.findings("shadowed"), ["a.bin: the kernel loads updates/a.bin before it"]);
}

#[test]
fn symlinks_stay_with_what_they_lead_to() {
    let lines = [
        "brcm/f.bin -> ../cypress/g.bin",
        "cypress/g.bin -> h.bin",
        "cypress/h.bin",
        "amd -> other",
        "other/x.bin",
        "other/y.bin",
        "unused -> other",
        "z.bin -> dir/../real/z.bin",
        "real/z.bin",
        "dir/",
    ];
    let case = case(asked(&["m: brcm/f.bin amd/x.bin z.bin"]), "{}", &lines);
    assert_eq!(
        case.kept(),
        ["amd", "brcm/f.bin", "cypress/g.bin", "cypress/h.bin", "other/x.bin", "real/z.bin", "z.bin"]
    );
    assert_eq!(case.why("cypress/h.bin"), "for brcm/f.bin, named by m");
    assert_eq!(case.why("amd"), "for other/x.bin, named by m");
    assert_eq!(case.removed(), ["other/y.bin", "unused"]);
}

#[test]
fn a_directory_that_a_symlink_passes_through_stays_though_it_is_emptied() {
    let case = case(asked(&["m: z.bin"]), "{}", &["z.bin -> dir/sub/../../real.bin", "dir/sub/old", "real.bin"]);
    assert_eq!(case.kept(), ["real.bin", "z.bin"]);
    assert_eq!(case.removed(), ["dir/sub/old"]);
}

#[test]
fn symlinks_that_dangle_go_and_those_that_lead_out_stay_if_they_are_named() {
    let lines = ["a.bin -> gone", "b.bin -> /etc/b", "c.bin -> ../../c", "d -> d"];
    let case = case(asked(&["m: a.bin b.bin"]), "{}", &lines);
    assert_eq!(case.kept(), ["b.bin"]);
    assert_eq!(case.findings("dangling"), ["a.bin -> gone", "d -> d"]);
    assert_eq!(case.findings("escaping"), ["b.bin -> /etc/b", "c.bin -> ../../c"]);
    assert_eq!(case.why("a.bin"), "it leads nowhere");
    assert_eq!(case.findings("missing"), ["a.bin, named by m"]);
}

#[test]
fn a_lower_number_stands_in_for_the_one_that_is_named_if_the_driver_takes_it() {
    let lines = [
        "iwlwifi-cc-a0-72.ucode",
        "iwlwifi-cc-a0.pnvm",
        "iwlwifi-so-a0-gf-a0-83.ucode",
        "iwlwifi-so-a0-gf-a0.pnvm",
        "iwlwifi-so-a0-hr-b0.pnvm",
        "iwlwifi-sc-a0-gf-a0-88.ucode",
        "iwlwifi-so-a0-gf4-a0-89.ucode",
        "iwlwifi-so-a0-gf4-a0-73.ucode",
        "iwlwifi-ty-a0-59.ucode",
    ];
    let names = "iwlwifi: iwlwifi-cc-a0-77.ucode iwlwifi-so-a0-gf-a0-89.ucode iwlwifi-so-a0-hr-b0-89.ucode \
                 iwlwifi-sc-a0-gf-a0-99.ucode iwlwifi-so-a0-gf4-a0.pnvm";
    let case = case(asked(&[names]), r#"{"extras": false}"#, &lines);
    assert_eq!(
        case.kept(),
        [
            "iwlwifi-cc-a0.pnvm",
            "iwlwifi-sc-a0-gf-a0-88.ucode",
            "iwlwifi-so-a0-gf-a0-83.ucode",
            "iwlwifi-so-a0-gf-a0.pnvm",
            "iwlwifi-so-a0-gf4-a0-89.ucode",
            "iwlwifi-so-a0-hr-b0.pnvm",
        ]
    );
    assert_eq!(
        case.why("iwlwifi-so-a0-gf-a0-83.ucode"),
        "with iwlwifi-so-a0-gf-a0-89.ucode, named by iwlwifi: the driver tries lower API numbers"
    );
    assert_eq!(case.why("iwlwifi-cc-a0-72.ucode"), "iwlwifi of 6.12.44 takes 77 only");
    assert_eq!(case.why("iwlwifi-so-a0-gf4-a0-73.ucode"), "iwlwifi of 6.12.44 takes 77 to 89 only");
    let unknown = "iwlwifi-sc-a0-gf-a0-99.ucode, named by iwlwifi, is not there; iwlwifi-sc-a0-gf-a0-88.ucode is, and it is \
                   not known whether the driver takes it";
    let known = "iwlwifi-so-a0-gf-a0-89.ucode, named by iwlwifi, is not there, iwlwifi-so-a0-gf-a0-83.ucode is";
    assert_eq!(case.findings("fallback"), [unknown, known]);
    // What belongs to a firmware of the family is none itself, and what the driver does not take stands in for nothing.
    let missing = [
        "iwlwifi-cc-a0-77.ucode, named by iwlwifi",
        "iwlwifi-so-a0-gf4-a0.pnvm, named by iwlwifi",
        "iwlwifi-so-a0-hr-b0-89.ucode, named by iwlwifi",
    ];
    assert_eq!(case.findings("missing"), missing);
    assert_eq!(case.decision.missing, [missing[0], unknown, missing[1], missing[2]]);
}

#[test]
fn every_stepping_is_asked_for_within_what_the_driver_takes() {
    let lines = [
        "iwlwifi-cc-a0-72.ucode",
        "iwlwifi-cc-a0-77.ucode",
        "iwlwifi-cc-b0-77.ucode",
        "iwlwifi-Qu-a0-jf-b0-63.ucode.xz",
    ];
    let case = case(asked(&["iwlwifi: iwlwifi-cc-a0-77.ucode"]), "{}", &lines);
    assert_eq!(case.kept(), ["iwlwifi-cc-a0-77.ucode", "iwlwifi-cc-b0-77.ucode"]);
    assert_eq!(case.why("iwlwifi-cc-b0-77.ucode"), "extra for iwlwifi: the device's steppings decide the name");
}

#[test]
fn extras_apply_with_their_driver() {
    let lines = ["intel/ibt-1.sfi", "qca/nvm.bin", "brcm/BCM1.hcd", "regulatory.db", "updates/qca/x.bin"];
    let given = || asked(&["btusb:", "(cfg80211):"]);
    let with = case(given(), "{}", &lines);
    assert_eq!(with.kept(), ["qca/nvm.bin", "regulatory.db", "updates/qca/x.bin"]);
    assert_eq!(with.why("qca/nvm.bin"), "extra for btusb: the controller's version decides the name");
    assert_eq!(with.why("intel/ibt-1.sfi"), "an extra for btintel, btintel_pcie, which is not there");
    assert_eq!(case(given(), r#"{"extras": false}"#, &lines).kept(), [""; 0]);
}

#[test]
fn licences_stay_in_the_root_and_beside_what_stays() {
    let lines = ["LICENCE.a", "WHENCE", "kept/LICENSE", "kept/sub/f", "gone/LICENSE", "gone/f"];
    let case = case(asked(&["m: kept/sub/f"]), "{}", &lines);
    assert_eq!(case.kept(), ["LICENCE.a", "WHENCE", "kept/LICENSE", "kept/sub/f"]);
}

#[test]
fn the_configuration_keeps_and_drops() {
    let lines = ["amdgpu/a.bin", "amdgpu/b.bin", "l.bin -> amdgpu/a.bin", "x/y/z", "extra.bin"];
    let given = || asked(&["amdgpu: amdgpu/a.bin amdgpu/b.bin", "m: l.bin"]);
    let with = case(given(), r#"{"keep": ["x", "amdgpu/b*"], "drop": ["amdgpu"]}"#, &lines);
    assert_eq!(with.kept(), ["amdgpu/b.bin", "x/y/z"]);
    assert_eq!(with.why("amdgpu/b.bin"), "the configuration keeps `amdgpu/b*`; named by amdgpu");
    assert_eq!(with.why("amdgpu/a.bin"), "the configuration drops `amdgpu`");
    assert_eq!(with.why("l.bin"), "it leads to amdgpu/a.bin: the configuration drops `amdgpu`");
    assert_eq!(
        with.findings("dropped"),
        [
            "amdgpu/a.bin, named by amdgpu, is there and dropped by the configuration",
            "l.bin, named by m, is there and dropped by the configuration"
        ]
    );
    assert_eq!(with.findings("missing"), [""; 0]);
    // A symlink that is kept has all that it leads to.
    let with = case(asked(&[]), r#"{"keep": ["link"]}"#, &["link -> real", "real/a", "real/b/c", "other"]);
    assert_eq!(with.kept(), ["link", "real/a", "real/b/c"]);
}

#[test]
fn microcode_is_the_configuration_s() {
    let lines = ["amd-ucode/a.bin", "intel-ucode/06-0f", "x"];
    let kept = case(asked(&[]), "{}", &lines);
    assert_eq!(kept.kept(), ["amd-ucode/a.bin", "intel-ucode/06-0f"]);
    let dropped = case(asked(&["m: x amd-ucode/a.bin"]), r#"{"microcode": "drop"}"#, &lines);
    assert_eq!(dropped.kept(), ["x"]);
    assert_eq!(dropped.why("amd-ucode/a.bin"), "CPU microcode, which the configuration drops");
    for (case, done) in [(kept, "kept"), (dropped, "removed")] {
        let [finding] = case.findings("microcode")[..] else { panic!("one finding") };
        let begins = format!("amd-ucode, intel-ucode {done}: CPU microcode in an flist does nothing for a boot");
        assert!(finding.starts_with(&begins), "{finding}");
    }
    assert!(case(asked(&[]), "{}", &["x"]).findings("microcode").is_empty());
}

#[test]
fn what_is_missing_is_told_with_who_names_it() {
    let given = || asked(&["a: x/1.bin x/[2].bin", "b: x/1.bin /*(DEBLOBBED)*/"]);
    let case_ = case(given(), r#"{"allow": ["x/*"]}"#, &["y"]);
    assert_eq!(case_.findings("missing"), ["/*(DEBLOBBED)*/, named by b"]);
    assert_eq!(case_.findings("allowed"), ["x/1.bin, named by a, b", "x/[2].bin, named by a"]);
    assert_eq!(case(given(), "{}", &["y"]).decision.missing.len(), 3);
}

#[test]
fn what_is_not_known_keeps_everything_but_what_the_configuration_drops() {
    let mut given = asked(&["m: a"]);
    given.add_builtins(Builtins { unknown: Some("nobody knows".to_owned()), ..Builtins::default() });
    let lines = ["a", "b/c", "l -> b/c", "dead -> gone", "amd-ucode/x", "drop/d", "k -> drop/d"];
    let case = case(given, r#"{"microcode": "drop", "drop": ["drop"]}"#, &lines);
    assert_eq!(case.kept(), ["a", "b/c", "dead", "l"]);
    assert_eq!(case.why("b/c"), "not everything that is asked for is known");
    assert_eq!(case.why("a"), "named by m");
    assert_eq!(case.findings("unknown"), ["nobody knows: nothing is removed for not being named"]);
}
