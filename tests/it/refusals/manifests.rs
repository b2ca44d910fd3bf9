//! Flists, and what they refer to, that are broken.

use super::*;

fn damaged(project: &Project, args: &[&str], contains: &str) {
    let run = project.flistry(args);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(contains), "{}", run.stdout);
}

#[test]
fn a_file_that_is_not_an_flist() {
    let project = Project::plain();
    let file = project.path("data/one");
    for command in ["inspect", "tree", "verify"] {
        project.flistry(&[command, file.to_str().unwrap()]).fails(
            1,
            "PROJECT/data/one: it is not an flist: it is not an SQLite file",
            "give the path of a .fl file",
        );
    }
}

#[test]
fn a_file_that_is_not_there() {
    let project = Project::plain();
    let file = project.path("none.fl");
    project.flistry(&["inspect", file.to_str().unwrap()]).fails(
        1,
        "cannot read PROJECT/none.fl: No such file or directory (os error 2)",
        "check the path",
    );
}

#[test]
fn a_truncated_flist() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    for command in ["inspect", "verify"] {
        let run = project.flistry(&[command, file.to_str().unwrap()]);
        assert_eq!(run.code, 3, "{}", run.stderr);
        assert!(run.stderr.contains("data.fl: it is truncated: its header promises"), "{}", run.stderr);
    }
}

#[test]
fn a_route_of_a_kind_that_cannot_be_read() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute("UPDATE route SET url = 'zdb://hub:9900/default'", []).unwrap();
    drop(db);
    let file = file.to_str().unwrap();
    let run = project.flistry(&["verify", file]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("zdb") && run.stderr.contains("--store"), "{}", run.stderr);
    // It can be looked at, and read from elsewhere.
    project.flistry(&["inspect", file]).ok();
    let store = project.path("dist/blobs");
    project.flistry(&["verify", file, "--store", store.to_str().unwrap()]).ok();
}

#[test]
fn control_characters_are_not_printed() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute("UPDATE inode SET name = ? WHERE name = 'one'", ["one\u{1b}[2J\n+ /forged"]).unwrap();
    db.execute("INSERT INTO tag VALUES ('k\u{7}', 'v\u{1b}[0m')", []).unwrap();
    db.execute("UPDATE route SET url = 'zdb://h:9900/ns\u{1b}?password=topsecret'", []).unwrap();
    drop(db);
    let file = file.to_str().unwrap();
    let store = project.path("dist/blobs");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::create_dir(&store).unwrap();
    let store = store.to_str().unwrap();
    for args in [
        &["tree", file][..],
        &["tree", "--long", file],
        &["inspect", file],
        &["route", "show", file],
        &["verify", file, "--store", store],
        &["verify", file, "--store", store, "--source", project.path("data").to_str().unwrap()],
        &["unpack", file, project.path("out").to_str().unwrap(), "--store", store],
    ] {
        let run = project.flistry(args);
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{args:?}: {text:?}");
            assert!(!text.contains("\n+ /forged") && !text.contains("topsecret"), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn missing_and_damaged_blobs_are_named_with_a_file_that_needs_them() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let file = file.to_str().unwrap();
    let blobs = flistry::manifest::read(&std::fs::read(file).unwrap()).unwrap().blobs();
    let path = |index: usize| {
        let id = blobs[index].0.id.hex();
        project.path(&format!("dist/blobs/{}/{id}", &id[..2]))
    };
    let mut bytes = std::fs::read(path(0)).unwrap();
    bytes[5] ^= 1;
    std::fs::write(path(0), bytes).unwrap();
    std::fs::remove_file(path(1)).unwrap();

    let id = blobs[1].0.id.hex();
    damaged(
        &project,
        &["verify", file, "--level", "presence"],
        &format!("{id} is missing in dir://PROJECT/dist/blobs"),
    );
    let id = blobs[0].0.id.hex();
    damaged(&project, &["verify", file], &format!("blob {id} is damaged: its bytes do not hash to its id"));
    let run = project.flistry(&["unpack", file, project.path("out").to_str().unwrap()]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    // A build puts back what is missing; what is damaged it would only find by reading everything.
    std::fs::remove_file(path(0)).unwrap();
    project.flistry(&["build"]).ok();
    project.flistry(&["verify", file, "--level", "full"]).ok();
}

#[test]
fn a_source_that_has_changed() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    project.write("data/one", "2");
    project.write("data/more", "");
    std::fs::remove_file(project.path("data/sub/two")).unwrap();
    let file = project.path("dist/flists/data.fl");
    let run = project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]);
    assert_eq!(run.code, 3);
    for line in
        ["differs from the source: - /more", "differs from the source: + /sub/two", "differs from the source: ~ /one ("]
    {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
}

#[test]
fn no_stock_rfs() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let args = ["verify", file.to_str().unwrap(), "--with-rfs"];
    project.flistry_with(&args, &[("PATH", "/nowhere")]).fails(
        1,
        "stock rfs was not found",
        "set RFS_BIN to the rfs binary, put it in PATH, or build it at \
         components/rfs/target/x86_64-unknown-linux-musl/release/rfs in the project",
    );
    project.flistry_with(&args, &[("RFS_BIN", "/no/rfs")]).fails(
        1,
        "stock rfs was not found: RFS_BIN names /no/rfs, which is not a program",
        "set RFS_BIN to the rfs binary, put it in PATH, or build it at \
         components/rfs/target/x86_64-unknown-linux-musl/release/rfs in the project",
    );
}
