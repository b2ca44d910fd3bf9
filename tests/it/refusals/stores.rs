//! Stores, keys, routes and directories that don't do.

use super::*;

#[test]
fn a_server_that_is_not_there() {
    let project = Project::plain();
    let server = S3Server::start();
    let conf = rfs_conf(&server).replace(&address(&server), "127.0.0.1:1");
    project.write_rfs_conf(&conf);
    let run = project.flistry(&["build"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains(&format!(
            "error: s3://127.0.0.1:1/{BUCKET}/flists/test can't be connected to: Connection refused"
        )),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("hint: check host and port, that the server runs"));
}

#[test]
fn a_wrong_write_key() {
    let server = S3Server::start();
    let project = Project::plain();
    project.write_rfs_conf(&rfs_conf(&server).replace(WRITE_KEY.1, "5ec4e7cccc"));
    build_fails(
        &project,
        1,
        &format!("s3://{}/{BUCKET}/flists/test refused: the secret key does not fit the access key", address(&server)),
        "check the secret key; one that holds / ? # @ : or brackets is easily damaged in a URL",
    );
}

#[test]
fn a_bucket_that_does_not_exist() {
    let server = S3Server::start();
    let project = Project::plain();
    project.write_rfs_conf(&rfs_conf(&server).replace(&format!("S3_BUCKET={BUCKET}"), "S3_BUCKET=elsewhere"));
    build_fails(
        &project,
        1,
        &format!("s3://{}/elsewhere/flists/test: there is no bucket \"elsewhere\"", address(&server)),
        "make the bucket \"elsewhere\", or correct S3_BUCKET in config/rfs.conf; in a store URL, it is the first part of the \
         path",
    );
}

#[test]
fn a_route_that_leads_elsewhere() {
    let server = S3Server::start();
    let project = Project::plain();
    let conf =
        rfs_conf(&server).replace(&format!("ROUTE_PATH=/{BUCKET}/flists/test"), &format!("ROUTE_PATH=/{BUCKET}"));
    project.write_rfs_conf(&conf);
    let first = lowest_blob(&server);
    let address = address(&server);
    let run = project.flistry(&["build"]);
    let first = first.unwrap_or_else(|| lowest_blob(&server).unwrap());
    run.fails(
        1,
        &format!(
            "the route does not lead to the blobs: 3 of 3 are not there, the first is {first}\n  \
             the route:    s3://{}:***@{address}/{BUCKET}?region=garage\n  \
             written to:   s3://***:***@{address}/{BUCKET}/flists/test?region=garage",
            READ_KEY.0
        ),
        &format!("ROUTE_PATH=/{BUCKET}/flists/test in config/rfs.conf would work"),
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

fn lowest_blob(server: &S3Server) -> Option<String> {
    let entries = std::fs::read_dir(server.bucket_directory().join("flists/test")).ok()?;
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name.len() == 64).min()
}

#[test]
fn a_read_key_that_is_not_known() {
    let server = S3Server::start();
    let project = Project::plain();
    project.write_rfs_conf(&rfs_conf(&server).replace(READ_KEY.0, "GKnobody"));
    let run = project.flistry(&["build"]);
    run.fails(
        1,
        &format!(
            "the flist can't be read through its route s3://GKnobody:***@{0}/{BUCKET}/flists/test?region=garage: \
             s3://{0}/{BUCKET}/flists/test refused: it does not know the access key",
            address(&server)
        ),
        "check the access key's id, and that the key is for this server",
    );
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

#[test]
fn a_read_key_that_can_write() {
    let server = S3Server::start_with_writing_reader();
    let project = Project::plain_on(&server);
    build_fails(
        &project,
        1,
        &format!(
            "the read key can write to s3://{}:***@{}/{BUCKET}/flists/test?region=garage: \
             every node would hold a key that can replace what others read",
            READ_KEY.0,
            address(&server)
        ),
        "make READ_ACCESS_KEY a key of its own: garage bucket allow --read BUCKET --key KEY",
    );
}

#[test]
fn a_read_key_that_can_write_is_found_though_there_is_nothing_to_read() {
    let server = S3Server::start_with_writing_reader();
    let project = Project::plain_on(&server);
    project.write("config/flistry.toml", &PLAIN_TOML.replace("naming =", "allow-empty = true\nnaming ="));
    std::fs::remove_dir_all(project.path("data")).unwrap();
    std::fs::create_dir(project.path("data")).unwrap();
    let run = project.flistry(&["build"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: the read key can write to s3://"), "{}", run.stderr);
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

#[test]
fn a_revoked_key_is_not_damage() {
    let server = S3Server::start();
    let project = Project::plain_on(&server);
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let endpoint = &server.url("", READ_KEY).endpoint;
    let route = format!("s3://GKgone:secret@{}:{}/{BUCKET}/flists/test", endpoint.host, endpoint.port);
    project.flistry(&["route", "patch", file.to_str().unwrap(), "--route", &route]).ok();
    for level in ["presence", "sample", "full"] {
        let run = project.flistry(&["verify", file.to_str().unwrap(), "--level", level]);
        assert_eq!(run.code, 1, "{level}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_later_flist_that_fails_does_not_hide_an_earlier_one() {
    let project = Project::plain();
    let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    project.write(
        "config/flistry.toml",
        &format!(
            "{config}{}",
            config.replace("data", "more").replace("plugin.name", "plugin.other").replace("\"name\"", "\"other\"")
        ),
    );
    project.write("more/file", "x");
    project.write("dist/flists/more.fl/in-the-way", "");
    let run = project.flistry(&["build"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("built data\n"), "{}", run.stdout);
    assert!(run.stderr.contains("error: cannot write PROJECT/dist/flists/more.fl: "), "{}", run.stderr);
    assert!(run.stderr.ends_with("move it away, or name another file\n"), "{}", run.stderr);
}

#[test]
fn an_output_directory_that_cannot_be_written() {
    let project = Project::plain();
    project.write("dist/flists", "a file where the directory should be");
    let run = project.flistry(&["build"]);
    run.fails(
        1,
        "cannot write PROJECT/dist/flists: File exists (os error 17)",
        "there is a file where a directory is needed: move it away, or name another directory",
    );
}

#[test]
fn a_route_that_is_patched_into_a_directory_that_is_not_there() {
    let project = Project::plain();
    project.flistry(&["build"]).ok();
    let [flist, output, blocked] = ["dist/flists/data.fl", "gone/data.fl", "dist/flists"]
        .map(|name| project.path(name).into_os_string().into_string().unwrap());
    let patch = ["route", "patch", &flist, "--route", "http://a:80/b", "-o"];
    project.flistry(&[&patch[..], &[&output]].concat()).fails(
        1,
        "cannot write PROJECT/gone: No such file or directory (os error 2)",
        "the directory must exist: make it, or name another one",
    );
    project.flistry(&[&patch[..], &[&blocked]].concat()).fails(
        1,
        "cannot write PROJECT/dist/flists: Is a directory (os error 21)",
        "there is a directory of the file's name: move it away, or name another file",
    );
}

#[test]
fn an_output_directory_that_this_user_may_not_write_to() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::plain();
    project.write("dist/flists/kept", "");
    for (name, mode) in [("dist", 0o777), ("dist/flists", 0o555)] {
        std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    project.flistry_as_nobody(&["build"]).fails(
        1,
        "cannot write PROJECT/dist/flists/data.fl: Permission denied (os error 13)",
        "the directory must be one that this user may write to",
    );
}

#[test]
fn a_store_directory_that_cannot_be_written() {
    let project = Project::plain();
    project.write("dist/blobs", "a file where the directory should be");
    let run = project.flistry(&["build"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: dir://PROJECT/dist/blobs: cannot"), "{}", run.stderr);
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}
