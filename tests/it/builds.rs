//! `flistry build` from end to end: a local store, an S3 server with a write key and a read key, and what is left behind.

use std::path::Path;

use crate::support::project::{Project, rfs_conf};
use crate::support::s3_server::{BUCKET, READ_KEY, S3Server, WRITE_KEY};

const MODULES: &str = "modules-6.12.44-Zero-OS.fl";

#[test]
fn the_sample_project_builds_and_every_level_verifies() {
    let project = Project::sample();
    project.flistry_with(&["build"], &[("FIRMWARE_TAG", "sample")]).ok();
    assert_eq!(
        project.names("dist/flists"),
        [
            "firmware-latest.fl",
            "firmware-latest.fl.sha256",
            "firmware-sample.fl",
            "firmware-sample.fl.report.json",
            "firmware-sample.fl.sha256",
            MODULES,
            "modules-6.12.44-Zero-OS.fl.report.json",
            "modules-6.12.44-Zero-OS.fl.sha256",
        ]
    );
    let alias = std::fs::read_link(project.path("dist/flists/firmware-latest.fl")).unwrap();
    assert_eq!(alias, Path::new("firmware-sample.fl"));
    let sums = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "firmware-latest.fl.sha256", "firmware-sample.fl.sha256"])
        .arg(format!("{MODULES}.sha256"))
        .current_dir(project.path("dist/flists"))
        .output()
        .unwrap();
    assert!(sums.status.success(), "{sums:?}");

    for level in ["schema", "presence", "sample", "full", "source"] {
        for flist in ["firmware-latest.fl", MODULES] {
            let file = project.path(&format!("dist/flists/{flist}"));
            let run = project.flistry(&["verify", file.to_str().unwrap(), "--level", level]).ok();
            assert!(run.stdout.lines().last().unwrap().starts_with("verified "), "{}", run.stdout);
        }
    }
    let report = project.report(MODULES);
    let dropped: Vec<&str> =
        report["left_out"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
    assert_eq!(dropped, ["build", "source"]);
    assert_eq!(report["kernel"], "6.12.44-Zero-OS");
}

#[test]
fn the_same_tree_gives_the_same_bytes_whatever_the_cache_knows() {
    let project = Project::sample();
    let flist = project.path("dist/flists").join(MODULES);
    let build = |args: &[&str]| {
        project.flistry(args).ok();
        std::fs::read(&flist).unwrap()
    };
    let first = build(&["build", "modules"]);
    assert_eq!(build(&["build", "modules"]), first);
    assert_eq!(build(&["build", "modules", "--no-cache"]), first);
    std::fs::remove_dir_all(project.path("dist")).unwrap();
    assert_eq!(build(&["build", "modules"]), first);
}

#[test]
fn source_date_epoch_bounds_every_time_and_names_the_release() {
    let project = Project::sample();
    let run = project.flistry_with(&["build", "firmware", "--format", "json"], &[("SOURCE_DATE_EPOCH", "86400")]).ok();
    let built: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(built["built"][0]["report"]["file"], "firmware-19700102.fl");
    let file = project.path("dist/flists/firmware-latest.fl");
    let tree = project.flistry(&["tree", file.to_str().unwrap(), "--format", "json"]).ok();
    let tree: serde_json::Value = serde_json::from_str(&tree.stdout).unwrap();
    assert!(tree["entries"].as_array().unwrap().iter().all(|entry| entry["mtime"].as_i64().unwrap() <= 86400));
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]).ok();
}

#[test]
fn plan_says_what_build_does_and_touches_nothing() {
    let project = Project::sample();
    let run = project.flistry_with(&["plan", "--format", "json"], &[("FIRMWARE_TAG", "x")]).ok();
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(!project.path("dist").exists());
    project.flistry_with(&["build"], &[("FIRMWARE_TAG", "x")]).ok();
    for planned in plan["flists"].as_array().unwrap() {
        let manifest = planned["manifest"].as_str().unwrap();
        let report = project.report(Path::new(manifest).file_name().unwrap().to_str().unwrap());
        assert_eq!(planned["entries"], report["entries"]);
        assert_eq!(planned["left_out"], report["left_out"]);
        assert_eq!(
            planned["source"],
            report["source"].as_str().unwrap().replace(project.path("").to_str().unwrap(), "PROJECT/")
        );
    }
}

#[test]
fn a_build_on_s3_is_read_through_the_read_key_and_uploaded() {
    let server = S3Server::start();
    let project = Project::plain_on(&server);
    let run = project.flistry(&["build", "-v"]).ok();
    let directory = server.bucket_directory().join("flists/test");
    let manifest = std::fs::read(project.path("dist/flists/data.fl")).unwrap();
    for name in ["data.fl", "data-latest.fl"] {
        assert_eq!(std::fs::read(directory.join("manifests").join(name)).unwrap(), manifest);
        let sum = std::fs::read_to_string(directory.join(format!("manifests/{name}.sha256"))).unwrap();
        assert!(sum.ends_with(&format!("  {name}\n")), "{sum}");
    }

    let file = project.path("dist/flists/data.fl");
    let file = file.to_str().unwrap();
    project.flistry(&["verify", file, "--level", "source"]).ok();
    let shown = project.flistry(&["route", "show", file]).ok().stdout;
    let endpoint = &server.url("", READ_KEY).endpoint;
    let address = format!("{}:{}", endpoint.host, endpoint.port);
    assert_eq!(shown, format!("00-ff s3://{}:***@{address}/{BUCKET}/flists/test?region=garage\n", READ_KEY.0));
    let shown = project.flistry(&["route", "show", file, "--show-secrets"]).ok().stdout;
    let secret = format!("00-ff s3://{}:{}@{address}/{BUCKET}/flists/test?region=garage\n", READ_KEY.0, READ_KEY.1);
    assert_eq!(shown, secret);

    // Nothing that the build wrote or printed holds what it wrote with, nor the secret that it reads with.
    let report = std::fs::read_to_string(project.path("dist/flists/data.fl.report.json")).unwrap();
    for text in [&report, &run.stdout, &run.stderr] {
        for secret in [WRITE_KEY.0, WRITE_KEY.1, READ_KEY.1] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    for secret in [WRITE_KEY.0, WRITE_KEY.1] {
        assert!(!manifest.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }

    // Again: nothing is sent, nothing changes.
    project.flistry(&["build", "--no-cache"]).ok();
    assert_eq!(project.report("data.fl")["pack"]["sent_blobs"], 0);
    assert_eq!(std::fs::read(project.path("dist/flists/data.fl")).unwrap(), manifest);
}

#[test]
fn an_earlier_build_is_published_as_often_as_asked() {
    let server = S3Server::start();
    let project = Project::plain_on(&server);
    project.write_rfs_conf(&rfs_conf(&server).replace("UPLOAD_MANIFESTS=true", "UPLOAD_MANIFESTS=false"));
    project.flistry(&["build"]).ok();
    let uploaded = server.bucket_directory().join("flists/test/manifests");
    assert!(!uploaded.exists());
    let file = project.path("dist/flists/data.fl");
    for _ in 0..2 {
        project.flistry(&["publish", file.to_str().unwrap()]).ok();
        assert_eq!(std::fs::read(uploaded.join("data-latest.fl")).unwrap(), std::fs::read(&file).unwrap());
    }
    let elsewhere = project.path("elsewhere");
    project.flistry(&["publish", file.to_str().unwrap(), "--to", elsewhere.to_str().unwrap()]).ok();
    assert_eq!(
        project.names("elsewhere"),
        ["data-latest.fl", "data-latest.fl.sha256", "data.fl", "data.fl.report.json", "data.fl.sha256"]
    );
}

#[test]
fn routes_are_patched_and_checked_for_write_credentials() {
    let server = S3Server::start();
    let project = Project::plain_on(&server);
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/data.fl");
    let file = file.to_str().unwrap();

    project.flistry(&["route", "patch", file, "--route", "00-7f=http://a:80/b", "--route", "80-ff=dir:///c"]).ok();
    assert_eq!(project.flistry(&["route", "show", file]).ok().stdout, "00-7f http://a:80/b\n80-ff dir:///c\n");

    // Through an alias it is the same file; what stands beside it and speaks of its bytes is renewed.
    let alias = project.path("dist/flists/data-latest.fl");
    project.flistry(&["route", "patch", alias.to_str().unwrap(), "--route", "http://a:80/b"]).ok();
    assert!(alias.is_symlink());
    assert_eq!(project.flistry(&["route", "show", file]).ok().stdout, "00-ff http://a:80/b\n");
    let sha256 = flistry::files::sha256(&std::fs::read(file).unwrap());
    for name in ["data.fl", "data-latest.fl"] {
        let sum = std::fs::read_to_string(project.path(&format!("dist/flists/{name}.sha256"))).unwrap();
        assert_eq!(sum, format!("{sha256}  {name}\n"));
    }
    let report = project.report("data.fl");
    assert_eq!((&report["manifest"]["sha256"], &report["route"][0]), (&sha256.into(), &"http://a:80/b".into()));

    // What no node could use is not written.
    project.flistry(&["route", "patch", file, "--route", "00-7f=dir:///a"]).fails(
        2,
        "the routes leave out the blobs 80-ff",
        "add a route for them; one without a range is for all blobs",
    );
    for wrong in ["zz=dir:///a", "directory"] {
        assert_eq!(project.flistry(&["route", "patch", file, "--route", wrong]).code, 2);
    }

    // Without a route, the project's own.
    project.flistry(&["route", "patch", file]).ok();
    project.flistry(&["verify", file]).ok();

    let write_route = format!("s3://{}:{}@h:3900/b", WRITE_KEY.0, WRITE_KEY.1);
    project.flistry(&["route", "patch", file, "--route", &write_route]).fails(
        1,
        "the id of the write key is in the manifest: in the route table",
        "`flistry route patch` replaces the routes; if the key is elsewhere, remove it there and build again",
    );
    // What was refused left the file alone.
    project.flistry(&["verify", file]).ok();
}

#[test]
fn a_build_into_the_callers_store_is_published_nowhere_else() {
    use flistry::{Caches, Config, Environment, MemoryStore, Session, Silent};
    let project = Project::sample();
    let mut config = Config::load(&project.path(""), &Environment::default(), time::UtcDateTime::UNIX_EPOCH).unwrap();
    config.publish.directory = Some(project.path("published"));
    let store = MemoryStore::new();
    let session = Session::open(&config, &["modules".to_owned()], Caches::READ_ONLY, &Silent).unwrap();
    let executed = session.plan().unwrap().execute_into(&store);
    assert!(executed.error.is_none(), "{:?}", executed.error);
    assert_eq!(executed.built[0].published, [""; 0]);
    assert_eq!(executed.built[0].report.store, [flistry::ReadBlobs::describe(&store)]);
    assert!(executed.built[0].path.is_file());
    assert!(!project.path("published").exists());
}
