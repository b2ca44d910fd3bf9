//! Sources that can't be packed.

use super::*;

#[test]
fn a_missing_source() {
    let project = Project::plain();
    std::fs::remove_dir_all(project.path("data")).unwrap();
    build_fails(
        &project,
        1,
        "flist `data` has no source: PROJECT/data does not exist",
        "run the step that makes it, or change `source` of [flist.data] in config/flistry.toml",
    );
}

#[test]
fn a_source_that_is_a_file() {
    let project = Project::plain();
    std::fs::remove_dir_all(project.path("data")).unwrap();
    project.write("data", "");
    build_fails(
        &project,
        1,
        "cannot open the source directory PROJECT/data: Not a directory (os error 20)",
        "PROJECT/data must be a directory that this user may read",
    );
}

#[test]
fn modules_of_another_kernel() {
    let project = Project::sample();
    project.write("config/build.conf", "KERNEL_VERSION=6.12.45\n");
    let modules = project.path("lib/modules");
    std::fs::rename(modules.join("6.12.44-Zero-OS"), modules.join("6.12.45-Zero-OS")).unwrap();
    let run = project.flistry(&["build", "modules"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains(" was built for kernel 6.12.44-Zero-OS, this build is for 6.12.45-Zero-OS\n"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("hint: rebuild the modules, or correct KERNEL_VERSION in config/build.conf"));
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

#[test]
fn a_tree_without_modules() {
    let project = Project::plain();
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write("config/flistry.toml", &config.replace("plain", "modules"));
    build_fails(
        &project,
        1,
        "flist `data` would hold no kernel module: PROJECT/data has none",
        "`make modules_install` fills it; `contents = \"plain\"` packs any tree; `allow-empty = true` of [flist.data] builds it \
         without a kernel module",
    );
}

#[test]
fn entries_that_an_flist_cannot_hold() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let project = Project::plain();
    let _socket = std::os::unix::net::UnixListener::bind(project.path("data/a-socket")).unwrap();
    std::fs::write(project.path("data").join(OsStr::from_bytes(b"b\xff")), "").unwrap();
    build_fails(
        &project,
        1,
        "2 entries can't be packed:\n  \"a-socket\": a socket can't be packed\n  \
         \"b\\xFF\": its name is not UTF-8, so that no node could look it up",
        "remove them from the source, or let a filter drop them",
    );
    // What is left out does not matter.
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write_toml_without(&config, &["a-socket", "b*"]);
    project.flistry(&["build"]).ok();
}

#[test]
fn files_that_the_user_may_not_read() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::plain();
    let forbid = |name: &str| {
        std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o000)).unwrap();
    };
    forbid("data/sub/two");
    project.flistry_as_nobody(&["build"]).fails(
        1,
        "cannot read PROJECT/data/sub/two: Permission denied (os error 13)",
        "the user who builds must be able to read it; a filter can drop it",
    );
    forbid("data/sub/deep");
    project.flistry_as_nobody(&["build"]).fails(
        1,
        "1 entry can't be packed:\n  \"sub/deep\": it can't be read: Permission denied (os error 13)",
        "remove them from the source, or let a filter drop them",
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

#[test]
fn the_projects_own_files() {
    let server = S3Server::start();
    let project = Project::plain_on(&server);
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let holds_the_write_key = |entry: &str| {
        let what = "flist `data` would hold the write key: PROJECT/config/rfs.conf lies in its source, as";
        let hint =
            "take it out of the source, or pack another directory: plugins could read it before a filter drops it";
        build_fails(&project, 2, &format!("{what} {entry}"), hint);
    };
    project.write("config/flistry.toml", &config.replace("[\"data\"]", "[\"config\"]"));
    holds_the_write_key("rfs.conf");
    // A symlink to the same file under another name is the same file.
    project.write("config/flistry.toml", &config);
    std::fs::hard_link(project.path("config/rfs.conf"), project.path("data/sub/innocent")).unwrap();
    holds_the_write_key("sub/innocent");
    // The filter that drops it could read it.
    project.write_toml_without(&config, &["sub/innocent"]);
    holds_the_write_key("sub/innocent");
    std::fs::remove_file(project.path("data/sub/innocent")).unwrap();
    let all = config.replace("[\"data\"]", "[\".\"]");
    project.write_toml_without(&all, &["config/rfs.conf"]);
    holds_the_write_key("config/rfs.conf");
    // What a build writes would be in the next one.
    std::fs::remove_file(project.path("config/rfs.conf")).unwrap();
    let hint = "pack a directory that does not hold it, or let a filter drop it";
    build_fails(
        &project,
        2,
        "flist `data` would hold the finished flists: PROJECT/dist/flists lies in its source",
        hint,
    );
    project.write_toml_without(&all, &["dist"]);
    project.flistry(&["build"]).ok();
}

#[test]
fn a_module_that_is_larger_than_any() {
    let project = Project::plain();
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write("config/flistry.toml", &config.replace("plain", "modules"));
    let huge = std::fs::File::create(project.path("data/a.ko")).unwrap();
    huge.set_len(3 << 30).unwrap();
    build_fails(
        &project,
        1,
        "cannot read PROJECT/data/a.ko: 3221225472 bytes are too much for a module",
        "it must be a file that this user may read",
    );
}

#[test]
fn a_symlink_whose_target_is_left_out() {
    let project = Project::plain();
    std::os::unix::fs::symlink("sub/two", project.path("data/link")).unwrap();
    std::os::unix::fs::symlink("nowhere", project.path("data/dangling")).unwrap();
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write_toml_without(&config, &["sub"]);
    build_fails(
        &project,
        1,
        "the symlink link would dangle without sub/two, which plugin `leave-out` dropped (rule 1: exclude `sub`)",
        "let a filter drop link as well, or correct what `leave-out` drops",
    );
}
