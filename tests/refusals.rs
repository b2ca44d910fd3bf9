//! What a user gets wrong, a case each: the message, the remedy and the exit code, and that nothing was published.

#![allow(clippy::unwrap_used)]

#[path = "support/project.rs"]
mod project;
#[path = "support/s3_server.rs"]
mod s3_server;

use project::{Project, rfs_conf};
use s3_server::{BUCKET, READ_KEY, S3Server, WRITE_KEY};

/// A build that fails with this message, and leaves no name behind.
fn build_fails(project: &Project, code: i32, error: &str, hint: &str) {
    let run = project.flistry(&["build"]);
    run.fails(code, error, hint);
    for secret in [WRITE_KEY.0, WRITE_KEY.1, READ_KEY.1] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

fn address(server: &S3Server) -> String {
    let endpoint = &server.url("", WRITE_KEY).endpoint;
    format!("{}:{}", endpoint.host, endpoint.port)
}

mod sources {
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
            "cannot open the source folder PROJECT/data: Not a directory (os error 20)",
            "PROJECT/data must be a folder that this user may read",
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
            "PROJECT/data has no kernel modules",
            "`make modules_install` fills it; `contents = \"plain\"` packs any tree",
        );
    }

    #[test]
    fn what_no_flist_can_hold() {
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
            "remove them from the source, or leave them out with `exclude`",
        );
        // What is left out is no matter.
        let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        project.write("config/flistry.toml", &config.replace("contents", "exclude = [\"a-socket\", \"b*\"]\ncontents"));
        project.flistry(&["build"]).ok();
    }

    #[test]
    fn what_the_user_may_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let project = Project::plain();
        let forbid = |name: &str| {
            std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o000)).unwrap();
        };
        forbid("data/sub/two");
        project.flistry_as_nobody(&["build"]).fails(
            1,
            "cannot read PROJECT/data/sub/two: Permission denied (os error 13)",
            "the user who builds must be able to read it; `exclude` leaves it out",
        );
        forbid("data/sub/deep");
        project.flistry_as_nobody(&["build"]).fails(
            1,
            "1 entry can't be packed:\n  \"sub/deep\": it can't be read: Permission denied (os error 13)",
            "remove them from the source, or leave them out with `exclude`",
        );
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    }

    #[test]
    fn the_project_s_own_files() {
        let server = S3Server::start();
        let project = Project::plain_on(&server);
        let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        let hint = "pack a folder that does not hold it, or leave it out with `exclude`";
        project.write("config/flistry.toml", &config.replace("[\"data\"]", "[\"config\"]"));
        build_fails(
            &project,
            2,
            "flist `data` would hold the write key: PROJECT/config/rfs.conf lies in its source",
            hint,
        );
        // A link to the same file under another name is the same file.
        project.write("config/flistry.toml", &config);
        std::fs::hard_link(project.path("config/rfs.conf"), project.path("data/innocent")).unwrap();
        build_fails(
            &project,
            2,
            "flist `data` would hold the write key: PROJECT/config/rfs.conf lies in its source",
            hint,
        );
        // What a build writes would be in the next one.
        std::fs::remove_file(project.path("data/innocent")).unwrap();
        let all = config.replace("[\"data\"]", "[\".\"]");
        project.write("config/flistry.toml", &all.replace("contents", "exclude = [\"config/rfs.conf\"]\ncontents"));
        build_fails(
            &project,
            2,
            "flist `data` would hold the finished flists: PROJECT/dist/flists lies in its source",
            hint,
        );
        project.write(
            "config/flistry.toml",
            &all.replace("contents", "exclude = [\"config/rfs.conf\", \"dist\"]\ncontents"),
        );
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
    fn a_link_whose_target_is_left_out() {
        let project = Project::plain();
        std::os::unix::fs::symlink("sub/two", project.path("data/link")).unwrap();
        std::os::unix::fs::symlink("nowhere", project.path("data/dangling")).unwrap();
        let config = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
        project.write("config/flistry.toml", &config.replace("contents", "exclude = [\"sub\"]\ncontents"));
        build_fails(
            &project,
            1,
            "the link link would dangle: its target sub/two was dropped by exclude pattern `sub`",
            "exclude link as well, or keep its target",
        );
    }
}

mod stores {
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
            &format!(
                "s3://{}/{BUCKET}/flists/test refused: the secret key does not fit the access key",
                address(&server)
            ),
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
            "make the bucket \"elsewhere\", or correct the name: it is the first part of the URL's path",
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
        let entries = std::fs::read_dir(server.bucket_folder().join("flists/test")).ok()?;
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
        std::fs::remove_dir_all(project.path("data")).unwrap();
        std::fs::create_dir(project.path("data")).unwrap();
        let run = project.flistry(&["build"]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("error: the read key can write to s3://"), "{}", run.stderr);
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    }

    #[test]
    fn a_key_that_was_withdrawn_is_no_damage() {
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
        project.write("config/flistry.toml", &format!("{config}{}", config.replace("data", "more")));
        project.write("more/file", "x");
        project.write("dist/flists/more.fl/in-the-way", "");
        let run = project.flistry(&["build"]);
        assert_eq!(run.code, 1);
        assert!(run.stdout.starts_with("built data\n"), "{}", run.stdout);
        assert!(run.stderr.contains("error: cannot write PROJECT/dist/flists/more.fl: "), "{}", run.stderr);
    }

    #[test]
    fn an_output_folder_that_can_t_be_written() {
        let project = Project::plain();
        project.write("dist/flists", "a file where the folder should be");
        let run = project.flistry(&["build"]);
        run.fails(
            1,
            "cannot write PROJECT/dist/flists/: File exists (os error 17)",
            "the folder must be one that this user may write to",
        );
    }

    #[test]
    fn a_store_folder_that_can_t_be_written() {
        let project = Project::plain();
        project.write("dist/blobs", "a file where the folder should be");
        let run = project.flistry(&["build"]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("error: dir://PROJECT/dist/blobs: cannot"), "{}", run.stderr);
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());
    }
}

mod manifests {
    use super::*;

    fn damaged(project: &Project, args: &[&str], contains: &str) {
        let run = project.flistry(args);
        assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(contains), "{}", run.stdout);
    }

    #[test]
    fn a_file_that_is_no_flist() {
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
    fn a_route_of_a_kind_that_can_t_be_read() {
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
    fn what_a_terminal_would_obey_is_not_printed() {
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
        for line in [
            "differs from the source: - /more",
            "differs from the source: + /sub/two",
            "differs from the source: ~ /one (",
        ] {
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
            "stock rfs was not found: RFS_BIN names /no/rfs, which is no program",
            "set RFS_BIN to the rfs binary, put it in PATH, or build it at \
             components/rfs/target/x86_64-unknown-linux-musl/release/rfs in the project",
        );
    }
}
