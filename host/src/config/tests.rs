//! Whole projects, each in a directory of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::kernel::KernelVersion;
use crate::progress::Warning;
use crate::publish::PublishSettings;
use crate::tree::{FlistKind, Owner};

const RFS_CONF: &str = "S3_ENDPOINT=http://localhost:3900\nS3_BUCKET=zos\nS3_ACCESS_KEY=GKWRITE\nS3_SECRET_KEY=hunter2\n\
                        READ_ACCESS_KEY=GKREAD\nREAD_SECRET_KEY=c0ffee\nROUTE_PATH=/zos\n";

struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        fs::create_dir(project.0.path().join("config")).unwrap();
        project.with("build.conf", "KERNEL_VERSION=6.12.44").with("kernel.config", "CONFIG_LOCALVERSION=\"-Zero-OS\"\n")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(self, file: &str, text: impl AsRef<[u8]>) -> Project {
        let path = self.path().join("config").join(file);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    fn toml(text: &str) -> Project {
        Project::new().with("flistry.toml", text)
    }

    fn load(&self, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let env = env.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        // 2025-06-10T00:30:00Z, still the ninth west of Greenwich: the date in a name is that of UTC.
        let now = time::UtcDateTime::from_unix_timestamp(1_749_515_400).unwrap();
        Config::load(self.path(), &Environment(env), now)
    }

    fn refused(&self, env: &[(&str, &str)]) -> (String, String) {
        let error = self.load(env).unwrap_err();
        (error.to_string(), error.hint())
    }
}

fn two(what: &str, hint: &str) -> (String, String) {
    (what.to_owned(), hint.to_owned())
}

#[test]
fn a_project_with_two_files_builds_both_flists_locally() {
    let project = Project::new();
    let config = project.load(&[]).unwrap();
    let root = project.path().canonicalize().unwrap();
    assert_eq!((config.kernel.as_str(), config.date.as_str()), ("6.12.44-Zero-OS", "20250610"));
    assert_eq!((&config.project, config.output), (&root, root.join("dist/flists")));
    assert_eq!(
        (config.pack.cache, config.publish),
        (root.join("dist/pack-cache.sqlite"), PublishSettings { directory: None, manifests: None, upload: false })
    );
    let blobs = format!("dir://{}/dist/blobs", root.display());
    assert_eq!(config.store.write[0].value.to_string(), blobs);
    assert_eq!(config.store.route[0].value.route_text().expose(), blobs);
    assert_eq!((config.store.write_credentials, config.warnings), (vec![], vec![]));
    let [modules, firmware] = &config.flists[..] else { panic!() };
    assert_eq!(modules.sources, [Path::new("/lib/modules/6.12.44-Zero-OS")]);
    assert_eq!((config.plugin_cache, config.variables.len()), (root.join("dist/plugin-cache"), 0));
    assert_eq!(firmware.sources, [root.join("firmware"), root.join("initramfs/lib/firmware")]);
}

#[test]
fn rfs_conf_decides_the_store() {
    let project = Project::new().with("rfs.conf", format!("{RFS_CONF}FIRMWARE_TAG=v1\n"));
    let config = project.load(&[]).unwrap();
    assert_eq!(config.store.write[0].value.to_string(), "s3://***:***@localhost:3900/zos?region=garage");
    assert_eq!(config.store.route[0].value.to_string(), "s3://GKREAD:***@localhost:3900/zos?region=garage");
    assert_eq!(config.store.write_credentials[0].access_key, "GKWRITE");
    assert_eq!(
        (config.variables["FIRMWARE_TAG"].as_str(), config.publish.upload, &config.warnings[..]),
        ("v1", false, &[][..])
    );
    assert!(!format!("{config:?}").contains("hunter2"));

    let env = [("UPLOAD_MANIFESTS", "true"), ("FIRMWARE_TAG", "v2"), ("SOURCE_DATE_EPOCH", "1700000000")];
    let config = project.load(&env).unwrap();
    assert_eq!(
        config.publish.manifests.unwrap().to_string(),
        "s3://***:***@localhost:3900/zos/manifests?region=garage"
    );
    assert_eq!((config.variables["FIRMWARE_TAG"].as_str(), config.source_date_epoch), ("v2", Some(1_700_000_000)));
}

#[test]
fn oddities_are_warnings() {
    let project = Project::new().with("rfs.conf", RFS_CONF);
    fs::set_permissions(project.path().join("config/rfs.conf"), fs::Permissions::from_mode(0o640)).unwrap();
    let expected =
        Warning::new("config/rfs.conf holds credentials and others can read it", "chmod 600 config/rfs.conf");
    assert_eq!(project.load(&[]).unwrap().warnings, [expected]);

    let config = Project::new().load(&[("S3_ENDPOINT", "http://localhost"), ("FIRMWARE_TAG", "v3")]).unwrap();
    let expected = Warning::new(
        "S3_ENDPOINT is set, but without config/rfs.conf the blobs go to a local directory",
        "create an empty config/rfs.conf to take all settings from the environment",
    );
    assert_eq!((config.warnings, config.variables["FIRMWARE_TAG"].as_str()), (vec![expected], "v3"));
}

#[test]
fn directories_share_the_ids() {
    let project = Project::toml(
        "[store]\nblobs = [\"00-7f=a\", \"80-ff=dir:///srv/b\", \"c\"]\n[pack]\nworkers = 3\n[publish]\ndirectory = \"p\"",
    );
    let config = project.load(&[]).unwrap();
    let ranges: Vec<String> = config.store.route.iter().map(|store| store.range.to_string()).collect();
    assert_eq!(ranges, ["00-7f", "80-ff", "00-ff"]);
    assert_eq!(config.store.route[1].value.to_string(), "dir:///srv/b");
    assert_eq!((config.pack.workers.get(), config.publish.directory), (3, Some(config.project.join("p"))));

    let refused = |blobs| Project::toml(&format!("[store]\nblobs = [{blobs}]")).refused(&[]);
    let gap = "config/flistry.toml, line 2, blobs: no store is for blob ids that begin with 80-ff";
    assert_eq!(refused("\"00-7f=a\""), two(gap, "make the ranges cover 00-ff, or leave them out"));
    assert_eq!(
        refused("\"s3://k:s@h:1/b\""),
        two(
            "config/flistry.toml, line 2, blobs: it is not a directory",
            "name a directory or a dir:// URL; a store on the network is set up in config/rfs.conf"
        )
    );
    assert_eq!(
        refused("\n\"7f-00=a\""),
        two(
            "config/flistry.toml, line 3, blobs: `7f-00` is not a range of blob ids",
            "a range is two pairs of hexadecimal digits, the lower first: 00-7f=URL"
        )
    );
}

#[test]
fn each_mistake_in_a_file_has_its_message() {
    let empty = tempfile::tempdir().unwrap();
    let error = kernel_version(empty.path(), &Environment::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} is not a flistry project: it has no config directory", empty.path().display())
    );
    assert_eq!(error.hint(), "run flistry in the project's directory, or name it with --project");

    let project = Project::new();
    fs::remove_file(project.path().join("config/kernel.config")).unwrap();
    let (what, hint) = project.refused(&[]);
    assert_eq!(what, "config/kernel.config cannot be read: No such file or directory (os error 2)");
    assert_eq!(hint, "a build needs config/kernel.config; is --project the right directory?");
    fs::create_dir(project.path().join("config/kernel.config")).unwrap();
    let read = "make config/kernel.config a file that the build's user can read";
    assert_eq!(project.refused(&[]), two("config/kernel.config cannot be read: it is not a regular file", read));

    for (file, text, what, hint) in [
        ("build.conf", vec![0xff], "config/build.conf is not UTF-8 text", "save config/build.conf as UTF-8"),
        (
            "kernel.config",
            b"\xff\xfeC\0".to_vec(),
            "config/kernel.config is UTF-16, not UTF-8 text",
            "save config/kernel.config as UTF-8",
        ),
        (
            "flistry.toml",
            vec![b'#'; 1024 * 1024 + 1],
            "config/flistry.toml is larger than 1048576 bytes",
            "check that config/flistry.toml is the right file",
        ),
        (
            "build.conf",
            b"A=1\nKERNEL_VERSION=$(make kernelversion)".to_vec(),
            "config/build.conf, line 2, KERNEL_VERSION: a command substitution, which is never executed",
            "write the result as a literal value, or pass it in the environment as ${NAME}",
        ),
        (
            "build.conf",
            vec![],
            "config/build.conf does not set KERNEL_VERSION",
            "add a line like KERNEL_VERSION=\"6.12.44\"",
        ),
        (
            "kernel.config",
            b"<<<".to_vec(),
            "config/kernel.config, line 1: not a line of a kernel configuration",
            "write CONFIG_NAME=y, m, \"text\" or a number, or `# CONFIG_NAME is not set`; `make olddefconfig` repairs a file",
        ),
        ("rfs.conf", vec![], "config/rfs.conf, S3_BUCKET: it is not set", "name the bucket that blobs go to"),
        ("flistry.toml", b"output = \"\"".to_vec(), "config/flistry.toml, line 1, output: it is empty", "name a path"),
    ] {
        assert_eq!(Project::new().with(file, text).refused(&[]), two(what, hint));
    }
}

#[test]
fn each_mistake_in_a_variable_has_its_message() {
    let project = Project::new();
    let seconds = "environment variable SOURCE_DATE_EPOCH: it is not a number of seconds since 1970";
    for bad in ["", "now", "-1", "+1", "99999999999999999999"] {
        let hint = "set it to the output of `git log -1 --format=%ct`, or unset it";
        assert_eq!(project.refused(&[("SOURCE_DATE_EPOCH", bad)]), two(seconds, hint));
    }
    assert_eq!(
        project.refused(&[("FIRMWARE_TAG", "a/b")]),
        two(
            "environment variable FIRMWARE_TAG: it cannot be part of a file's name",
            "use letters, digits, `.`, `_`, `+`, `~` and `-`, at most 64"
        )
    );
}

#[test]
fn everything_that_flists_name_must_exist() {
    let flist = |key: &str, more: &str| {
        format!("[flist.{key}]\ncontents = \"plain\"\nsource = [\"s\"]\nnaming = \"zos-naming\"\n{more}\n")
    };
    let plugin = |name: &str, tree: &str| {
        format!("[plugin.{name}]\ncomponent = \"builtin:path-filter\"\ntrees = [\"{tree}\"]\n")
    };
    assert_eq!(
        Project::toml(&flist("a", "filters = [\"nope\"]")).refused(&[]),
        two(
            "config/flistry.toml, [flist.a]: there is no [plugin.nope]",
            "there are: firmware-prune, module-links, provenance-tags, zos-naming"
        )
    );
    let text = format!("{}{}", plugin("p", "b"), flist("a", "filters = [\"p\"]"));
    assert_eq!(
        Project::toml(&text).refused(&[]),
        two("config/flistry.toml, [plugin.p], trees: there is no [flist.b]", "there are: a")
    );
    let needs = |a: &str, b: &str| {
        format!(
            "{}{}{}{}",
            plugin("p", "b"),
            plugin("q", a),
            flist("a", "filters = [\"p\"]"),
            flist("b", &format!("post-pack = [\"{b}\"]"))
        )
    };
    assert_eq!(
        Project::toml(&needs("a", "q")).refused(&[]),
        two(
            "config/flistry.toml: flists need each other's trees: a needs b needs a",
            "take one of the names out of `trees` of the plugins concerned"
        )
    );
    // The flist's own tree needs no grant, and having one is no cycle.
    let config = Project::toml(&needs("b", "q")).load(&[]).unwrap();
    let names: Vec<&str> = config.with_needed(&[&config.flists[0]]).iter().map(|flist| &*flist.name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn granted_variables_that_are_set_are_known() {
    let text = "[plugin.p]\ncomponent = \"builtin:path-filter\"\nvariables = [\"EDITION\", \"UNSET\"]\n";
    let config = Project::toml(text).load(&[("EDITION", "edge"), ("OTHER", "x"), ("FIRMWARE_TAG", "v1")]).unwrap();
    let expected = [("EDITION", "edge"), ("FIRMWARE_TAG", "v1")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(config.variables, expected.into());
}

#[test]
fn an_flist_without_a_mount_has_no_mount_point() {
    let mut config = Project::new().load(&[]).unwrap();
    config.flists[1].mount = None;
    assert_eq!(config.mount_points().iter().map(|point| &*point.flist).collect::<Vec<_>>(), ["modules"]);
    let error = config.flists[1].mount_point().unwrap_err();
    assert_eq!(error.to_string(), "flist `firmware` is not mounted on any node");
    assert_eq!(error.hint(), "write where it is mounted, as `mount`, under [flist.firmware]");
}

#[test]
fn an_unknown_flist_is_answered_with_the_known_ones() {
    let config = Project::new().load(&[]).unwrap();
    assert_eq!(config.flist("modules").unwrap().name, "modules");
    let error = config.flist("module").unwrap_err();
    assert_eq!(error.to_string(), "there is no flist `module` in config/flistry.toml");
    assert_eq!(error.hint(), "there are: modules, firmware");
}

fn memory() -> std::sync::Arc<crate::kernel::module_memory::ModuleMemory> {
    std::sync::Arc::new(crate::kernel::module_memory::ModuleMemory::of_one_run())
}

fn configure(config: &mut Config, plugin: &str, settings: serde_json::Value) {
    config.plugins.iter_mut().find(|known| known.name == plugin).unwrap().config = settings;
}

#[test]
fn the_digest_covers_what_decides_the_entries() {
    let config = Project::new().load(&[]).unwrap();
    let flist = config.flist("firmware").unwrap();
    let digest = |config: &Config, flist: &Flist| {
        let policy = crate::build::Policy::load(config, &[flist], None, memory(), &crate::progress::Silent).unwrap();
        hex::encode(crate::build::config_digest(config, flist, &policy))
    };
    let plain = digest(&config, flist);
    // Elsewhere, another day, into another store: the same manifest.
    let elsewhere = Project::new().with("rfs.conf", RFS_CONF).load(&[]).unwrap();
    assert_eq!(digest(&elsewhere, elsewhere.flist("firmware").unwrap()), plain);

    let changes: [fn(&mut Config, &mut Flist); 7] = [
        |config, _| config.kernel = KernelVersion::new("6.1").unwrap(),
        |config, _| config.source_date_epoch = Some(0),
        |config, _| drop(config.variables.insert("FIRMWARE_TAG".to_owned(), "v1".to_owned())),
        |config, _| configure(config, "provenance-tags", serde_json::json!({ "date": true })),
        |_, flist| flist.kind = FlistKind::Plain,
        |_, flist| flist.owner = Owner::Preserve,
        |_, flist| flist.post_pack.clear(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let (mut config, mut flist) = (config.clone(), flist.clone());
        change(&mut config, &mut flist);
        assert_ne!(digest(&config, &flist), plain, "change {index}");
    }
    // What only names the flist does not count.
    let mut named = config.clone();
    configure(&mut named, "zos-naming", serde_json::json!({ "prefix": "drivers" }));
    assert_eq!(digest(&named, flist), plain);
}
