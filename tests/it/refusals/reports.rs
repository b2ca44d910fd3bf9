//! A report that is there and can't be used is never taken for none: what is in it would be lost without a word.

use super::*;

const REPORT: &str = "dist/flists/data.fl.report.json";

/// A report, by the text that is put in its place; with `None` a directory is.
struct Spoilt {
    text: Option<&'static str>,
    error: &'static str,
    hint: &'static str,
}

const SPOILT: [Spoilt; 4] = [
    Spoilt {
        text: Some("{"),
        error: "PROJECT/dist/flists/data.fl.report.json is not the report of a build: \
                EOF while parsing an object at line 1 column 1",
        hint: "build again; if it is not an flist's report, move it elsewhere",
    },
    Spoilt {
        text: Some(r#"{ "format": 1 }"#),
        error: "PROJECT/dist/flists/data.fl.report.json is not the report of a build: \
                missing field `schema` at line 1 column 15",
        hint: "build again; if it is not an flist's report, move it elsewhere",
    },
    Spoilt {
        text: Some(r#"{ "schema": 2, "flist": ["data"] }"#),
        error: "PROJECT/dist/flists/data.fl.report.json is a report of schema 2; this flistry reads schema 1",
        hint: "build again, or use the version of flistry that built the flist",
    },
    Spoilt {
        text: None,
        error: "cannot read the report PROJECT/dist/flists/data.fl.report.json: it is not a regular file",
        hint: "make it a file that this user may read, or remove it and build again: a build writes a new one",
    },
];

/// A project with a finished build whose report is spoilt.
fn project_with(report: &Spoilt) -> Project {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    std::fs::remove_file(project.path(REPORT)).unwrap();
    match report.text {
        Some(text) => project.write(REPORT, text),
        None => std::fs::create_dir(project.path(REPORT)).unwrap(),
    }
    project
}

/// The files in the directory of finished flists, with their bytes.
fn finished(project: &Project) -> Vec<(String, Option<Vec<u8>>)> {
    let read = |name: String| (name.clone(), std::fs::read(project.path("dist/flists").join(name)).ok());
    project.names("dist/flists").into_iter().map(read).collect()
}

#[test]
fn a_report_that_cannot_be_used_ends_every_command_that_reads_it_and_nothing_is_changed() {
    for report in &SPOILT {
        let project = project_with(report);
        let before = finished(&project);
        let [flist, alias, elsewhere] = ["dist/flists/data.fl", "dist/flists/data-latest.fl", "elsewhere"]
            .map(|name| project.path(name).into_os_string().into_string().unwrap());
        let commands: [&[&str]; 7] = [
            &["publish", &flist, "--to", &elsewhere],
            &["publish", &flist, "--to", &elsewhere, "--no-aliases"],
            &["route", "patch", &flist, "--route", "http://a:80/b"],
            &["route", "patch", &alias, "--route", "http://a:80/b"],
            &["explain", &alias, "one"],
            &["verify", &flist, "--level", "source"],
            &["verify", &flist, "--source", &elsewhere],
        ];
        for command in commands {
            project.flistry(command).fails(1, report.error, report.hint);
            assert_eq!(finished(&project), before, "{command:?}");
        }
        assert_eq!(project.names("elsewhere"), [""; 0]);
        // What does not need the report does not look at it.
        project.flistry(&["verify", &flist]).ok();
    }
}

#[test]
fn a_name_that_no_flist_can_have_makes_a_report_useless() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let text = std::fs::read_to_string(project.path(REPORT)).unwrap();
    project.write(REPORT, &text.replace("\"data-latest.fl\"", r#""../escape\u001b.fl""#));
    let flist = project.path("dist/flists/data.fl");
    let run = project.flistry(&["publish", flist.to_str().unwrap(), "--to", "elsewhere"]);
    run.fails(
        1,
        &format!(
            "PROJECT/dist/flists/data.fl.report.json is not the report of a build: \
             `../escape\\u{{1b}}.fl` cannot be the name of an flist at line {} column 1",
            text.lines().count()
        ),
        "build again; if it is not an flist's report, move it elsewhere",
    );
}

#[test]
fn a_build_replaces_a_report_that_cannot_be_used() {
    let project = project_with(&SPOILT[0]);
    project.flistry(&["build"]).ok();
    assert_eq!(project.report("data.fl")["file"], "data.fl");
}

#[test]
fn an_flist_without_a_report_is_patched_and_published_under_its_own_name() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    // With `.report.json` behind it, this name is longer than any file's can be.
    let name = format!("{}.flist", "x".repeat(245));
    std::fs::copy(project.path("dist/flists/data.fl"), project.path(&name)).unwrap();
    let file = project.path(&name).into_os_string().into_string().unwrap();
    project.flistry(&["route", "patch", &file, "--route", "http://a:80/b"]).ok();
    assert_eq!(project.flistry(&["route", "show", &file]).ok().stdout, "00-ff http://a:80/b\n");

    std::fs::remove_file(project.path(REPORT)).unwrap();
    let [flist, elsewhere] = ["dist/flists/data.fl", "elsewhere"].map(|name| project.path(name));
    project.flistry(&["publish", flist.to_str().unwrap(), "--to", elsewhere.to_str().unwrap()]).ok();
    assert_eq!(project.names("elsewhere"), ["data.fl", "data.fl.sha256"]);
}
