//! What the commands print with `--format json`: docs/json.md names every key at every depth and no other, and `schema`
//! comes first.

mod document;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use wasmparser::{Parser, Payload};
use wit_component::{DecodedWasm, StringEncoding};

use crate::support::project::Project;
use crate::support::repository;
use document::{Document, Keys};

/// Flists that have something under every key: modules whose indexes are made again, with a filter that explains, and a
/// small tree with a plugin that has every hook.
const TOML: &str = r#"
[node]
module-compression = ["none", "xz", "zstd"]

[plugin.leave-out]
component = "builtin:path-filter"
config.rules = [{ exclude = "kernel/fs/fuse" }]

[plugin.select]
component = "builtin:modules-select"
config.rules = [{ include = { directory = "kernel" } }]

[plugin.every-hook]
component = "plugins/every-hook.wasm"

[flist.data]
contents = "plain"
source = ["data"]
filters = ["every-hook"]
naming = "every-hook"
post-pack = ["every-hook"]

[flist.modules]
contents = "modules"
source = ["lib/modules/{kernel}"]
filters = ["module-links", "leave-out", "select"]
naming = "zos-naming"
mount = "/lib/modules/{kernel}"
"#;

const MODULES: &str = "lib/modules/6.12.44-Zero-OS";
const EVERY_HOOK: &str = "tests/plugins/snapshot-0.1.0/built/snapshot-0_1_0.wasm";

/// Keys that no output of the test has: no naming plugin here has anything to say of an entry.
const NOT_MADE: [&str; 2] = ["naming.explained[].path", "naming.explained[].reason"];

fn project() -> Project {
    let project = Project::sample();
    project.write("config/flistry.toml", TOML);
    for (name, text) in [("notes.drop", "1"), ("one", "1"), ("sub/two", "22")] {
        project.write(&format!("data/{name}"), text);
    }
    std::fs::create_dir(project.path("new")).unwrap();
    std::fs::create_dir(project.path("plugins")).unwrap();
    std::fs::copy(repository(EVERY_HOOK), project.path("plugins/every-hook.wasm")).unwrap();
    project
}

/// A compiler that needs no network and no time: a `rustc` and a `cargo` that answer as the real ones do, the latter with
/// the module that is in the component `built`. Returns the `PATH` with it.
fn stand_in_compiler(project: &Project, name: &str, built: &Path) -> String {
    let directory = project.path(name);
    let manifest = directory.join("Cargo.toml");
    project.write(&format!("{name}/module.wasm"), "");
    std::fs::write(directory.join("module.wasm"), module_of(&std::fs::read(built).unwrap())).unwrap();
    let package = json!({ "name": name, "version": "1.0.0", "description": null, "manifest_path": manifest });
    project.write(&format!("{name}/metadata"), &json!({ "packages": [package] }).to_string());
    let artifact = json!({ "manifest_path": manifest, "filenames": [directory.join("module.wasm")] });
    project.write(&format!("{name}/build"), &artifact.to_string());
    let sysroot = directory.join("sysroot");
    std::fs::create_dir_all(sysroot.join("lib/rustlib/wasm32-unknown-unknown/lib")).unwrap();
    let rustc = format!("#!/bin/sh\n[ \"$1\" = --version ] && echo rustc 1.0.0 || echo '{}'\n", sysroot.display());
    project.write_script(&format!("{name}/bin/rustc"), &rustc);
    project.write_script(&format!("{name}/bin/cargo"), &format!("#!/bin/sh\ncat '{}/'$1\n", directory.display()));
    format!("{}:{}", directory.join("bin").display(), std::env::var("PATH").unwrap_or_default())
}

/// A component's module, with its world in a custom section, as a compiler leaves it.
fn module_of(component: &[u8]) -> Vec<u8> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else { unreachable!() };
    let payloads = Parser::new(0).parse_all(component);
    let range = payloads.filter_map(|payload| match payload.unwrap() {
        Payload::ModuleSection { unchecked_range, .. } => Some(unchecked_range),
        _ => None,
    });
    let mut module = component[range.into_iter().next().unwrap()].to_vec();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

/// Runs commands, and looks at what they print.
struct Commands<'a> {
    project: &'a Project,
    document: Document,
    /// By the headings of their sections.
    keys: BTreeMap<String, Keys>,
}

impl Commands<'_> {
    fn look_at(&mut self, heading: &str, value: &Value) {
        self.keys.entry(heading.to_owned()).or_insert_with(|| self.document.keys(heading)).look_at(value);
    }

    fn run(&mut self, command: &str, args: &[&str]) {
        self.run_with(command, args, &[]);
    }

    fn run_with(&mut self, command: &str, args: &[&str], variables: &[(&str, &str)]) {
        let words: Vec<&str> = command.split(' ').chain(args.iter().copied()).chain(["--format", "json"]).collect();
        let run = self.project.flistry_with(&words, variables).ok();
        assert!(run.stdout.starts_with("{\n  \"schema\": 1,\n"), "{command}: {}", run.stdout);
        self.look_at(command, &serde_json::from_str(&run.stdout).unwrap());
        for line in run.stderr.lines().filter(|line| line.starts_with("{\"schema\":1,\"warning\"")) {
            self.look_at("Errors and warnings", &serde_json::from_str(line).unwrap());
        }
    }

    fn error(&mut self, args: &[&str]) {
        let run = self.project.flistry(&[args, &["--format", "json"]].concat());
        assert_eq!((run.code, &*run.stdout, run.stderr.lines().count()), (1, "", 1), "an error is one line");
        self.look_at("Errors and warnings", &serde_json::from_str(&run.stderr).unwrap());
    }
}

fn plugin_commands(commands: &mut Commands) {
    let [new, data, modules] = ["new", "data", MODULES].map(|name| commands.project.path(name));
    let [new, data, modules] = [&new, &data, &modules].map(|path| path.to_str().unwrap());
    let every_hook = repository(EVERY_HOOK);
    commands.run("plugin new", &["some-plugin", "--hook", "filter", "--dir", new]);
    for (name, built) in [
        // It answers, it does not take a plain tree, it needs a configuration.
        ("path-filter", "plugins/built/path-filter.wasm"),
        ("modules-select", "plugins/built/modules-select.wasm"),
        ("fork-filter", "tests/plugins/built/fork-filter.wasm"),
    ] {
        let path = stand_in_compiler(commands.project, name, &repository(built));
        commands.run_with("plugin build", &[commands.project.path(name).to_str().unwrap()], &[("PATH", &path)]);
    }
    commands.run("plugin check", &["builtin:zos-naming"]);
    commands.run("plugin check", &["builtin:modules-select"]);
    commands.run("plugin run", &[every_hook.to_str().unwrap(), "--tree", data]);
    let rules = r#"{"rules": [{"include": {"directory": "kernel"}}]}"#;
    commands.run("plugin run", &["builtin:modules-select", "--config", rules, "--tree", modules]);
    commands.run("plugin run", &["builtin:path-filter", "--tree", data]);
    commands.run("plugin list", &[]);
}

/// What `verify` prints of an flist that lacks a blob: a finding names its file and its blob.
fn verified_without_a_blob() -> Value {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let flist = project.path("dist/flists/data.fl");
    let manifest = flistry::manifest::read(&std::fs::read(&flist).unwrap()).unwrap();
    let (block, entry) = manifest.blobs()[0];
    let blob = block.id.hex();
    let shares = std::fs::read_dir(project.path("dist/blobs")).unwrap();
    let mut blobs = shares.flat_map(|share| std::fs::read_dir(share.unwrap().path()).unwrap());
    let missing = blobs.find(|file| file.as_ref().unwrap().path().ends_with(&blob)).unwrap();
    std::fs::remove_file(missing.unwrap().path()).unwrap();

    let run = project.flistry(&["verify", flist.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let path = manifest.tree.path(entry);
    let message = format!("/{path}: {blob} is missing in dir://PROJECT/dist/blobs");
    let finding = json!({ "kind": "blob", "path": path, "blob": blob, "message": message });
    assert_eq!((&value["ok"], &value["findings"]), (&json!(false), &json!([finding])));
    value
}

/// What a command says of several flists: of each what it says of one, and of the rest why not.
fn several(commands: &mut Commands, command: &str, flists: &[&str]) {
    let run = commands.project.flistry(&[&[command], flists, &["/nowhere.fl", "--format", "json"]].concat());
    assert_eq!(run.code, 1, "{}", run.stderr);
    let mut value: Value = serde_json::from_str(&run.stdout).unwrap();
    let files = std::mem::replace(&mut value["files"], json!([]));
    for (file, flist) in files.as_array().unwrap().iter().zip(flists) {
        let mut file = file.clone();
        assert_eq!(file["file"], flist.replace(commands.project.path("").to_str().unwrap(), "PROJECT/"));
        file["schema"] = json!(1);
        commands.look_at(command, &file);
    }
    assert_eq!(files.as_array().unwrap().len(), flists.len());
    let error = "cannot read /nowhere.fl: No such file or directory (os error 2)";
    assert_eq!(value["failed"], json!([{ "file": "/nowhere.fl", "error": error, "hint": "check the path" }]));
    commands.look_at("Several flists", &value);
    commands.look_at("Errors and warnings", &serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap());
}

#[test]
fn the_document_has_every_key_and_no_other() {
    let project = project();
    let names = ["dist/flists/data-6.12.44-Zero-OS.fl", "elsewhere", "tree", "pages", "zinit"];
    let paths = names.map(|name| project.path(name));
    let [flist, elsewhere, tree, pages, zinit] = paths.each_ref().map(|p| p.to_str().unwrap());
    let golden = repository("tests/golden/basic.fl");
    let golden = golden.to_str().unwrap();

    let mut commands = Commands { project: &project, document: Document::read(), keys: BTreeMap::new() };
    commands.run("plan", &[]);
    commands.run("build", &[]);
    for name in ["data", "modules"] {
        let report = project.report(&format!("{name}-6.12.44-Zero-OS.fl"));
        commands.look_at("The report of a build", &report);
    }
    commands.run("kernel-version", &[]);
    commands.run("default-config", &[]);
    commands.run("inspect", &[flist]);
    commands.run("tree", &[flist]);
    commands.run("tree", &[golden]);
    commands.run("diff", &[flist, golden]);
    commands.run("explain", &[flist, "one"]);
    commands.run("explain", &[flist, "notes.drop"]);
    commands.run("verify", &[flist]);
    commands.look_at("verify", &verified_without_a_blob());
    for command in ["inspect", "tree", "verify"] {
        several(&mut commands, command, &[flist, flist]);
    }
    commands.run("route show", &[flist]);
    commands.run("route patch", &[flist]);
    commands.run("publish", &[flist, "--to", elsewhere]);
    commands.run("unpack", &[flist, tree]);
    commands.run("zinit", &["--output", zinit]);
    commands.run("zinit", &["--output", zinit, "--check"]);
    plugin_commands(&mut commands);
    commands.run("completions", &["bash"]);
    commands.run("man", &[]);
    commands.run("man", &["--output", pages]);
    commands.error(&["inspect", "/nowhere"]);

    let Commands { document, keys, .. } = commands;
    let headings = keys.keys().map(|heading| heading.to_lowercase().replace(' ', "-"));
    let looked_at: Vec<String> = headings.collect();
    let shared = document.shared();
    let forgotten =
        document.anchors().filter(|anchor| !looked_at.iter().any(|a| a == anchor) && !shared.contains(anchor));
    assert_eq!(forgotten.collect::<Vec<_>>(), [""; 0], "sections of docs/json.md that nothing was compared with");
    let breaches = keys
        .into_iter()
        .flat_map(|(heading, keys)| keys.breaches().into_iter().map(move |breach| format!("{heading}: {breach}")));
    let expected = NOT_MADE.map(|path| format!("plugin run: {path} is documented and was never seen"));
    assert_eq!(breaches.collect::<Vec<_>>(), expected);
}

/// The commands of the program, from its own help.
#[test]
fn every_command_has_a_section() {
    let document = Document::read();
    let anchors: Vec<&str> = document.anchors().collect();
    let project = Project::plain();
    let help = project.flistry(&["--help"]).ok().stdout;
    let commands = |help: &str| {
        let (_, rest) = help.split_once("Commands:\n").unwrap();
        let lines = rest.lines().take_while(|line| line.starts_with("  "));
        let names = lines.filter(|line| !line.starts_with("   ")).map(|line| line.split_whitespace().next().unwrap());
        names.filter(|name| *name != "help").map(str::to_owned).collect::<Vec<_>>()
    };
    for command in commands(&help) {
        if command == "route" || command == "plugin" {
            for sub in commands(&project.flistry(&[&command, "--help"]).ok().stdout) {
                assert!(anchors.contains(&&*format!("{command}-{sub}")), "{command} {sub}");
            }
        } else {
            assert!(anchors.contains(&&*command), "{command}");
        }
    }
}
