//! Plugins in `flistry build`: what they decide is what is published, what is wrong with one of them publishes nothing,
//! and a fork changes policy by configuration alone.

use serde_json::Value;

use crate::support::project::{PLAIN_TOML, Project, Run};
use crate::support::repository;
use crate::support::s3_server::S3Server;

fn sha256(file: &str) -> String {
    flistry::files::sha256(&std::fs::read(repository(file)).unwrap())
}

/// Puts a component of the tests into the project's directory `plugins`.
fn add_component(project: &Project, name: &str) {
    std::fs::create_dir_all(project.path("plugins")).unwrap();
    let to = project.path(&format!("plugins/{name}.wasm"));
    std::fs::copy(repository(&format!("tests/plugins/built/{name}.wasm")), to).unwrap();
}

fn json(run: Run) -> Value {
    serde_json::from_str(&run.ok().stdout).unwrap()
}

#[test]
fn a_fork_replaces_filter_and_naming_by_configuration() {
    let project = Project::sample();
    add_component(&project, "fork-filter");
    add_component(&project, "fork-naming");
    let toml = std::fs::read_to_string(repository("tests/fork/config/flistry.toml")).unwrap();
    let toml = toml.replace("FILTER", &sha256("tests/plugins/built/fork-filter.wasm"));
    project.write("config/flistry.toml", &toml.replace("NAMING", &sha256("tests/plugins/built/fork-naming.wasm")));
    let run = project.flistry(&["build"]).ok();
    // Pinned components need no warning.
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);

    let file = "acme-modules-6.12.44-Zero-OS.fl";
    let mut names = project.names("dist/flists");
    names.retain(|name| name.ends_with(".fl"));
    assert_eq!(names, [file, "acme-modules.fl"]);
    let path = project.path(&format!("dist/flists/{file}"));
    let tree = json(project.flistry(&["--format", "json", "tree", path.to_str().unwrap()]));
    let has = |path: &str| tree["entries"].as_array().unwrap().iter().any(|entry| entry["path"] == path);
    assert!(has("kernel/drivers/net/phy/realtek.ko.xz") && has("kernel/fs/fuse/fuse.ko") && has("modules.dep"));
    assert!(!has("kernel/net/wireless/cfg80211.ko.xz") && !has("build"));

    let tags = &project.report(file)["manifest"]["tags"];
    assert_eq!(tags["title"], "modules of acme");
    let recorded = tags["flistry.plugin.only-folders"].as_str().unwrap();
    let pin = format!(" sha256:{} config:", sha256("tests/plugins/built/fork-filter.wasm"));
    assert!(recorded.starts_with("fork-filter ") && recorded.contains(&pin), "{recorded}");
    project.flistry(&["verify", path.to_str().unwrap(), "--level", "source"]).ok();
}

#[test]
fn a_build_says_what_plugins_did_and_used_the_same_each_time() {
    let project = Project::sample();
    let epoch = [("SOURCE_DATE_EPOCH", "1700000000")];
    let build = || {
        project.flistry_with(&["build", "modules"], &epoch).ok();
        let manifest = std::fs::read(project.path("dist/flists/modules-6.12.44-Zero-OS.fl")).unwrap();
        let mut plugins = project.report("modules-6.12.44-Zero-OS.fl")["plugins"].clone();
        for run in plugins.as_array_mut().unwrap() {
            assert!(run["used"]["fuel"].as_u64().unwrap() > 0 && run["used"]["peak_memory"].as_u64().unwrap() > 0);
            run["used"].as_object_mut().unwrap().remove("seconds");
        }
        (manifest, plugins)
    };
    let first = build();
    assert!(first == build(), "fuel, memory, bytes and manifest are the same");
    let ran: Vec<(&str, &str)> = first
        .1
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["name"].as_str().unwrap(), run["hook"].as_str().unwrap()))
        .collect();
    assert_eq!(ran, [("module-links", "filter"), ("zos-naming", "naming"), ("sample-tags", "post-pack")]);

    let flist = project.path("dist/flists/modules-6.12.44-Zero-OS.fl");
    let explain = |path: &str| project.flistry(&["explain", flist.to_str().unwrap(), path]);
    assert_eq!(
        explain("/build").ok().stdout,
        "/build is not in the flist\n  plugin `module-links` dropped it: rule 1: exclude `build`\n"
    );
    assert_eq!(
        explain("kernel/fs").ok().stdout,
        "/kernel/fs is in the flist: a directory\n  kept by all filters: module-links\n"
    );
    let hint = format!("`flistry tree {}` lists the flist's entries", flist.display())
        .replace(project.path("").to_str().unwrap(), "PROJECT/");
    explain("nope").fails(2, "/nope is neither in the flist nor among what was left out of it", &hint);
}

#[test]
fn filters_come_one_after_the_other_and_keep_the_directories_of_what_is_kept() {
    let project = Project::plain();
    let filters = "[plugin.first]\ncomponent = \"builtin:path-filter\"\nconfig.rules = [{ exclude = \"one\" }]\n\
                   [plugin.second]\ncomponent = \"builtin:path-filter\"\n\
                   config.rules = [{ exclude = \"**\" }, { include = \"sub/deep/three\" }]\n";
    let toml = PLAIN_TOML.replace("contents", "filters = [\"first\", \"second\"]\ncontents");
    project.write("config/flistry.toml", &format!("{filters}{toml}"));
    let plan = json(project.flistry(&["--format", "json", "plan"]));
    let dropped: Vec<(&str, &str)> = plan["flists"][0]["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|drop| (drop["path"].as_str().unwrap(), drop["by"].as_str().unwrap()))
        .collect();
    assert_eq!(dropped, [("one", "first"), ("sub/two", "second")]);
    // A plan leaves nothing behind.
    assert_eq!(project.names("dist"), Vec::<String>::new());
}

#[test]
fn filters_that_leave_no_file_are_an_error_and_where_that_is_allowed_a_warning() {
    let project = Project::plain();
    project.write_toml_without(PLAIN_TOML, &["**"]);
    for command in ["plan", "build"] {
        project.flistry(&[command]).fails(
            1,
            "flist `data` would hold no file: of 3, the filters drop all (`leave-out`)",
            "correct their configuration; `allow-empty = true` of [flist.data] builds it without a file",
        );
    }
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    project.write_toml_without(&PLAIN_TOML.replace("naming =", "allow-empty = true\nnaming ="), &["**"]);
    let run = project.flistry(&["build"]).ok();
    let warning = "warning: flist `data` will hold no file: of 3, the filters drop all (`leave-out`)";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert!(project.path("dist/flists/data.fl").exists());
}

#[test]
fn no_two_flists_get_the_same_name() {
    let project = Project::plain();
    let second = PLAIN_TOML.split_once("\n\n").unwrap().1.replace("flist.data", "flist.more");
    project.write("config/flistry.toml", &format!("{PLAIN_TOML}\n{second}"));
    project.flistry(&["build"]).fails(
        2,
        "flists `data` and `more` would both be written to `data.fl`",
        "configure their naming plugins so that each name and alias is one flist's",
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

/// Two projects with one bucket: neither knows of the other's names but by the reports there.
#[test]
fn no_flist_takes_the_name_of_another_one_in_the_bucket() {
    let server = S3Server::start();
    let first = Project::plain_on(&server);
    first.flistry(&["build"]).ok();
    let uploaded = server.bucket_directory().join("flists/test/manifests/data.fl");
    let before = std::fs::read(&uploaded).unwrap();

    let second = Project::plain_on(&server);
    second.write("config/flistry.toml", &PLAIN_TOML.replace("[flist.data]", "[flist.more]"));
    second.write("data/one", "other");
    let run = second.flistry(&["build"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("flist `more` would take the name `data.fl`, which is flist `data`'s in s3"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read(&uploaded).unwrap(), before);
    // Its own names an flist takes again and again.
    first.write("data/one", "another");
    first.flistry(&["build"]).ok();
    assert_ne!(std::fs::read(&uploaded).unwrap(), before);
}

/// What nodes mount must not become another flist's because only that one is built.
#[test]
fn no_flist_takes_the_name_of_one_that_was_built_before() {
    let project = Project::plain();
    let data = PLAIN_TOML.replace("\nnaming", "\nmount = \"/data\"\nnaming");
    let more = |config: &str| {
        let plugin = format!("[plugin.more]\ncomponent = \"builtin:zos-naming\"\nconfig = {config}\n");
        let flist = "[flist.more]\ncontents = \"plain\"\nsource = [\"data/sub\"]\nnaming = \"more\"\n";
        project.write("config/flistry.toml", &format!("[publish]\ndirectory = \"public\"\n{data}\n{plugin}{flist}"));
    };
    more(r#"{ file = "more.fl" }"#);
    project.flistry(&["build", "data"]).ok();
    let built = |name: &str| std::fs::read(project.path(name)).unwrap();
    let before = (built("dist/flists/data.fl"), built("public/data-latest.fl"));
    let blobs = project.names("dist/blobs");
    project.write("data/sub/new", "not packed");

    let refused = |command: &str, directory: &str, name: &str| {
        project.flistry(&[command, "more"]).fails(
            2,
            &format!("flist `more` would take the name `{name}`, which is flist `data`'s in PROJECT/{directory}"),
            &format!(
                "correct its naming plugin; if flist `data` no longer needs the name, remove PROJECT/{directory}/{name} \
                 and the report beside it, if it has one"
            ),
        );
    };
    for config in [r#"{ file = "data.fl" }"#, r#"{ file = "more.fl", aliases = ["data.fl"] }"#] {
        more(config);
        refused("plan", "dist/flists", "data.fl");
        refused("build", "dist/flists", "data.fl");
    }
    more(r#"{ file = "data-latest.fl" }"#);
    refused("build", "dist/flists", "data-latest.fl");
    more(r#"{ file = "more.fl", aliases = ["data-latest.fl"] }"#);
    refused("build", "dist/flists", "data-latest.fl");
    // Also where only the directory that is published to knows the name.
    std::fs::remove_dir_all(project.path("dist/flists")).unwrap();
    refused("build", "public", "data-latest.fl");
    assert_eq!((project.names("dist/blobs"), built("public/data-latest.fl")), (blobs, before.1));

    // Its own names an flist takes again and again, and one that is free.
    more(r#"{ file = "more.fl", aliases = ["more-latest.fl"] }"#);
    project.flistry(&["build"]).ok();
    project.flistry(&["build"]).ok();
    assert_eq!(project.report("data.fl")["flist"], "data");
}

mod components {
    use super::*;

    /// A project whose flist is filtered by the component `hostile`.
    fn with_hostile(more: &str) -> Project {
        let project = Project::plain();
        add_component(&project, "hostile");
        let plugin = format!("[plugin.bad]\ncomponent = \"plugins/hostile.wasm\"\n{more}\n");
        let toml = PLAIN_TOML.replace("contents", "filters = [\"bad\"]\ncontents");
        project.write("config/flistry.toml", &format!("{plugin}{toml}"));
        project
    }

    #[test]
    fn a_pin_that_differs_prints_both() {
        let project = with_hostile(&format!("sha256 = \"{}\"", "0".repeat(64)));
        let found = sha256("tests/plugins/built/hostile.wasm");
        project.flistry(&["build"]).fails(
            2,
            &format!("plugin `bad` has the SHA-256 {found}, the configuration wants {}", "0".repeat(64)),
            &format!("if the change is meant, look at what the plugin does and set `sha256 = \"{found}\"`"),
        );
    }

    #[test]
    fn an_unpinned_file_is_a_warning() {
        let run = with_hostile("").flistry(&["build"]).ok();
        assert!(run.stderr.contains("warning: plugin `bad` is not pinned"), "{}", run.stderr);
        let line = format!("add `sha256 = \"{}\"` to [plugin.bad]", sha256("tests/plugins/built/hostile.wasm"));
        assert!(run.stderr.contains(&line), "{}", run.stderr);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let project = with_hostile("");
        std::fs::remove_file(project.path("plugins/hostile.wasm")).unwrap();
        project.flistry(&["build"]).fails(
            2,
            "plugin `bad`: its component PROJECT/plugins/hostile.wasm cannot be read: No such file or directory (os error 2)",
            "correct `component` of [plugin.bad] in config/flistry.toml",
        );
    }

    #[test]
    fn a_configuration_is_refused_before_the_source_is_looked_at() {
        let project = with_hostile("config = { do = \"refuse\" }");
        std::fs::remove_dir_all(project.path("data")).unwrap();
        let run = project.flistry(&["build"]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains("error: plugin `bad` refuses its configuration: "), "{}", run.stderr);
    }

    #[test]
    fn a_plugin_without_the_hook_is_refused() {
        let project = Project::plain();
        project.write("config/flistry.toml", &PLAIN_TOML.replace("contents", "filters = [\"name\"]\ncontents"));
        project.flistry(&["build"]).fails(
            2,
            "plugin `name` has no filter hook; it has naming",
            "name it where a hook of its own is wanted",
        );
    }

    #[test]
    fn limits_come_from_the_configuration() {
        let project = with_hostile("config = { do = \"loop\" }\nlimits = { fuel = 1000000 }");
        project.flistry(&["build"]).fails(
            1,
            "plugin `bad`, filter: more instructions in one call than the allowed 1000000",
            "if the plugin is right to need more, raise its limit `fuel` in config/flistry.toml",
        );
    }

    #[test]
    fn limits_of_a_whole_run_come_from_the_configuration() {
        for (word, setting, what) in [
            ("reasons-flood", "total-reason-bytes", "bytes of reasons in one run"),
            ("log-steady", "total-log-bytes", "bytes logged in one run"),
            ("findings-flood", "total-finding-bytes", "bytes of findings in one run"),
        ] {
            let project = with_hostile(&format!("config = {{ do = \"{word}\" }}\nlimits = {{ {setting} = 1999 }}"));
            project.flistry(&["build"]).fails(
                1,
                &format!("plugin `bad`, filter: more {what} than the allowed 1999"),
                &format!("if the plugin is right to need more, raise its limit `{setting}` in config/flistry.toml"),
            );
        }
    }

    #[test]
    fn a_component_with_too_much_code_is_refused_before_it_is_compiled() {
        let project = with_hostile("config = { do = \"nothing\" }\nlimits = { functions = 5 }");
        project.flistry(&["build"]).fails(
            2,
            "plugin `bad`, load: more functions than the allowed 5",
            "if the plugin is right to need more, raise its limit `functions` in config/flistry.toml",
        );
    }

    #[test]
    fn a_post_pack_plugin_that_removes_everything_is_an_error() {
        let project = with_hostile("config = { do = \"remove-all\" }");
        let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        project.write("config/flistry.toml", &toml.replace("filters", "post-pack"));
        for command in ["plan", "build"] {
            project.flistry(&[command]).fails(
                1,
                "flist `data` would hold no file: of 3, the post-pack plugins remove all (`bad`)",
                "correct their configuration, or take them out of `post-pack` of the flist in config/flistry.toml; \
                 `allow-empty = true` of [flist.data] builds it without a file",
            );
        }
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());

        let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        project.write("config/flistry.toml", &toml.replace("naming =", "allow-empty = true\nnaming ="));
        let run = project.flistry(&["build"]).ok();
        let warning = "warning: flist `data` will hold no file: of 3, the post-pack plugins remove all (`bad`)";
        assert!(run.stderr.contains(warning), "{}", run.stderr);
    }

    /// The backstop for what fuel does not count. The fuel of this plugin would last for hours.
    #[test]
    fn the_clock_ends_what_fuel_does_not() {
        let project =
            with_hostile("config = { do = \"loop\" }\nlimits = { fuel = 1000000000000000, wall-seconds = 1 }");
        project.flistry(&["build"]).fails(
            1,
            "plugin `bad`, filter: more seconds in one call than the allowed 1",
            "the machine may be busy: run it again, or raise the plugin's limit `wall-seconds` in config/flistry.toml",
        );
    }

    /// Whatever a component does in whichever hook, a build with it leaves neither an flist nor a blob.
    #[test]
    fn a_hostile_component_publishes_nothing() {
        let project = Project::plain();
        add_component(&project, "hostile");
        std::os::unix::fs::symlink("../outside", project.path("data/link-out")).unwrap();
        std::fs::write(project.path("data/e1000.ko"), "no module").unwrap();
        for (hook, words) in [
            ("filter", &["recurse", "trap-later", "too-few", "too-many", "none", "error-control"][..]),
            ("naming", &["name-parent", "name-shell", "alias-same"][..]),
            ("post-pack", &["escape-parent", "escape-link", "loop-links", "remove-root", "tag-giant"][..]),
        ] {
            for word in words {
                let plugin = format!("[plugin.bad]\ncomponent = \"plugins/hostile.wasm\"\nconfig.do = \"{word}\"\n");
                let toml = match hook {
                    "filter" => PLAIN_TOML.replace("contents", "filters = [\"bad\"]\ncontents"),
                    "naming" => PLAIN_TOML.replace("naming = \"name\"", "naming = \"bad\""),
                    _ => PLAIN_TOML.replace("contents", "post-pack = [\"bad\"]\ncontents"),
                };
                project.write("config/flistry.toml", &format!("{plugin}{toml}"));
                let run = project.flistry(&["build"]);
                assert_eq!(run.code, 1, "{hook} {word}: {}{}", run.stdout, run.stderr);
                assert!(run.stderr.contains(&format!("error: plugin `bad`, {hook}: ")), "{word}: {}", run.stderr);
                assert!(!run.stderr.contains("panicked"), "{word}: {}", run.stderr);
                assert_eq!((project.names("dist/flists"), project.names("dist/blobs")), (vec![], vec![]), "{word}");
            }
        }
    }
}

#[test]
fn the_plugins_of_a_project_are_listed() {
    let project = Project::sample();
    let list = json(project.flistry(&["--format", "json", "plugin", "list"]));
    let of = |name: &str| list["plugins"].as_array().unwrap().iter().find(|plugin| plugin["name"] == name).unwrap();
    assert_eq!(of("module-links")["component"], "builtin:path-filter");
    assert_eq!(of("module-links")["used_by"], serde_json::json!(["modules"]));
    assert_eq!(of("zos-naming")["hooks"], serde_json::json!(["naming"]));
    assert_eq!(of("zos-naming")["variables"], serde_json::json!(["FIRMWARE_TAG"]));
    assert_eq!(of("sample-tags")["sha256"], sha256("plugins/built/provenance-tags.wasm"));
}
