//! Plugins, through `flistry plugin check` and `flistry plugin run`: those that ship, one that was compiled against the
//! interface as it was first released, and one that does everything wrong. Each misdeed has its message, leaves nothing
//! behind, and does not take the host's memory with it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::repository;

/// A directory with a file, a directory with a file, and a symlink that leads out of it.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "some contents").unwrap();
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    std::fs::write(directory.path().join("sub/e1000.ko"), "no module").unwrap();
    std::os::unix::fs::symlink("../outside", directory.path().join("link-out")).unwrap();
    directory
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program outside any project, with at most `MEMORY_KB` of address space for what it allocates.
fn flistry(args: &[impl AsRef<OsStr>]) -> Ran {
    let here = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        // Code and guard pages of a sandbox take address space, not memory: what is bounded is the data segment.
        .args(["-c", &format!("ulimit -d {MEMORY_KB}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_flistry")])
        .args(args)
        .current_dir(here.path())
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// More than a plugin's 512 MiB and a copy of the largest thing that it can hand over; much less than it asks for.
const MEMORY_KB: u64 = 1_500_000;

fn hostile(word: &str) -> Ran {
    let (directory, file) = (directory(), repository("tests/plugins/built/hostile.wasm"));
    let config = format!("{{\"do\":\"{word}\"}}");
    let tree = directory.path().to_str().unwrap();
    flistry(&["plugin", "run", file.to_str().unwrap(), "--tree", tree, "--config", &config])
}

/// A misdeed that ends with exit code 1 and a message that begins like this.
fn fails(word: &str, message: &str) {
    let run = hostile(word);
    assert_eq!(run.code, 1, "{word}: {}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains(&format!("error: plugin `hostile`, {message}")), "{word}: {}", run.stderr);
    assert!(run.stderr.contains("\n  hint: "), "{word}: {}", run.stderr);
    assert!(!run.stderr.contains("panicked") && !run.stderr.contains('\u{1b}'), "{word}: {}", run.stderr);
    assert!(run.stderr.len() < 10_000, "{word}: a message of {} bytes", run.stderr.len());
}

#[test]
fn a_well_behaved_component_answers() {
    let run = hostile("nothing");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("filter keeps 5 entries, drops 0; "), "{}", run.stdout);
    assert!(run.stdout.contains("names it modules.fl\n"), "{}", run.stdout);
}

#[test]
fn plugins_that_would_never_end_are_stopped() {
    fails("loop", "filter: more instructions in one call than the allowed 20000000000");
    fails("recurse", "filter: it crashed: ");
    fails("trap", "filter: it crashed: it stopped itself");
    fails("trap-later", "filter: it crashed: it stopped itself");
    fails("validate-trap", "validate: it crashed: it stopped itself");
    fails("log-flood", "filter: more bytes logged in one call than the allowed 262144");
    fails("hoard", "filter: more open handles than the allowed 1024");
    fails("read-forever", "filter: more bytes read from trees than the allowed 4294967296");
    fails("operations", "post-pack: more operations than the allowed 100000");
}

#[test]
fn excessive_demands_are_refused() {
    fails("grow", "filter: more bytes of memory than the allowed 536870912");
    fails("log-giant", "filter: more bytes handed to the host at once than the allowed 67108864");
    fails("reason-giant", "filter: more bytes of a reason than the allowed 1024");
    fails("error-giant", "filter: ");
    fails("tag-giant", "post-pack: more bytes of a tag than the allowed 1024");
    fails("key-giant", "post-pack: more bytes of a tag than the allowed 1024");
    fails("title-giant", "naming: more bytes of a tag than the allowed 1024");
    fails("alias-many", "naming: it wants 100000 aliases; at most 64 are allowed");
    // Giant questions get answers of the size that there is.
    fails("modinfo-giant", "filter: ");
    for word in ["read-giant", "entries-giant"] {
        let run = hostile(word);
        assert_eq!(run.code, 0, "{word}: {}", run.stderr);
    }
}

/// Each text here is within its own limit; so many of them would still make a manifest or a report of any size.
#[test]
fn what_is_said_in_a_whole_run_is_limited() {
    fails("findings-flood", "filter: more bytes of findings in one run than the allowed 16777216");
    fails("explain-flood", "filter: more bytes of reasons in one run than the allowed 16777216");
    fails("tags-flood", "post-pack: more bytes of tags in one run than the allowed 1048576");
    fails("removed-tags-flood", "post-pack: more bytes of tags in one run than the allowed 1048576");
    fails("symlinks-flood", "post-pack: more bytes of added symlinks in one run than the allowed 8388608");
}

#[test]
fn answers_that_do_not_fit_the_question_are_refused() {
    fails("too-few", "filter: it gave 3 verdicts on 4 entries");
    fails("too-many", "filter: it gave 5 verdicts on 4 entries");
    fails("none", "filter: it gave 0 verdicts on 4 entries");
    fails("verdicts-giant", "filter: it gave 1000000 verdicts on 4 entries");
    fails("validate-build", "validate: it asks what is being built, and nothing is: its configuration is validated");
    for word in [
        "name-parent",
        "name-space",
        "name-empty",
        "name-long",
        "name-shell",
        "name-dash",
        "name-dot",
        "name-nul",
        "alias-bad",
    ] {
        fails(word, "naming: `");
    }
    fails("alias-same", "naming: it gives the name `modules.fl` twice");
}

#[test]
fn a_filter_may_drop_everything_but_the_root() {
    let run = hostile("drop-all");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("filter keeps 1 entries, drops 4; "), "{}", run.stdout);
}

#[test]
fn an_ungranted_tree_is_named() {
    fails(
        "open-ungranted",
        "filter: the tree of flist `secrets` is not granted to this plugin; add \"secrets\" to its `trees`",
    );
}

#[test]
fn a_plugins_words_do_not_reach_the_terminal_raw() {
    fails("error-control", "filter: red ");
}

/// Operations of the post-pack hook: all are looked at together, none is carried out unless all can be.
#[test]
fn operations_that_escape_or_contradict_are_refused() {
    for word in [
        "escape-parent",
        "escape-absolute",
        "escape-link",
        "escape-target",
        "absolute-target",
        "no-directory",
        "duplicate",
        "loop-links",
        "remove-root",
        "remove-nothing",
        "tag-host",
        "tag-empty",
    ] {
        fails(word, "post-pack: ");
    }
    fails("chain", "post-pack: it can't add the symlink chain-40 -> chain-39: its chain is too long: ");
}

#[test]
fn a_configuration_is_refused_in_the_plugins_own_words() {
    let run = hostile("refuse");
    assert_eq!(run.code, 2, "{}", run.stderr);
    let message =
        "error: plugin `hostile` refuses its configuration: this configuration is refused, in the plugin's own words";
    assert!(run.stderr.contains(message), "{}", run.stderr);
}

mod components {
    use super::*;

    fn check(bytes: &[u8]) -> Ran {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("plugin.wasm");
        std::fs::write(&file, bytes).unwrap();
        flistry(&["plugin", "check", file.to_str().unwrap()])
    }

    fn refused(bytes: &[u8], message: &str) {
        let run = check(bytes);
        assert_ne!(run.code, 0, "{}", run.stdout);
        assert!(run.stderr.contains(message), "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }

    #[test]
    fn a_path_need_not_be_utf8() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(OsStr::from_bytes(b"\xff.wasm"));
        std::fs::copy(repository("plugins/built/zos-naming.wasm"), &file).unwrap();
        let run = flistry(&[OsStr::new("plugin"), OsStr::new("check"), file.as_os_str()]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
        assert!(run.stdout.contains("name         zos-naming\n"), "{}", run.stdout);
    }

    #[test]
    fn a_file_that_is_not_a_component_is_refused() {
        refused(b"", "is not a WebAssembly component");
        refused(b"#!/bin/sh\n", "is not a WebAssembly component");
        refused(b"\0asm\x01\0\0\0", "is not a WebAssembly component");
        let whole = std::fs::read(repository("plugins/built/zos-naming.wasm")).unwrap();
        for part in [whole.len() / 3, whole.len() - 7] {
            refused(&whole[..part], "is not a WebAssembly component");
        }
    }

    #[test]
    fn the_shipped_components_are_those_of_their_digests() {
        let digests: toml::Table =
            std::fs::read_to_string(repository("plugins/built/digests.toml")).unwrap().parse().unwrap();
        let components = digests["component"].as_table().unwrap();
        assert_eq!(components.len(), 5);
        for (file, facts) in components {
            let bytes = std::fs::read(repository(&format!("plugins/built/{file}"))).unwrap();
            assert_eq!(facts["sha256"].as_str().unwrap(), flistry::files::sha256(&bytes), "{file}");
            let run = flistry(&["plugin", "check", repository(&format!("plugins/built/{file}")).to_str().unwrap()]);
            assert_eq!(run.code, 0, "{file}: {}", run.stderr);
            let digest = facts["sha256"].as_str().unwrap();
            assert!(run.stdout.ends_with(&format!("sha256 = \"{digest}\"\n")), "{}", run.stdout);
            assert!(!run.stdout.contains("wasi:"), "{file} imports WASI: {}", run.stdout);
        }
    }

    #[test]
    fn a_component_of_the_first_release_still_runs() {
        let snapshots = repository("tests/plugins/snapshot-0.1.0/built");
        let file = snapshots.join("snapshot-0_1_0.wasm");
        let run = flistry(&["plugin", "check", file.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("hooks        filter, naming, post-pack\n"), "{}", run.stdout);
    }
}

mod defaults {
    use super::*;

    fn answers(plugin: &str, tree: &Path, more: &[&str]) -> Value {
        let file = repository(&format!("plugins/built/{plugin}.wasm"));
        let mut args =
            vec!["--format", "json", "plugin", "run", file.to_str().unwrap(), "--tree", tree.to_str().unwrap()];
        args.extend(more);
        let run = flistry(&args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }

    #[test]
    fn the_path_filter_drops_by_rule() {
        let directory = directory();
        let config = r#"{"rules": [{"exclude": "sub"}, {"include": "sub/*.ko"}, {"exclude": "link-*"}]}"#;
        let answers = answers("path-filter", directory.path(), &["--config", config]);
        let dropped: Vec<&str> =
            answers["filter"]["dropped"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
        assert_eq!(dropped, ["link-out", "sub"]);
    }

    #[test]
    fn the_naming_is_that_of_zero_os() {
        let directory = directory();
        let names = |more: &[&str]| answers("zos-naming", directory.path(), more)["naming"].clone();
        let modules = names(&["--kernel", "6.12.44-Zero-OS"]);
        assert_eq!(modules["file"], "modules-6.12.44-Zero-OS.fl");
        let firmware = ["--flist", "firmware", "--contents", "firmware", "--variable", "FIRMWARE_TAG=v9"];
        let firmware = names(&firmware);
        assert_eq!(
            (&firmware["file"], &firmware["aliases"][0]),
            (&"firmware-v9.fl".into(), &"firmware-latest.fl".into())
        );
    }

    #[test]
    fn firmware_is_pruned_by_what_the_modules_of_another_tree_name() {
        let modules = format!("modules={}", repository("config/sample/lib/modules/6.12.44-Zero-OS").display());
        let firmware = repository("config/sample/firmware");
        let answers = answers(
            "firmware-prune",
            &firmware,
            &["--flist", "firmware", "--contents", "firmware", "--grant", &modules],
        );
        let removed: Vec<&str> = answers["post_pack"]["removed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gone| gone["path"].as_str().unwrap())
            .collect();
        assert_eq!(
            removed,
            [
                "intel",
                "intel/ibt-17-16-1.ddc",
                "intel/ibt-17-16-1.sfi",
                "iwlwifi-cc-a0-72.ucode",
                "nvidia/tu117/acr/ucode_ahesasc.bin",
                "rtl_nic/rtl8411-1.fw"
            ]
        );
        let file = repository("plugins/built/firmware-prune.wasm");
        let run = flistry(&[
            "plugin",
            "run",
            file.to_str().unwrap(),
            "--tree",
            firmware.to_str().unwrap(),
            "--flist",
            "firmware",
            "--contents",
            "firmware",
        ]);
        assert_eq!(run.code, 1);
        let message =
            "error: plugin `firmware-prune`, post-pack: the tree of flist `modules` is not granted to this plugin";
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }

    #[test]
    fn the_same_input_uses_the_same_fuel() {
        let directory = directory();
        let fuel = || answers("path-filter", directory.path(), &[])["filter"]["used"]["fuel"].as_u64().unwrap();
        let first = fuel();
        assert!(first > 0);
        assert_eq!(first, fuel());
    }
}
