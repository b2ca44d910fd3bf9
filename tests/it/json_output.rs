//! What the commands print with `--format json`: docs/json.md names every key, and `schema` comes first.

use serde_json::Value;

use crate::support::project::Project;
use crate::support::repository;

/// The keys that are missing from the section `heading` of docs/json.md.
fn undocumented<'a>(heading: &str, value: &'a Value) -> Vec<&'a String> {
    let page = std::fs::read_to_string(repository("docs/json.md")).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = rest.split("\n## ").next().unwrap();
    let names = |key: &&String| ["`", ".", "["].iter().any(|end| section.contains(&format!("`{key}{end}")));
    value.as_object().unwrap().keys().filter(|key| *key != "schema" && !names(key)).collect()
}

#[test]
fn every_key_is_documented() {
    let project = Project::plain();
    let names = ["dist/flists/data.fl", "elsewhere", "tree", "data"].map(|name| project.path(name));
    let [flist, elsewhere, tree, data] = names.each_ref().map(|path| path.to_str().unwrap());
    let commands: &[(&str, &[&str])] = &[
        ("build", &[]),
        ("plan", &[]),
        ("kernel-version", &[]),
        ("default-config", &[]),
        ("inspect", &[flist]),
        ("tree", &[flist]),
        ("diff", &[flist, flist]),
        ("explain", &[flist, "one"]),
        ("verify", &[flist]),
        ("route show", &[flist]),
        ("route patch", &[flist]),
        ("publish", &[flist, "--to", elsewhere]),
        ("unpack", &[flist, tree]),
        ("plugin new", &["some-plugin", "--hook", "filter", "--dir", data]),
        ("plugin check", &["builtin:zos-naming"]),
        ("plugin run", &["builtin:path-filter", "--tree", data]),
        ("plugin list", &[]),
        ("completions", &["bash"]),
        ("man", &[]),
    ];
    for (command, args) in commands {
        let words: Vec<&str> = command.split(' ').chain(args.iter().copied()).chain(["--format", "json"]).collect();
        let stdout = project.flistry(&words).ok().stdout;
        assert!(stdout.starts_with("{\n  \"schema\": 1,\n"), "{command}: {stdout}");
        let value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(undocumented(&format!("`{command}`"), &value), [""; 0], "{command}");
    }
    assert_eq!(undocumented("The report of a build", &project.report("data.fl")), [""; 0]);
}

#[test]
fn an_error_is_one_line_on_standard_error() {
    let run = Project::plain().flistry(&["inspect", "/nowhere", "--format", "json"]);
    let value: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.code, &*run.stdout, run.stderr.lines().count()), (1, "", 1));
    assert_eq!(value["schema"], 1);
    assert_eq!(undocumented("Errors and warnings", &value), [""; 0]);
}
