//! What modules say of themselves, remembered from build to build.

use std::time::Duration;

use super::*;

const MEMORY: &str = "dist/pack-cache.sqlite";

/// A project whose modules have not changed for long enough to be remembered.
fn settled() -> Project {
    let project = Project::sample();
    std::thread::sleep(Duration::from_millis(2100));
    project
}

/// What a build's run of the plugin used, but for the time; and the manifest.
fn built(project: &Project) -> (Value, Vec<u8>) {
    project.build(&["build", "firmware"]).ok();
    let report = project.report(FIRMWARE);
    let run = report["plugins"].as_array().unwrap().iter().find(|run| run["name"] == "firmware-prune").unwrap();
    let mut used = run["used"].clone();
    used.as_object_mut().unwrap().remove("seconds");
    (used, std::fs::read(project.path("dist/flists").join(FIRMWARE)).unwrap())
}

#[test]
fn a_build_remembers_and_nothing_but_the_time_differs() {
    let project = settled();
    let first = built(&project);
    let memory = std::fs::read(project.path(MEMORY)).unwrap();
    assert!(memory.windows(22).any(|window| window == b"iwlwifi-cc-a0-77.ucode"));
    // The same fuel, memory and bytes: a limit is reached in every run or in none.
    assert!(built(&project) == first);
    assert_eq!(std::fs::read(project.path(MEMORY)).unwrap(), memory);
    std::fs::remove_dir_all(project.path("dist")).unwrap();
    assert!(built(&project) == first);
}

#[test]
fn a_limit_counts_what_is_remembered() {
    let project = settled();
    built(&project);
    assert!(project.path(MEMORY).exists());
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let plugin = "[plugin.firmware-prune]\ncomponent = \"builtin:firmware-prune\"\ntrees = [\"modules\"]\n\
                  limits.read-bytes = 1000";
    project.write("config/flistry.toml", &format!("{toml}\n{plugin}\n"));
    project.build(&["build", "firmware"]).fails(
        1,
        "plugin `firmware-prune`, post-pack: more bytes read from trees than the allowed 1000",
        "if the plugin is right to need more, raise its limit `read-bytes` in config/flistry.toml",
    );
}

#[test]
fn a_plan_reads_it_and_touches_nothing() {
    let project = settled();
    project.build(&["plan", "firmware"]).ok();
    assert!(!project.path("dist").exists());
    std::fs::create_dir_all(project.path("dist/plugin-cache")).unwrap();
    project.build(&["plan", "firmware"]).ok();
    assert!(!project.path(MEMORY).exists());

    built(&project);
    std::fs::write(project.path(MEMORY), "broken").unwrap();
    let run = project.build(&["plan", "firmware"]).ok();
    assert!(run.stderr.contains(&format!("PROJECT/{MEMORY} is something else")), "{}", run.stderr);
    assert_eq!(std::fs::read(project.path(MEMORY)).unwrap(), b"broken");
}

#[test]
fn a_damaged_one_is_replaced_with_a_warning() {
    let project = settled();
    let first = built(&project);
    let memory = std::fs::read(project.path(MEMORY)).unwrap();
    let mut overwritten = memory.clone();
    overwritten[100..].fill(0xff);
    for damaged in [&overwritten[..], &memory[..memory.len() / 2]] {
        std::fs::write(project.path(MEMORY), damaged).unwrap();
        let run = project.build(&["build", "firmware"]).ok();
        let text = format!("warning: the file cache PROJECT/{MEMORY} ");
        assert!(run.stderr.contains(&format!("{text}was damaged ")), "{}", run.stderr);
        assert_eq!(run.stderr.matches("file cache").count(), 1, "it is said once: {}", run.stderr);
        assert!(built(&project) == first);
        assert!(project.build(&["build", "firmware"]).ok().stderr.lines().all(|line| !line.contains("file cache")));
    }
}

#[test]
fn any_damaged_byte_only_costs_time() {
    let project = settled();
    let first = built(&project);
    let memory = std::fs::read(project.path(MEMORY)).unwrap();
    // In the middle of pages, where what the modules say stands.
    for at in (memory.len() / 8..memory.len()).step_by(memory.len() / 4) {
        let mut damaged = memory.clone();
        damaged[at] ^= 1;
        std::fs::write(project.path(MEMORY), damaged).unwrap();
        assert!(built(&project) == first, "byte {at}");
        let again = project.build(&["build", "firmware"]).ok();
        assert!(!again.stderr.contains("file cache"), "byte {at}: {}", again.stderr);
    }
}

#[test]
fn one_without_a_header_is_replaced_or_left_alone() {
    let project = settled();
    let first = built(&project);
    std::fs::write(project.path(MEMORY), b"").unwrap();
    let run = project.build(&["build", "firmware"]).ok();
    assert!(!run.stderr.contains("file cache"), "{}", run.stderr);
    assert!(std::fs::read(project.path(MEMORY)).unwrap().starts_with(b"SQLite format 3"));

    std::fs::write(project.path(MEMORY), b"\0\0\0").unwrap();
    let run = project.build(&["build", "firmware"]).ok();
    let text = format!("PROJECT/{MEMORY} is something else");
    assert!(run.stderr.contains(&text), "{}", run.stderr);
    assert_eq!(std::fs::read(project.path(MEMORY)).unwrap(), b"\0\0\0");
    assert!(built(&project) == first);
}

#[test]
fn one_that_is_something_else_is_warned_of_once() {
    let project = settled();
    std::fs::create_dir(project.path("dist")).unwrap();
    std::fs::write(project.path(MEMORY), b"broken").unwrap();
    for command in ["build", "plan"] {
        let run = project.build(&[command, "modules", "firmware"]).ok();
        assert_eq!(run.stderr.matches("is something else").count(), 1, "{command}: {}", run.stderr);
    }
    assert_eq!(std::fs::read(project.path(MEMORY)).unwrap(), b"broken");
}

#[test]
fn without_the_cache_its_file_is_not_touched() {
    let project = settled();
    let without = || {
        let run = project.build(&["build", "--no-cache"]).ok();
        assert!(!run.stderr.contains("file cache") && !run.stderr.contains(MEMORY), "{}", run.stderr);
    };
    without();
    assert!(!project.path(MEMORY).exists());
    for bytes in [&b"broken"[..], b""] {
        std::fs::write(project.path(MEMORY), bytes).unwrap();
        without();
        assert_eq!(std::fs::read(project.path(MEMORY)).unwrap(), bytes);
    }
    std::fs::remove_file(project.path(MEMORY)).unwrap();
    std::fs::create_dir(project.path(MEMORY)).unwrap();
    without();
    assert_eq!(std::fs::read_dir(project.path(MEMORY)).unwrap().count(), 0);
    std::fs::remove_dir(project.path(MEMORY)).unwrap();

    // Nor is one read that could be used.
    built(&project);
    let memory = std::fs::read(project.path(MEMORY)).unwrap();
    without();
    let pack = &project.report(FIRMWARE)["pack"];
    assert!(pack["files_unchanged"] == 0 && pack["files_read"] != 0, "{pack}");
    assert!(std::fs::read(project.path(MEMORY)).unwrap() == memory);
}

#[test]
fn what_changed_is_read_again() {
    let project = settled();
    built(&project);
    // Another driver's contents: what was remembered of the path is not used.
    let module = format!("{MODULES}/kernel/drivers/net/ethernet/realtek/r8169.ko.xz");
    let other = format!("{MODULES}/kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz");
    std::fs::copy(project.path(&other), project.path(&module)).unwrap();
    project.build(&["build", "firmware"]).ok();
    assert!(project.paths().iter().all(|path| !path.starts_with("rtl_nic")));
}

#[test]
fn a_build_that_fails_remembers_too() {
    let project = with("config.strict = true");
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(project.build(&["build", "firmware"]).code, 1);
    assert!(project.path(MEMORY).is_file());
}
