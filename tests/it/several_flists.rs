//! Commands that take several flists: each is looked at, and one that is bad hides no other.

use crate::support::project::{Project, Run};

/// A project with the flist `data.fl` and one that is broken.
fn project() -> Project {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    project.write("broken.fl", "no flist");
    project
}

fn run(project: &Project, command: &[&str], files: &[&str]) -> Run {
    let paths: Vec<String> = files.iter().map(|file| project.path(file).to_str().unwrap().to_owned()).collect();
    project.flistry(&[command, &paths.iter().map(String::as_str).collect::<Vec<_>>()].concat())
}

const DATA: &str = "dist/flists/data.fl";
const LATEST: &str = "dist/flists/data-latest.fl";

fn is_told(run: &Run) {
    assert!(run.stderr.starts_with("error: PROJECT/broken.fl: "), "{}", run.stderr);
    assert!(run.stderr.contains("\n  hint: "), "{}", run.stderr);
}

#[test]
fn each_flist_is_verified_and_a_bad_one_hides_no_other() {
    let project = project();
    let run = run(&project, &["--quiet", "verify"], &["broken.fl", DATA, LATEST]);
    let line = |file: &str| format!("verified PROJECT/{file} at level sample: 3 blobs, 3 of them fetched and proven\n");
    assert_eq!(run.stdout, line(DATA) + &line(LATEST));
    is_told(&run);
    assert_eq!(run.code, 1);
}

#[test]
fn the_worst_decides_the_exit_code() {
    let project = project();
    let all = |files: &[&str]| run(&project, &["--quiet", "verify"], files).code;
    assert_eq!(all(&[DATA, LATEST]), 0);
    std::fs::copy(project.path(DATA), project.path("good.fl")).unwrap();
    project.write("data/one", "another");
    project.flistry(&["build"]).ok();
    let rewritten = flistry::manifest::read(&std::fs::read(project.path(DATA)).unwrap()).unwrap();
    let before = flistry::manifest::read(&std::fs::read(project.path("good.fl")).unwrap()).unwrap();
    let shared: Vec<_> = before.blobs().into_iter().map(|(block, _)| block.id).collect();
    let (block, _) = rewritten.blobs().into_iter().find(|(block, _)| !shared.contains(&block.id)).unwrap();
    let hex = block.id.hex();
    std::fs::remove_file(project.path(&format!("dist/blobs/{}/{hex}", &hex[..2]))).unwrap();
    assert_eq!(all(&[DATA]), 3);
    assert_eq!(all(&["good.fl", DATA]), 3);
    assert_eq!(all(&[DATA, "broken.fl", "good.fl"]), 3);
    assert_eq!(all(&["broken.fl", "good.fl"]), 1);
}

#[test]
fn each_flist_is_summarised_and_listed_under_its_name() {
    let project = project();
    let run_with = |command: &str, files: &[&str]| run(&project, &[command], files);
    let one = run_with("inspect", &[DATA]).ok().stdout;
    let other = run_with("inspect", &[LATEST]).ok().stdout;
    let both = run_with("inspect", &[DATA, "broken.fl", LATEST]);
    assert_eq!(both.stdout, format!("{one}\n{other}"));
    is_told(&both);
    assert_eq!(both.code, 1);

    let tree = run_with("tree", &[DATA]).ok().stdout;
    assert!(tree.starts_with("/\n"), "{tree}");
    let both = run_with("tree", &[DATA, "broken.fl", LATEST]);
    assert_eq!(both.stdout, format!("PROJECT/{DATA}:\n{tree}\nPROJECT/{LATEST}:\n{tree}"));
    is_told(&both);
    assert_eq!(both.code, 1);
}

/// What a store says does not name the flist.
#[test]
fn an_error_names_the_flist_that_it_is_about() {
    let project = project();
    let run = run(&project, &["--quiet", "verify", "--store", "dir:///nowhere"], &[DATA, LATEST]);
    let about: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(about.len(), 2, "{}", run.stderr);
    assert!(about[0].starts_with(&format!("error: PROJECT/{DATA}: dir:///nowhere: ")), "{}", about[0]);
    assert!(about[1].starts_with(&format!("error: PROJECT/{LATEST}: dir:///nowhere: ")), "{}", about[1]);
}

#[test]
fn one_source_is_not_that_of_several_flists() {
    let project = project();
    let run = run(&project, &["verify", "--source", "data"], &[DATA, LATEST]);
    run.fails(
        2,
        "--source names the directory of one flist, and there are 2 flists",
        "verify one after the other; --level source compares each with the directory that its report names",
    );
}
