//! The plugin `modules-select` in `flistry plan` and `build`: what a list and rules select of the sample project, and the
//! files that a plugin's configuration takes in.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::project::{Project, Run};
use crate::support::repository;

const FLIST: &str = "modules-6.12.44-Zero-OS.fl";

/// The sample project with a selection of its modules.
fn selecting(settings: &str) -> Project {
    let project = Project::sample();
    let toml = format!(
        "[plugin.select]\ncomponent = \"builtin:modules-select\"\n{settings}\n\n[flist.modules]\ncontents = \"modules\"\n\
         source = [\"lib/modules/{{kernel}}\"]\nfilters = [\"module-links\", \"select\"]\nnaming = \"zos-naming\"\n"
    );
    project.write("config/flistry.toml", &toml);
    project
}

fn json(run: Run) -> Value {
    serde_json::from_str(&run.ok().stdout).unwrap()
}

/// What `plan` says: dropped paths with the reasons, and the run of `modules-select`.
fn planned(project: &Project) -> (BTreeMap<String, String>, Value) {
    let plan = json(project.flistry(&["--format", "json", "plan"]));
    let flist = &plan["flists"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dropped = flist["left_out"].as_array().unwrap().iter();
    let dropped =
        dropped.filter(|drop| drop["by"] == "select").map(|drop| (text(&drop["path"]), text(&drop["reason"])));
    let run = flist["plugins"].as_array().unwrap().iter().find(|run| run["name"] == "select").unwrap();
    (dropped.collect(), run.clone())
}

/// Names of modules, from paths.
fn modules<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let file = |path: &'a str| path.rsplit('/').next().unwrap();
    let mut names: Vec<String> =
        paths.map(file).filter_map(|file| Some(file.split_once(".ko")?.0.to_owned())).collect();
    names.sort();
    names
}

#[test]
fn a_builders_list_selects_modules_and_what_they_need() {
    let project = selecting("config-files = { list = \"config/modules.conf\" }");
    project.flistry(&["build"]).ok();

    let flist = project.path(&format!("dist/flists/{FLIST}"));
    let tree = json(project.flistry(&["--format", "json", "tree", flist.to_str().unwrap()]));
    let paths: Vec<&str> =
        tree["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    // r8169 and its soft and hard dependencies, iwlwifi and its weak one with what that needs, and fuse by an alias.
    let expected = ["cfg80211", "fuse", "iwlmvm", "iwlwifi", "libphy", "mac80211", "r8169", "realtek"];
    assert_eq!(modules(paths.iter().copied()), expected);
    for kept in ["modules.order", "modules.builtin", "modules.builtin.modinfo", "modules.dep", "modules.alias"] {
        assert!(paths.contains(&kept), "{kept}");
    }
    assert!(!paths.contains(&"kernel/drivers/nvme") && !paths.contains(&"build"));

    let explain = |path: &str| project.flistry(&["explain", flist.to_str().unwrap(), path]).ok().stdout;
    let phy = "kernel/drivers/net/phy";
    assert_eq!(
        explain(&format!("{phy}/realtek.ko.xz")),
        format!(
            "/{phy}/realtek.ko.xz is in the flist: a file\n  plugin `select` (filter): needed by r8169 (soft, pre), \
             selected by line 4 of `list`, `r8169`\n"
        )
    );
    assert!(
        explain("kernel/net/mac80211/mac80211.ko.xz")
            .contains("needed by iwlmvm (hard), needed by iwlwifi (weak), selected by line 6 of `list`, `iwlwifi`")
    );
    assert_eq!(
        explain("kernel/drivers/nvme/host/nvme.ko.xz"),
        "/kernel/drivers/nvme/host/nvme.ko.xz is not in the flist\n  plugin `select` dropped it: not selected: no rule \
         includes it, and nothing that is kept needs it\n"
    );

    let report = project.report(FLIST);
    let run = report["plugins"].as_array().unwrap().iter().find(|run| run["name"] == "select").unwrap().clone();
    assert_eq!(
        run["found"],
        serde_json::json!([
            ["selected", "3 modules"],
            ["pulled-in", "5 modules"],
            ["dropped", "7 modules"],
            ["unmatched", "line 10 of `list`, `no-such-module`: no module of the tree matches"],
            ["built-in", "line 5 of `list`, `e100`: built into the kernel"],
            ["absent", "crc32c, soft or weak dependency of ext4"],
        ])
    );
}

#[test]
fn rules_select_by_path_name_directory_and_alias() {
    let project = selecting(
        "config.rules = [\n  { include = { directory = \"kernel/drivers/net\" } },\n  \
         { exclude = { name = [\"brcmfmac\", \"iwl*\"] } },\n  { include = { alias = \"pci:v00008086*\" } },\n  \
         { include = { path = \"kernel/**/overlay.ko\" } },\n]",
    );
    let (dropped, run) = planned(&project);
    assert_eq!(modules(dropped.keys().map(String::as_str)), ["brcmfmac", "fuse", "nouveau", "nvme", "nvme-core"]);
    let brcm = "kernel/drivers/net/wireless/broadcom/brcm80211/brcmfmac";
    assert_eq!(dropped[&format!("{brcm}/brcmfmac.ko.xz")], "not selected: rule 2: exclude name `brcmfmac`");
    // No module is left in these.
    assert_eq!(dropped[brcm], "nothing in it is selected");
    assert!(dropped.contains_key("kernel/drivers/net/wireless/broadcom") && dropped.contains_key("kernel/drivers/gpu"));
    assert!(!dropped.contains_key("kernel/drivers/net/wireless"));
    let kept_all_the_same = "iwlmvm: left out by rule 2: exclude name `iwl*`, but needed by iwlwifi (weak), selected by \
                             rule 3: include alias `pci:v00008086*`";
    let found = run["found"].as_array().unwrap();
    assert!(found.contains(&serde_json::json!(["excluded-but-needed", kept_all_the_same])), "{found:?}");
}

#[test]
fn without_a_selection_every_module_is_kept() {
    let (dropped, run) = planned(&selecting(""));
    assert_eq!(dropped, BTreeMap::new());
    let said = "every module: neither rules nor a list are configured";
    assert_eq!(run["found"], serde_json::json!([["selected", said]]));
}

#[test]
fn strict_turns_missing_modules_into_errors() {
    let project = selecting("config-files = { list = \"config/modules.conf\" }\nconfig.strict = true");
    project.flistry(&["build"]).fails(
        1,
        "plugin `select`, filter: strict: line 10 of `list`, `no-such-module`: no module of the tree matches (unmatched)",
        "the words are the plugin's own; see its documentation",
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

#[test]
fn trees_of_other_contents_are_refused() {
    let project = selecting("config.rules = [{ include = { name = \"fuse\" } }]");
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write("config/flistry.toml", &toml.replace("contents = \"modules\"", "contents = \"plain\""));
    project.flistry(&["build"]).fails(
        1,
        "plugin `select`, filter: it selects kernel modules, and [flist.modules] has `contents = \"plain\"`: take it out \
         of the filters there (not-modules)",
        "the words are the plugin's own; see its documentation",
    );
}

#[test]
fn an_earlier_filter_may_not_take_what_is_needed() {
    let project = selecting(
        "config.rules = [{ include = { name = \"r8169\" } }]\n[plugin.module-links]\ncomponent = \"builtin:path-filter\"\n\
         config.rules = [{ exclude = \"**/libphy.ko.xz\" }, { exclude = \"build\" }, { exclude = \"source\" }]",
    );
    let net = "kernel/drivers/net";
    project.flistry(&["plan"]).fails(
        1,
        &format!(
            "plugin `select`, filter: /{net}/ethernet/realtek/r8169.ko.xz: {net}/ethernet/realtek/r8169.ko.xz needs \
             {net}/phy/libphy.ko.xz by modules.dep, which is not in the tree: run depmod on it again, or see what the \
             filters before this one drop (missing-module)"
        ),
        "the words are the plugin's own; see its documentation",
    );
}

mod files {
    use super::*;

    fn with_list(path: &str) -> Project {
        selecting(&format!("config-files = {{ list = \"{path}\" }}"))
    }

    /// Refused with this message, in a plan and in a list of the plugins alike.
    fn refused(project: &Project, path: &str, why: &str, hint: &str) {
        for command in [&["plan"][..], &["plugin", "list"]] {
            let message = format!("plugin `select`, config-files, `list`: {path} {why}");
            project.flistry(command).fails(2, &message, hint);
        }
    }

    #[test]
    fn their_text_is_part_of_the_configuration() {
        let project = with_list("lists/net.conf");
        let built = |list: &str| {
            project.write("lists/net.conf", list);
            project.flistry_with(&["build"], &[("SOURCE_DATE_EPOCH", "1700000000")]).ok();
            let tags = project.report(FLIST)["manifest"]["tags"].clone();
            (tags["flistry.plugin.select"].clone(), tags["flistry.config"].clone())
        };
        let first = built("r8169\n");
        let second = built("r8169\n# another comment\n");
        assert!(first.0 != second.0 && first.1 != second.1, "{first:?} {second:?}");
        assert_eq!(built("r8169\n"), first);

        let list = json(project.flistry(&["--format", "json", "plugin", "list"]));
        let select = list["plugins"].as_array().unwrap().iter().find(|plugin| plugin["name"] == "select").unwrap();
        assert_eq!(select["config_files"], serde_json::json!({ "list": "lists/net.conf" }));
        let text = project.flistry(&["plugin", "list"]).ok().stdout;
        assert!(text.contains("  files       list = lists/net.conf\n"), "{text}");
    }

    #[test]
    fn a_file_that_is_not_text_is_refused() {
        let correct = "correct `config-files` of [plugin.select] in config/flistry.toml; a path starts at the project's \
                       directory";
        let project = with_list("lists/net.conf");
        let refused = |why: &str, hint: &str| refused(&project, "lists/net.conf", why, hint);
        refused("cannot be read: No such file or directory (os error 2)", correct);
        std::fs::create_dir_all(project.path("lists/net.conf")).unwrap();
        refused("cannot be read: it is not a regular file", correct);
        std::fs::remove_dir(project.path("lists/net.conf")).unwrap();
        std::fs::write(project.path("lists/net.conf"), b"r8169\n\xff\n").unwrap();
        refused("is not UTF-8 text", "save it as UTF-8");
        project.write("lists/net.conf", &"#".repeat(1024 * 1024 + 1));
        refused(
            "is larger than 1048576 bytes",
            "check that `config-files` of [plugin.select] in config/flistry.toml names the right file",
        );
        // The most that is taken.
        project.write("lists/net.conf", &format!("r8169\n{}", "#".repeat(1024 * 1024 - 6)));
        project.flistry(&["plan"]).ok();
    }

    #[test]
    fn credentials_are_refused_under_any_name() {
        let conf = "S3_ENDPOINT=http://localhost:3900\nS3_BUCKET=zos\nS3_ACCESS_KEY=GKwrite\nS3_SECRET_KEY=hunter2write\n\
                    READ_ACCESS_KEY=GKread\nREAD_SECRET_KEY=hunter2read\nROUTE_PATH=/zos\n";
        let hint = "take it out of `config-files` of [plugin.select] in config/flistry.toml";
        let write = "holds the write key, and no plugin ever sees a credential";

        let project = with_list("config/rfs.conf");
        project.write_rfs_conf(conf);
        refused(&project, "config/rfs.conf", write, hint);

        let project = with_list("lists/net.conf");
        project.write_rfs_conf("S3_ENDPOINT=http://localhost:3900\nS3_BUCKET=zos\nROUTE_PATH=/zos\n");
        project.write("lists/other", "r8169\n");
        let keys = [
            ("S3_ACCESS_KEY", "GKwrite"),
            ("S3_SECRET_KEY", "hunter2write"),
            ("READ_ACCESS_KEY", "GKread"),
            ("READ_SECRET_KEY", "hunter2read"),
        ];
        let plan = || project.flistry_with(&["plan"], &keys);
        let refused = |why: &str| {
            let run = plan();
            run.fails(2, &format!("plugin `select`, config-files, `list`: lists/net.conf {why}"), hint);
            assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        };
        // A symlink, and another name of the same file, though no secret stands in it.
        let list = project.path("lists/net.conf");
        std::os::unix::fs::symlink("../config/rfs.conf", &list).unwrap();
        refused(write);
        std::fs::remove_file(&list).unwrap();
        std::fs::hard_link(project.path("config/rfs.conf"), &list).unwrap();
        refused(write);
        std::fs::remove_file(&list).unwrap();
        // A copy of what is secret.
        project.write("lists/net.conf", "r8169\n# hunter2write\n");
        refused(write);
        project.write("lists/net.conf", "r8169\n# s3://GKread:hunter2read@localhost\n");
        refused("holds the read key, and no plugin ever sees a credential");
        project.write("lists/net.conf", "r8169\n");
        plan().ok();
    }

    #[test]
    fn a_file_of_a_plugin_that_no_flist_uses_is_not_read() {
        let project = with_list("nowhere");
        let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        project.write("config/flistry.toml", &toml.replace(", \"select\"]", "]"));
        project.flistry(&["plan"]).ok();
    }

    #[test]
    fn an_author_tries_them_without_a_project() {
        let project = Project::sample();
        let tree = project.path("lib/modules/6.12.44-Zero-OS");
        let list = format!("list={}", project.path("config/modules.conf").display());
        let component = repository("plugins/built/modules-select.wasm");
        let component = component.to_str().unwrap();
        let run = |more: &[&str]| {
            let args = ["plugin", "run", component, "--tree", tree.to_str().unwrap(), "--config-file", &list];
            project.flistry(&[&args, more].concat())
        };
        let text = run(&[]).ok().stdout;
        assert!(text.contains("drops /kernel/drivers/nvme/host/nvme.ko.xz (not selected: "), "{text}");
        let why = "explains /kernel/drivers/net/ethernet/realtek/r8169.ko.xz: selected by line 4 of `list`, `r8169`\n";
        assert!(text.contains(why), "{text}");
        run(&["--config", "{\"list\": \"fuse\"}"]).fails(
            2,
            "--config-file list=PROJECT/config/modules.conf: `list` is set already",
            "set each key once",
        );
        run(&["--config-file", "other=nowhere"]).fails(
            2,
            "--config-file other=nowhere: it cannot be read: No such file or directory (os error 2)",
            "name a text file of at most 1 MiB",
        );
        let checked = project.flistry(&["plugin", "check", component]).ok().stdout;
        let refuses = "answer       it refuses the small plain tree of this check: it selects kernel modules";
        assert!(checked.starts_with(refuses), "{checked}");
    }
}
