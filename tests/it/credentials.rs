//! What no plugin may read or say: the project's credentials, wherever they stand and whatever the plugin tries.

use crate::support::module::Module;
use crate::support::project::{PLAIN_TOML, Project, Run};
use crate::support::repository;

const CONF: &str = "S3_ENDPOINT=http://localhost:3900\nS3_BUCKET=zos\nS3_ACCESS_KEY=GKwrite0000\n\
                    S3_SECRET_KEY='5ec4/7\"aaaa'\nREAD_ACCESS_KEY=GKread00000\nREAD_SECRET_KEY=5ec4e7bbbb\n\
                    ROUTE_PATH=/zos\n";

/// The write key's secret, and how a plugin is told of it without its standing in the configuration.
const SECRET: &str = "5ec4/7\"aaaa";
const IN_PARTS: &str = r#"["5ec4/7\"", "aaaa"]"#;

/// A project with keys whose flist is filtered, named and edited by the component `hostile` as `config` says.
fn hostile(config: &str) -> Project {
    let project = Project::plain();
    project.write_rfs_conf(CONF);
    add_hostile(&project);
    project.write("config/flistry.toml", &toml_of(config));
    project
}

fn add_hostile(project: &Project) {
    std::fs::create_dir_all(project.path("plugins")).unwrap();
    std::fs::copy(repository("tests/plugins/built/hostile.wasm"), project.path("plugins/hostile.wasm")).unwrap();
}

fn toml_of(config: &str) -> String {
    let hooks = "filters = [\"bad\"]\npost-pack = [\"bad\"]\ncontents";
    let flist = PLAIN_TOML.replace("naming = \"name\"", "naming = \"bad\"").replace("contents", hooks);
    format!("[plugin.bad]\ncomponent = \"plugins/hostile.wasm\"\n{config}\n{flist}")
}

fn shows_no_secret(run: &Run) {
    for secret in [SECRET, "5ec4e7bbbb", "GKwrite0000"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_copy_of_the_keys_is_not_read_out() {
    let project = hostile("config.do = \"read-out\"");
    project.write("data/copy", CONF);
    // Behind what is asked for, quoted otherwise, and percent-encoded as in a route.
    project.write("data/far", &format!("{}S3_SECRET_KEY=\"5ec4/7\\\"aaaa\"", "x".repeat(3_000_000)));
    project.write("data/route", "s3://GKx:5ec4%2F7%22aaaa@h:1/b");
    project.write("data/read-key", "5ec4e7bbbb");
    project.write("data/nearly", "5ec4/7\"aaa");
    let run = project.flistry(&["--format", "json", "plan"]).ok();
    shows_no_secret(&run);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let found = &plan["flists"][0]["plugins"][0]["found"];
    let refused =
        serde_json::json!([["secret", "copy"], ["secret", "far"], ["secret", "read-key"], ["secret", "route"]]);
    assert_eq!(*found, refused);
    assert!(run.stderr.contains("plugin `bad`: 5ec4/7"), "what is no credential is read: {}", run.stderr);
}

#[test]
fn no_plugin_says_a_credential() {
    for (word, hook) in [
        ("tell-validate", "validate"),
        ("tell-log", "filter"),
        ("tell-debug", "filter"),
        ("tell-explain", "filter"),
        ("tell-finding", "filter"),
        ("tell-finding-key", "filter"),
        ("tell-error", "filter"),
        ("tell-code", "filter"),
        ("tell-reason", "filter"),
        ("tell-name", "naming"),
        ("tell-alias", "naming"),
        ("tell-title", "naming"),
        ("tell-tag", "post-pack"),
        ("tell-tag-key", "post-pack"),
        ("tell-removed-tag", "post-pack"),
        ("tell-target", "post-pack"),
        ("tell-path", "post-pack"),
    ] {
        let project = hostile(&format!("config = {{ do = \"{word}\", text = {IN_PARTS} }}"));
        let run = project.flistry(&["-vv", "build"]);
        shows_no_secret(&run);
        run.fails(
            1,
            &format!("plugin `bad`, {hook}: it tried to give out the write key"),
            "take the plugin out of config/flistry.toml, find out where it read the key, and replace the key",
        );
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    }
    // Encoded as in a URL, the id of the write key, and the read key.
    for text in ["5ec4%2f7%22aaaa\", \"", "GKwrite\", \"0000", "5ec4e7\", \"bbbb"] {
        let project = hostile(&format!("config = {{ do = \"tell-log\", text = [\"x{text}y\"] }}"));
        let run = project.flistry(&["plan"]);
        assert!(run.stderr.contains(", filter: it tried to give out the ") || run.code == 2, "{}", run.stderr);
        assert_ne!(run.code, 0);
        shows_no_secret(&run);
    }
}

/// What modules declare and the strings in their data come from files, which a plugin reads through the host alone.
#[test]
fn what_modules_tell_is_searched_before_a_plugin_gets_it() {
    let declared = Module::new().info("description", "see 5ec4/7\"aaaa");
    let string = Module::new().string("fw-%d-5ec4e7bbbb.bin").imports("request_firmware");
    for (module, whose) in [(declared, "the write key"), (string, "the read key")] {
        let project = Project::sample();
        project.write_rfs_conf(CONF);
        std::fs::write(project.path("lib/modules/6.12.44-Zero-OS/kernel/told.ko"), module.elf()).unwrap();
        let run = project.flistry_with(&["plan"], &[("FIRMWARE_TAG", "tag")]);
        shows_no_secret(&run);
        let told = format!("{whose} stands in it, and no plugin ever sees a credential");
        let warning = format!("warning: plugin `firmware-prune`: kernel/told.ko: {told}: all firmware is kept\n");
        assert!(run.stderr.contains(&warning), "{}{}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("(firmware-prune: no module names it)"), "{}", run.stdout);
    }
}

mod given {
    use super::*;

    const NOT_GIVEN: &str = "and no plugin ever sees a credential";

    #[test]
    fn a_variable_is_known_by_its_value() {
        let project = hostile("variables = [\"BUILD_ID\"]");
        let hint = "take it out of `variables` of [plugin.bad] in config/flistry.toml";
        let with = |value: &str| {
            let run = project.flistry_with(&["plan"], &[("BUILD_ID", value), ("FORGE_TOKEN", "t0ken-0f-a-forge")]);
            shows_no_secret(&run);
            run
        };
        for (value, whose) in [
            (SECRET, "the write key"),
            ("key=5ec4%2F7%22aaaa", "the write key"),
            ("GKwrite0000", "the write key"),
            ("5ec4e7bbbb", "the read key"),
            ("t0ken-0f-a-forge", "a credential"),
        ] {
            with(value).fails(2, &format!("plugin `bad`, variables, `BUILD_ID`: it holds {whose}, {NOT_GIVEN}"), hint);
        }
        with("1234").ok();
    }

    #[test]
    fn a_grant_is_the_name_of_one_variable() {
        for (name, what) in [
            ("", "\"\" is no variable's name"),
            ("*", "\"*\" is no variable's name"),
            ("A B", "\"A B\" is no variable's name"),
            ("GH_PAT", "`GH_PAT` is a credential's name, and no plugin ever sees a credential"),
        ] {
            let run = hostile(&format!("variables = [\"OK\", \"{name}\"]")).flistry(&["plan"]);
            assert_eq!(run.code, 2);
            assert!(
                run.stderr.contains(&format!("error: config/flistry.toml, line 3, variables: {what}\n")),
                "{}",
                run.stderr
            );
        }
    }

    #[test]
    fn an_inline_configuration_is_searched_after_it_was_parsed() {
        let hint = "take it out of `config` of [plugin.bad] in config/flistry.toml";
        for value in [
            r#""5ec4/7\"aaaa""#,
            r#""\u0035ec4/7\"aaaa""#,
            r#"'5ec4/7"aaaa'"#,
            r#"["a", { b = "see 5ec4/7\"aaaa" }]"#,
            r#"{ '5ec4/7"aaaa' = 1 }"#,
        ] {
            let run =
                hostile(&format!("config = {{ do = \"\", text = [], note = {value} }}")).flistry(&["plugin", "list"]);
            shows_no_secret(&run);
            run.fails(2, &format!("plugin `bad`, config, `note`: it holds the write key, {NOT_GIVEN}"), hint);
        }
    }

    #[test]
    fn a_file_is_searched_for_what_is_quoted_and_for_what_is_overridden() {
        let hint = "take it out of `config-files` of [plugin.bad] in config/flistry.toml";
        let refused = |text: &str, whose: &str, variables: &[(&str, &str)]| {
            let project = hostile("config-files = { list = \"list\" }");
            project.write("list", text);
            let run = project.flistry_with(&["plan"], variables);
            shows_no_secret(&run);
            run.fails(2, &format!("plugin `bad`, config-files, `list`: list holds {whose}, {NOT_GIVEN}"), hint);
        };
        refused("KEY=\"5ec4/7\\\"aaaa\"\n", "the write key", &[]);
        refused("KEY='5ec4/7'\\\"aaaa\n", "the write key", &[]);
        refused("a list\nid GKwrite0000\n", "the write key", &[]);
        // The file's key, though the environment has another; and the environment's.
        let newer = [("S3_SECRET_KEY", "new-5ec4e7"), ("READ_SECRET_KEY", "new-read-5ec4e7")];
        refused("a copy: 5ec4/7\"aaaa", "the write key", &newer);
        refused("a copy: 5ec4e7bbbb", "the read key", &newer);
        refused("a copy: new-5ec4e7", "the write key", &newer);
        // Another project's.
        refused("S3_SECRET_KEY=of-another-project\n", "the write key", &[]);
    }

    #[test]
    fn what_is_tried_out_is_searched_like_what_is_built() {
        let project = hostile("");
        project.write("other.conf", "S3_SECRET_KEY=\"5ec4/7\\\"aaaa\"\n");
        let (data, file) = (project.path("data"), project.path("other.conf"));
        let run = |more: &[&str]| {
            let component = project.path("plugins/hostile.wasm");
            let args = ["plugin", "run", component.to_str().unwrap(), "--tree", data.to_str().unwrap()];
            let run = project.flistry(&[&args[..], more].concat());
            shows_no_secret(&run);
            run
        };
        let hint = "try the plugin without it";
        let is_refused = |more: &[&str], argument: &str, whose: &str| {
            run(more).fails(2, &format!("{argument}: it holds {whose}, {NOT_GIVEN}"), hint);
        };
        is_refused(&["--variable", "ID=5ec4e7bbbb"], "--variable ID", "the read key");
        is_refused(&["--variable", "GH_PAT=x"], "--variable GH_PAT", "a credential");
        is_refused(&["--config", r#"{"text": ["5ec4/7\"aaaa"]}"#], "--config", "the write key");
        let argument = format!("list={}", file.display());
        is_refused(&["--config-file", &argument], "--config-file list=PROJECT/other.conf", "the write key");
        run(&["--variable", "ID=1"]).ok();
        // Nor does a plugin read the file itself.
        std::fs::hard_link(project.path("config/rfs.conf"), data.join("innocent")).unwrap();
        run(&[]).fails(
            2,
            "flist `modules` would hold the write key: PROJECT/config/rfs.conf lies in its source, as innocent",
            "take it out of the source, or pack another directory: plugins could read it before a filter drops it",
        );
    }
}
