//! `[zinit]`, and `mount` and `unit` of `[flist.NAME]`: what is taken over, and each mistake.

use proptest::prelude::*;

use super::*;
use crate::config::flistry_toml::{FlistryToml, TomlSettings};
use crate::config::layers::Layers;
use crate::config::surroundings::Surroundings;
use crate::kernel::KernelVersion;
use crate::zinit::settings::BootOrder;
use crate::zinit::{Dialect, Form};

const FLIST: &str = "[flist.a]\ncontents = \"plain\"\nsource = [\"a\"]\nnaming = \"zos-naming\"\n";

/// A file's settings in a project at `/p`.
fn parse(text: &str) -> Result<TomlSettings, TomlError> {
    let layers = Layers::new(text)?;
    let toml: FlistryToml = layers.read()?;
    let kernel = KernelVersion::new("6.1").unwrap();
    toml.resolve(&layers, &Surroundings { project: std::path::Path::new("/p"), kernel: &kernel, release: "r" })
}

/// The message without the file's name, and the remedy.
fn refused(text: &str) -> (String, String) {
    let error = parse(text).expect_err(text);
    let message = error.to_string();
    (message.strip_prefix("config/flistry.toml, ").unwrap().to_owned(), error.hint().to_owned())
}

#[test]
fn the_shipped_file_sets_everything() {
    let shipped = parse("").unwrap();
    let zinit = &shipped.zinit;
    assert_eq!(
        (zinit.output.to_str().unwrap(), &zinit.dialects[..]),
        ("/p/dist/zinit", &[Dialect::Yaml, Dialect::Toml][..])
    );
    assert_eq!((zinit.form, zinit.order, zinit.wait_seconds), (Form::Supervised, BootOrder::AfterUdevTrigger, 60));
    assert_eq!((&*zinit.manifests, &*zinit.scripts), ("/etc/rfs", "/etc/zinit/init"));
    assert_eq!((&*zinit.cache, &*zinit.rfs), ("/var/cache/rfs", "rfs"));
    assert_eq!(
        (&*zinit.yaml.coldplug, &*zinit.toml.coldplug, &*zinit.toml.target),
        ("rfs-coldplug", "udevd-reload", "fuse-mounts")
    );
    let mounts: Vec<(String, &str)> =
        shipped.flists.iter().map(|flist| (flist.mount.as_ref().unwrap().to_string(), flist.unit.as_str())).collect();
    assert_eq!(
        mounts,
        [("/lib/modules/{kernel}".to_owned(), "rfs-modules"), ("/usr/lib/firmware".to_owned(), "rfs-firmware")]
    );
}

#[test]
fn a_project_changes_what_it_names() {
    let text = format!(
        "{FLIST}mount = \"/a b/{{kernel}}\"\n[zinit]\ndialects = [\"toml\", \"yaml\"]\nform = \"oneshot\"\n\
         order = \"before-udev-trigger\"\nrfs = \"/bin/rfs\"\nwait-seconds = 0\n[zinit.toml]\nnetwork = [\"net\", \"dns\"]\n"
    );
    let own = parse(&text).unwrap();
    let zinit = &own.zinit;
    // In one order, whatever the file's is.
    assert_eq!(zinit.dialects, [Dialect::Yaml, Dialect::Toml]);
    assert_eq!((zinit.form, zinit.order, zinit.wait_seconds), (Form::Oneshot, BootOrder::BeforeUdevTrigger, 0));
    assert_eq!(
        (&zinit.toml.network[..], &zinit.yaml.network[..]),
        (&["net".into(), "dns".into()][..], &["network".into()][..])
    );
    assert_eq!((&*zinit.toml.coldplug, &*own.flists[0].unit), ("udevd-reload", "rfs-a"));
    assert_eq!(parse(FLIST).unwrap().flists[0].mount, None);
}

#[test]
fn each_mistake_has_its_message() {
    let two =
        |text: &str, what: &str, hint: &str| assert_eq!(refused(text), (what.to_owned(), hint.to_owned()), "{text}");
    let path = "write an absolute path on the node, like \"/usr/lib/firmware\"";
    two("[zinit]\nmanifests = \"etc/rfs\"", "line 2, manifests: it is not an absolute path", path);
    let control = "line 2, cache: it has a line break or another control character in it";
    two("[zinit]\ncache = \"/a\\nb\"", control, path);
    let plain = "line 2, scripts: it is not a plain path: `.`, `..`, `//`, a `/` at its end, or too long";
    for scripts in ["/a/../b", "/a/", "/a//b", "/./a", "/"] {
        two(&format!("[zinit]\nscripts = \"{scripts}\""), plain, path);
    }
    two("[zinit]\noutput = \"\"", "line 2, output: it is empty", "name a path");
    let both = "write \"yaml\" for zinit 0.2, \"toml\" for zinit 0.3, or both";
    two("[zinit]\ndialects = []", "line 2, dialects: there is none", both);
    two("[zinit]\ndialects = [\"yaml\", \"yaml\"]", "line 2, dialects: one is named twice", both);
    two(
        "[zinit]\nrfs = \"\"",
        "line 2, rfs: it is not a command",
        "write a command like \"rfs\", or its path on the node",
    );
    two("[zinit]\nrfs = \"./rfs\"", "line 2, rfs: it is not an absolute path", path);
    two(
        "[zinit]\nwait-seconds = 3601",
        "line 2, wait-seconds: it is too long",
        "at most 3600 seconds; a mount that comes later has a coldplug of its own",
    );
    let unit = "use up to 64 letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`";
    two("[zinit.yaml]\ncoldplug = \"a b\"", "line 2, coldplug: \"a b\" cannot name a unit", unit);
    two("[zinit.toml]\nnetwork = [\"n\",\n\"../n\"]", "line 3, network: \"../n\" cannot name a unit", unit);
    two(&format!("{FLIST}unit = \"a\\nb\""), "line 5, unit: \"a\\nb\" cannot name a unit", unit);
    two(&format!("{FLIST}mount = \"a\""), "line 5, mount: it is not an absolute path", path);
    two(
        &format!("{FLIST}mount = \"/a/{{release}}\""),
        "line 5, mount: `/a/{release}` has a brace that is not part of {kernel}",
        "the only placeholder is {kernel}, which each node replaces with its own kernel's version",
    );
    let (unknown, _) = refused("[zinit]\nwait = 1");
    assert!(unknown.starts_with("line 2: unknown field `wait`, expected one of `output`"), "{unknown}");
    let (variant, _) = refused("[zinit]\nform = \"daemon\"");
    assert_eq!(variant, "line 2, form: unknown variant `daemon`, expected `supervised` or `oneshot`");
}

#[test]
fn two_of_one_name_are_refused() {
    let two =
        |text: &str, what: &str, hint: &str| assert_eq!(refused(text), (what.to_owned(), hint.to_owned()), "{text}");
    let a = format!("{FLIST}mount = \"/a\"\n");
    let b = a.replace("flist.a", "flist.b");
    two(&format!("{a}{b}"), "line 10, mount: flist `a` is mounted there already", "give each a `mount` of its own");
    two(
        &format!("{a}{}unit = \"rfs-a\"", b.replace("/a", "/b")),
        "line 11, unit: its unit `rfs-a` is also that of flist `a`",
        "give each a `unit` of its own",
    );
    two(
        &format!("{a}unit = \"fuse-mounts\""),
        "line 6, unit: [zinit] names its unit `fuse-mounts` as well",
        "give it another `unit`",
    );
    two(
        &a.replace("flist.a", "flist.coldplug"),
        "line 1: its script would overwrite the coldplug's",
        "give the flist another name",
    );
    two(
        "[zinit.toml]\ntarget = \"udevd-reload\"",
        "line 2, target: coldplug and target are both `udevd-reload`",
        "give them different names",
    );
    // A shipped flist is in the shipped file.
    let error = parse("[zinit.yaml]\ncoldplug = \"rfs-modules\"").unwrap_err().to_string();
    let (file, what) = error.split_once(", line ").unwrap();
    assert_eq!(file, "the shipped config/flistry.toml");
    assert!(what.ends_with(", unit: [zinit] names its unit `rfs-modules` as well"), "{error}");
    // One that is mounted nowhere has no unit.
    parse(&format!("{a}{}unit = \"rfs-a\"", FLIST.replace("flist.a", "flist.b"))).unwrap();
}

proptest! {
    #[test]
    fn no_text_panics(value in "[/{}a-z\"'\\\\\n.$ ]{0,20}") {
        let quoted = toml::Value::String(value.clone()).to_string();
        for text in [
            format!("{FLIST}mount = {quoted}"),
            format!("{FLIST}mount = {value}"),
            format!("[zinit]\nscripts = {quoted}\nrfs = {quoted}\n[zinit.yaml]\nnetwork = [{quoted}]"),
        ] {
            let _ = parse(&text);
        }
    }
}
