//! `flistry zinit` and the last stage of `flistry build`: what is generated, by golden files and by the strict models of
//! both dialects; what is overwritten; an initramfs tree. What the scripts and units then do is in `tests/real/`.

mod golden;
mod initramfs;
mod templates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flistry::zinit::toml_unit::{self as toml, TomlUnit};
use flistry::zinit::yaml_unit::YamlUnit;

use crate::support::project::{Project, Run, rfs_conf};
use crate::support::s3_server::{READ_KEY, S3Server, WRITE_KEY};
use golden::files;

/// The sample project, built with a release that no date changes.
fn sample() -> Project {
    let project = Project::sample();
    build(&project).ok();
    project
}

fn build(project: &Project) -> Run {
    project.flistry_with(&["build"], &[("FIRMWARE_TAG", "sample")])
}

fn yaml_unit(files: &BTreeMap<String, String>, name: &str) -> YamlUnit {
    YamlUnit::parse(&files[&format!("yaml/{name}.yaml")]).unwrap()
}

fn toml_service(files: &BTreeMap<String, String>, name: &str) -> toml::Service {
    match TomlUnit::parse(&files[&format!("toml/{name}.toml")]).unwrap() {
        TomlUnit::Service(service) => *service,
        TomlUnit::Target(_) => panic!("{name} is a target"),
    }
}

#[test]
fn a_build_writes_what_a_node_runs() {
    let project = sample();
    let found = files(&project.path("dist/zinit"));
    golden::is_whole("supervised", &found);
    // The command gives the same, on any later day.
    project.flistry(&["zinit", "--output", project.path("again").to_str().unwrap()]).ok();
    assert_eq!(files(&project.path("again")), found);
    let oneshot = project.path("oneshot");
    project.flistry(&["zinit", "--form", "oneshot", "--output", oneshot.to_str().unwrap()]).ok();
    golden::differs("oneshot", &found, &files(&oneshot));
}

#[test]
fn the_other_order_takes_the_place_of_udev_trigger() {
    let project = Project::sample();
    append(&project, "[zinit]\norder = \"before-udev-trigger\"\n");
    build(&project).ok();
    let found = files(&project.path("dist/zinit"));
    golden::differs("before-udev-trigger", &files(&sample().path("dist/zinit")), &found);
    // The system waits for this unit: it waits for neither network nor mounts.
    assert_eq!(yaml_unit(&found, "udev-trigger").after, ["udevd"]);
    assert_eq!(toml_service(&found, "udev-trigger").dependencies.after, ["udevd"]);
    assert!(!found.contains_key("yaml/rfs-coldplug.yaml") && !found.contains_key("toml/udevd-reload.toml"));
}

/// By the rules of both zinits: who waits for whom, and for how long.
#[test]
fn nothing_waits_forever_for_a_mount() {
    let project = sample();
    let found = files(&project.path("dist/zinit"));
    let mounts = ["rfs-modules", "rfs-firmware"];
    for unit in found.keys().filter_map(|path| path.strip_prefix("yaml/")?.strip_suffix(".yaml")) {
        // zinit 0.2: `after` waits until a mount succeeds.
        let unit = yaml_unit(&found, unit);
        assert!(unit.after.iter().all(|name| !mounts.contains(&name.as_str())), "{unit:?}");
    }
    for mount in mounts {
        let unit = yaml_unit(&found, mount);
        assert_eq!((unit.oneshot, &unit.after[..]), (false, &["network".to_owned()][..]));
        assert_eq!(unit.test, format!("{} test", unit.exec));

        let unit = toml_service(&found, mount);
        assert_eq!(unit.dependencies.requires, ["network"]);
        assert_eq!((unit.service.class, unit.service.critical), (Some(toml::Class::System), false));
        // For ever, and never more than half a minute apart.
        let lifecycle = unit.lifecycle;
        assert_eq!((lifecycle.restart, lifecycle.max_restarts), (Some(toml::Restart::Always), Some(0)));
        assert_eq!((lifecycle.restart_delay_ms, lifecycle.restart_delay_max_ms), (Some(1000), Some(30_000)));
        let health = unit.health.unwrap();
        let (start, interval) = (health.start_period_ms.unwrap(), health.interval_ms.unwrap());
        let longest = start + u64::from(health.retries.unwrap()) * (interval + health.timeout_ms.unwrap()) + 5000;
        assert!(longest <= lifecycle.start_timeout_ms.unwrap(), "zinit would put {longest} in its place");
    }
    let coldplug = toml_service(&found, "udevd-reload");
    assert!(coldplug.dependencies.requires.is_empty());
    assert_eq!(coldplug.dependencies.after, ["udevd", "rfs-modules", "rfs-firmware"]);
    assert!(coldplug.service.oneshot && yaml_unit(&found, "rfs-coldplug").oneshot);
    let target = TomlUnit::parse(&found["toml/fuse-mounts.toml"]).unwrap();
    assert_eq!((target.name(), &target.dependencies().requires[..]), ("fuse-mounts", &mounts.map(str::to_owned)[..]));
}

#[test]
fn a_oneshot_is_one_in_both_dialects() {
    let project = sample();
    project.flistry(&["zinit", "--form", "oneshot", "--output", project.path("out").to_str().unwrap()]).ok();
    let found = files(&project.path("out"));
    for mount in ["rfs-modules", "rfs-firmware"] {
        assert!(yaml_unit(&found, mount).oneshot);
        let unit = toml_service(&found, mount);
        assert_eq!((unit.service.oneshot, unit.lifecycle.restart), (true, Some(toml::Restart::Never)));
    }
    assert!(found["init/modules.sh"].contains("\nFORM=oneshot\n"));
    // A oneshot is not tried again, so there is nothing to look for.
    assert!(found["init/coldplug.sh"].contains("\nLATE=leave\n"));
}

#[test]
fn the_script_follows_the_name_that_a_plugin_gave() {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let naming = "[plugin.own]\ncomponent = \"builtin:zos-naming\"\n\
                  config = { file = \"{kernel}+mods_{kernel}.fl\", aliases = [\"zz-{kernel}.fl\", \"x.fl\"] }\n";
    let toml = toml.replacen("naming = \"zos-naming\"", "naming = \"own\"", 1);
    project.write("config/flistry.toml", &format!("{toml}{naming}"));
    build(&project).ok();
    let script = |flist: &str| files(&project.path("dist/zinit"))[&format!("init/{flist}.sh")].clone();
    assert!(script("modules").contains("manifest() { printf '%s' zz-\"$1\".fl; }\n"), "{}", script("modules"));
    assert!(script("firmware").contains("manifest() { printf '%s' firmware-latest.fl; }\n"));
    // Without aliases it is the name.
    let no_alias = naming.replace("[\"zz-{kernel}.fl\", \"x.fl\"]", "[]");
    project.write("config/flistry.toml", &format!("{toml}{no_alias}"));
    build(&project).ok();
    assert!(script("modules").contains("manifest() { printf '%s' \"$1\"+mods_\"$1\".fl; }\n"));
}

#[test]
fn a_dialect_or_an_flist_alone() {
    let project = sample();
    let out = |name: &str, args: &[&str]| {
        let directory = project.path(name);
        project.flistry(&[&["zinit", "--output", directory.to_str().unwrap()], args].concat()).ok();
        files(&directory).into_keys().collect::<Vec<_>>()
    };
    let scripts = ["init/coldplug.sh", "init/firmware.sh", "init/modules.sh"];
    let yaml = ["yaml/rfs-coldplug.yaml", "yaml/rfs-firmware.yaml", "yaml/rfs-modules.yaml"];
    assert_eq!(out("yaml", &["--dialect", "yaml"]), [scripts, yaml].concat());
    assert_eq!(
        out("one", &["firmware", "--dialect", "toml", "--dialect", "toml"]),
        [
            "init/coldplug.sh",
            "init/firmware.sh",
            "toml/fuse-mounts.toml",
            "toml/rfs-firmware.toml",
            "toml/udevd-reload.toml"
        ]
    );
}

#[test]
fn what_cannot_be_made_is_said() {
    let project = Project::sample();
    project.flistry(&["zinit"]).fails(
        1,
        "flist `modules` has not been built yet: PROJECT/dist/flists has no report of it",
        "run `flistry build modules` first, or name the flists that are built",
    );
    project.flistry(&["zinit", "nope"]).fails(
        2,
        "there is no flist `nope` in config/flistry.toml",
        "there are: modules, firmware",
    );
    // A project whose flists no node mounts builds as ever, and has no units.
    let plain = Project::plain();
    plain.flistry(&["build"]).ok();
    assert!(!plain.path("dist/zinit").exists());
    let hint = "write `mount = \"/usr/lib/firmware\"` under [flist.NAME]";
    plain.flistry(&["zinit"]).fails(
        2,
        "there is nothing to mount: no flist has a `mount` in config/flistry.toml",
        hint,
    );
    plain.flistry(&["zinit", "data"]).fails(
        2,
        "flist `data` is not mounted on any node",
        "write where it is mounted, as `mount`, under [flist.data]",
    );
}

#[test]
fn one_flist_is_built_and_the_other_keeps_its_units() {
    let project = Project::sample();
    project.flistry_with(&["build", "firmware"], &[("FIRMWARE_TAG", "sample")]).ok();
    let first = files(&project.path("dist/zinit"));
    assert!(!first.contains_key("init/modules.sh") && first.contains_key("init/firmware.sh"));
    project.flistry(&["build", "modules"]).ok();
    golden::is_whole("supervised", &files(&project.path("dist/zinit")));
}

#[test]
fn a_build_reports_what_it_wrote_and_keeps_what_a_person_changed() {
    let project = Project::sample();
    let run = build(&project).ok();
    assert!(
        run.stdout.ends_with("wrote units\n  directory  PROJECT/dist/zinit\n  files      10 created\n"),
        "{}",
        run.stdout
    );
    project.write("dist/zinit/init/firmware.sh", "mine");
    append(&project, "[zinit]\ncache = \"/other\"\n");
    let run = build(&project).ok();
    assert!(run.stdout.ends_with("  files      1 replaced, 1 kept, 8 unchanged\n"), "{}", run.stdout);
    assert!(
        run.stderr.contains("warning: PROJECT/dist/zinit/init/firmware.sh was changed by hand and is left as it is"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read_to_string(project.path("dist/zinit/init/firmware.sh")).unwrap(), "mine");
    let json = project.flistry_with(&["build", "--format", "json"], &[("FIRMWARE_TAG", "sample")]).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let kept = json["units"]["files"].as_array().unwrap().iter().find(|file| file["state"] == "kept").unwrap();
    assert_eq!(kept["path"], "init/firmware.sh");

    // By name, and nothing is written, until it is forced.
    project.flistry(&["zinit"]).fails(
        1,
        "in PROJECT/dist/zinit, these would be overwritten with different contents: init/firmware.sh",
        "nothing was written; look at them, and repeat with --force to overwrite them",
    );
    let run = project.flistry(&["zinit", "--force"]).ok();
    assert!(run.stdout.contains("  replaced   init/firmware.sh\n"), "{}", run.stdout);
    let run = project.flistry(&["zinit"]).ok();
    assert_eq!(run.stdout.matches("  unchanged  ").count(), 10);
}

#[test]
fn a_check_writes_nothing_and_says_what_would_change() {
    let project = sample();
    assert_eq!(project.flistry(&["zinit", "--check"]).code, 0);
    append(&project, "[zinit]\nwait-seconds = 1\n");
    let before = files(&project.path("dist/zinit"));
    let run = project.flistry(&["zinit", "--check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("  replaced   init/coldplug.sh\n"), "{}", run.stdout);
    assert_eq!(files(&project.path("dist/zinit")), before);
}

/// Whatever stands in the configuration stays what it is, or is refused.
#[test]
fn names_from_the_configuration_stay_text() {
    let project = Project::sample();
    let strange = "/a 'b' \"c\" $(touch x) `d` \\\\ #e: {f}";
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let place = strange.replace("{f}", "f");
    let toml = toml.replace("mount = \"/usr/lib/firmware\"", &format!("mount = \"{}\"", quoted(&place)));
    project.write("config/flistry.toml", &toml);
    append(
        &project,
        &format!("[zinit]\nscripts = \"{0}\"\nmanifests = \"{0}\"\ncache = \"{0}\"\nrfs = \"{0}\"\n", quoted(strange)),
    );
    build(&project).ok();
    let found = files(&project.path("dist/zinit"));
    let script = format!("{strange}/firmware.sh");
    let exec = |text: &str| shlex::split(text).unwrap();
    let unit = yaml_unit(&found, "rfs-firmware");
    assert_eq!((exec(&unit.exec), exec(&unit.test)), (vec![script.clone()], vec![script.clone(), "test".into()]));
    let unit = toml_service(&found, "rfs-firmware");
    assert_eq!(exec(&unit.service.exec), ["exec", &script]);
    assert_eq!(exec(&unit.health.unwrap().target), [&script, "test"]);

    // And to a shell: the script's own lines, evaluated.
    let lines: BTreeSet<&str> = ["TARGET=", "MANIFESTS=", "RFS=", "CACHE="].into();
    let kept: String = found["init/firmware.sh"]
        .lines()
        .filter(|line| lines.iter().any(|start| line.starts_with(start)))
        .map(|line| format!("{line}\n"))
        .collect();
    let print = "printf '%s\\n' \"$TARGET\" \"$MANIFESTS\" \"$RFS\" \"$CACHE\"";
    let output = std::process::Command::new("sh").arg("-c").arg(format!("{kept}{print}")).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(),
        [&place, strange, strange, strange]
    );
    assert!(!Path::new("x").exists());

    for (line, message) in [
        ("[zinit]\nscripts = \"/a\\nb\"\n", "it has a line break or another control character in it"),
        ("[zinit.yaml]\ncoldplug = \"a/../../b\"\n", "\"a/../../b\" cannot name a unit"),
        ("[zinit.toml]\ntarget = \"a\\u001b[31m\"\n", "\"a\\u{1b}[31m\" cannot name a unit"),
    ] {
        let project = Project::sample();
        append(&project, line);
        let run = build(&project);
        assert_eq!(run.code, 2, "{line}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
}

#[test]
fn no_key_is_in_what_is_generated() {
    let server = S3Server::start();
    let project = Project::sample();
    project.write_rfs_conf(&rfs_conf(&server));
    build(&project).ok();
    let root = project.path("root");
    std::fs::create_dir(&root).unwrap();
    project.flistry(&["zinit", "--into", root.to_str().unwrap()]).ok();
    let mut all = files(&project.path("dist/zinit"));
    all.extend(files(&root).into_iter().filter(|(path, _)| !path.ends_with(".fl")));
    assert_eq!(all.len(), 20);
    for (path, text) in all {
        for secret in [READ_KEY.0, READ_KEY.1, WRITE_KEY.0, WRITE_KEY.1] {
            assert!(!text.contains(secret), "{path}");
        }
    }
}

/// Adds to the project's configuration.
fn append(project: &Project, text: &str) {
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write("config/flistry.toml", &format!("{toml}\n{text}"));
}
