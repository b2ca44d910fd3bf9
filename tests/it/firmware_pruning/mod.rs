//! Firmware pruned by what the modules ask for, in `flistry build` on the sample project; and what the modules say of
//! themselves remembered from build to build.

mod memory;

use serde_json::Value;

use crate::support::project::{Project, Run};

const FIRMWARE: &str = "firmware-tag.fl";
const MODULES: &str = "lib/modules/6.12.44-Zero-OS";

/// The sample project with settings of firmware-prune.
fn with(settings: &str) -> Project {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let plugin = "[plugin.firmware-prune]\ncomponent = \"builtin:firmware-prune\"\ntrees = [\"modules\"]";
    project.write("config/flistry.toml", &format!("{toml}\n{plugin}\n{settings}\n"));
    project
}

trait Build {
    fn build(&self, args: &[&str]) -> Run;
    fn paths(&self) -> Vec<String>;
    fn explain(&self, path: &str) -> String;
}

impl Build for Project {
    fn build(&self, args: &[&str]) -> Run {
        self.flistry_with(args, &[("FIRMWARE_TAG", "tag"), ("SOURCE_DATE_EPOCH", "1700000000")])
    }

    /// Files and symlinks of the firmware flist.
    fn paths(&self) -> Vec<String> {
        let file = self.path("dist/flists").join(FIRMWARE);
        let run = self.flistry(&["--format", "json", "tree", file.to_str().unwrap()]).ok();
        let tree: Value = serde_json::from_str(&run.stdout).unwrap();
        let entries = tree["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] != "directory");
        entries.map(|entry| entry["path"].as_str().unwrap().trim_start_matches('/').to_owned()).collect()
    }

    fn explain(&self, path: &str) -> String {
        let file = self.path("dist/flists").join(FIRMWARE);
        self.flistry(&["explain", file.to_str().unwrap(), path]).ok().stdout
    }
}

fn findings(report: &Value, key: &str) -> Vec<String> {
    let runs = report["plugins"].as_array().unwrap();
    let run = runs.iter().find(|run| run["name"] == "firmware-prune").unwrap();
    let found = run["found"].as_array().unwrap().iter().filter(|found| found[0] == key);
    found.map(|found| found[1].as_str().unwrap().to_owned()).collect()
}

/// The sample's firmware that no module asks for.
const UNNAMED: [&str; 5] = [
    "intel/ibt-17-16-1.ddc",
    "intel/ibt-17-16-1.sfi",
    // This kernel's driver takes 77 and no lower number.
    "iwlwifi-cc-a0-72.ucode",
    "nvidia/tu117/acr/ucode_ahesasc.bin",
    "rtl_nic/rtl8411-1.fw",
];

#[test]
fn firmware_that_no_module_asks_for_is_neither_packed_nor_read() {
    let project = Project::sample();
    let run = project.build(&["build", "firmware"]).ok();
    assert_eq!(
        project.paths(),
        [
            "LICENCE.sample",
            "amd-ucode/microcode_amd_fam17h.bin",
            "bnx2/bnx2-mips-09-6.2.1b.fw",
            "bnx2/bnx2-rv2p-09-6.0.17.fw",
            "brcm/brcmfmac43455-sdio.bin",
            "brcm/brcmfmac43455-sdio.clm_blob",
            "brcm/brcmfmac43455-sdio.raspberrypi,4-model-b.bin",
            "brcm/brcmfmac43455-sdio.raspberrypi,4-model-b.txt",
            "cypress/cyfmac43455-sdio.bin",
            "cypress/cyfmac43455-sdio.clm_blob",
            "e100/d101m_ucode.bin",
            "iwlwifi-cc-a0-77.ucode",
            "nvidia/tu116",
            "nvidia/tu117/acr/bl.bin",
            "regulatory.db",
            "regulatory.db.p7s",
            "rtl_nic/rtl8168g-2.fw",
            "rtl_nic/rtl8168h-2.fw",
        ]
    );
    assert!(run.stdout.contains("\n  removed    6 entries with 26.2 kB by firmware-prune\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("\n  found      1 microcode, 1 missing, 5 removed (firmware-prune)\n"),
        "{}",
        run.stdout
    );
    let report = project.report(FIRMWARE);
    assert_eq!(report["pack"]["files_read"], 14);
    let tags = &report["manifest"]["tags"];
    assert_eq!(
        ["kept", "removed", "removed-bytes", "missing"].map(|key| tags[format!("firmware.{key}")].as_str().unwrap()),
        ["18", "5", "26160", "1"]
    );
    // The tags of the plugin after it are there as well.
    assert_eq!(tags["description"], "firmware of the sample image");
    assert_eq!(findings(&report, "missing"), ["iwlwifi-ty-a0-gf-a0-89.ucode, named by iwlwifi"]);
    let removed: Vec<&str> =
        report["left_out"].as_array().unwrap().iter().map(|gone| gone["path"].as_str().unwrap()).collect();
    assert_eq!(removed, [&["intel"], &UNNAMED[..]].concat());

    let file = project.path("dist/flists").join(FIRMWARE);
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]).ok();
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "full"]).ok();
}

#[test]
fn explain_says_what_each_file_is_for_and_why_another_is_gone() {
    let project = Project::sample();
    project.build(&["build", "firmware"]).ok();
    let is = |path: &str, kind: &str, reason: &str| {
        let text = format!("/{path} is in the flist: a {kind}\n  plugin `firmware-prune` (post-pack): {reason}\n");
        assert_eq!(project.explain(path), text);
    };
    is("rtl_nic/rtl8168h-2.fw", "file", "named by r8169");
    is("e100/d101m_ucode.bin", "file", "named by e100 (built in)");
    is("nvidia/tu116", "symlink", "for nvidia/tu117/acr/bl.bin, named by nouveau");
    assert_eq!(
        project.explain("iwlwifi-cc-a0-72.ucode"),
        "/iwlwifi-cc-a0-72.ucode is not in the flist\n  plugin `firmware-prune` removed it: iwlwifi of 6.12.44-Zero-OS takes \
         77 only\n"
    );
    is(
        "brcm/brcmfmac43455-sdio.clm_blob",
        "symlink",
        "with brcm/brcmfmac43455-sdio.bin, named by brcmfmac: board files beside it",
    );
    is("amd-ucode/microcode_amd_fam17h.bin", "file", "CPU microcode, which does nothing for a boot");
    is("LICENCE.sample", "file", "a licence");
    assert!(
        project.explain("cypress/cyfmac43455-sdio.bin").contains("for brcm/brcmfmac43455-sdio.bin, named by brcmfmac")
    );

    let gone = |path: &str, reason: &str| {
        let text = format!("/{path} is not in the flist\n  plugin `firmware-prune` removed it: {reason}\n");
        assert_eq!(project.explain(path), text);
    };
    gone("rtl_nic/rtl8411-1.fw", "no module names it");
    gone("intel/ibt-17-16-1.sfi", "an extra for btintel, btintel_pcie, which is not there");
    gone("intel", "nothing in it is kept");
}

#[test]
fn a_plan_tells_what_goes_in_few_lines() {
    let project = with("config.microcode = \"drop\"");
    let run = project.build(&["plan", "firmware"]).ok();
    for line in [
        "  removes    2 entries with 3.2 kB in /amd-ucode (firmware-prune)\n",
        "  removes    3 entries with 8.1 kB in /intel (firmware-prune)\n",
        "  removes    /rtl_nic/rtl8411-1.fw (firmware-prune: no module names it)\n",
        "  finding    missing iwlwifi-ty-a0-gf-a0-89.ucode, named by iwlwifi (firmware-prune)\n",
    ] {
        assert!(run.stdout.contains(line), "{line}{}", run.stdout);
    }
    assert!(!project.path("dist").exists());
}

#[test]
fn the_modules_are_those_that_their_filters_leave() {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let plugin = "[plugin.no-wireless]\ncomponent = \"builtin:path-filter\"\n\
                  config.rules = [{ exclude = \"kernel/drivers/net/wireless\" }]\n";
    let toml = toml.replace("filters = [\"module-links\"]", "filters = [\"module-links\", \"no-wireless\"]");
    project.write("config/flistry.toml", &format!("{toml}\n{plugin}"));
    // The modules are filtered, though they are not built.
    project.build(&["build", "firmware"]).ok();
    let paths = project.paths();
    assert!(paths.iter().all(|path| !path.starts_with("iwlwifi") && !path.starts_with("brcm")), "{paths:?}");
    assert!(paths.iter().any(|path| path == "regulatory.db"), "cfg80211 lies elsewhere: {paths:?}");
    assert!(project.names("dist/flists").iter().all(|name| name.starts_with("firmware")));
}

#[test]
fn strict_refuses_what_is_missing_unless_it_is_allowed() {
    with("config.strict = true").build(&["build", "firmware"]).fails(
        1,
        "plugin `firmware-prune`, post-pack: a firmware file is named by modules, and not there: \
         iwlwifi-ty-a0-gf-a0-89.ucode, named by iwlwifi. Add the firmware, or what may be missing to `allow` \
         (firmware-missing)",
        "the words are the plugin's own; see its documentation",
    );
    let project = with("config = { strict = true, allow = [\"iwlwifi-ty-*\"] }");
    project.build(&["build", "firmware"]).ok();
    let report = project.report(FIRMWARE);
    assert_eq!(report["manifest"]["tags"]["firmware.missing"], "0");
    assert_eq!(findings(&report, "allowed"), ["iwlwifi-ty-a0-gf-a0-89.ucode, named by iwlwifi"]);
}

#[test]
fn a_setting_that_is_none_is_refused_before_anything_is_looked_at() {
    let project = with("config.microcode = \"leave\"");
    std::fs::remove_dir_all(project.path("firmware")).unwrap();
    project.build(&["build", "firmware"]).fails(
        2,
        "plugin `firmware-prune` refuses its configuration: `microcode`: unknown variant `leave`, expected `keep` or \
         `drop` (bad-config)",
        "correct the plugin's `config` in config/flistry.toml",
    );
}

#[test]
fn the_configuration_has_the_last_word() {
    let project = with("config = { keep = [\"intel\"], drop = [\"**/*.fw\"], microcode = \"drop\", extras = false }");
    // The firmware that is named, 89, is not there.
    std::fs::copy(
        project.path("firmware/iwlwifi-cc-a0-72.ucode"),
        project.path("firmware/iwlwifi-ty-a0-gf-a0-83.ucode"),
    )
    .unwrap();
    project.build(&["build", "firmware"]).ok();
    let paths = project.paths();
    assert!(paths.iter().any(|path| path == "intel/ibt-17-16-1.sfi"), "{paths:?}");
    let gone = |path: &String| !path.ends_with(".fw") && !path.starts_with("amd-ucode") && path != "LICENCE.sample";
    assert!(paths.iter().all(gone), "{paths:?}");
    // What belongs to a firmware is an extra, the family is not.
    assert!(paths.iter().all(|path| !path.ends_with("clm_blob")), "{paths:?}");
    assert!(paths.iter().any(|path| path == "iwlwifi-ty-a0-gf-a0-83.ucode"), "{paths:?}");
}

/// Whatever is not known keeps the firmware, and is a warning.
#[test]
fn nothing_is_removed_as_long_as_it_is_not_known_what_is_asked_for() {
    let warned = |project: &Project, warning: &str| {
        let run = project.build(&["build", "firmware"]).ok();
        let paths = project.paths();
        assert!(UNNAMED.iter().all(|path| paths.iter().any(|kept| kept == path)), "{paths:?}");
        assert!(run.stderr.contains(warning), "{}", run.stderr);
        assert_eq!(project.report(FIRMWARE)["manifest"]["tags"]["firmware.removed"], "0");
        assert_eq!(findings(&project.report(FIRMWARE), "unknown").len(), 1);
    };
    let project = Project::sample();
    let builtin = format!("{MODULES}/modules.builtin.modinfo");
    std::fs::write(project.path(&builtin), "").unwrap();
    warned(&project, "modules.builtin.modinfo is empty, and modules.builtin has 3 drivers: all firmware is kept");
    std::fs::remove_file(project.path(&builtin)).unwrap();
    warned(&project, "modules.builtin.modinfo is missing, and modules.builtin has 3 drivers: all firmware is kept");

    let project = Project::sample();
    let module = "kernel/fs/overlayfs/overlay.ko";
    std::fs::write(project.path(&format!("{MODULES}/{module}")), "no module").unwrap();
    warned(&project, &format!("{module}: it is no ELF object"));

    // A kernel without built-in drivers has nothing to say, which is known.
    let project = Project::sample();
    for file in ["modules.builtin", "modules.builtin.modinfo"] {
        std::fs::write(project.path(&format!("{MODULES}/{file}")), "").unwrap();
    }
    project.build(&["build", "firmware"]).ok();
    assert!(project.paths().iter().all(|path| !path.starts_with("e100")));
}

#[test]
fn a_project_without_modules_is_told_what_is_missing() {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let firmware = toml.find("[flist.firmware]").unwrap();
    let modules = toml.find("[flist.modules]").unwrap();
    project.write("config/flistry.toml", &format!("{}{}", &toml[..modules], &toml[firmware..]));
    project.build(&["build"]).fails(
        2,
        "config/flistry.toml, [plugin.firmware-prune], trees: there is no [flist.modules]",
        "there are: firmware",
    );
}
