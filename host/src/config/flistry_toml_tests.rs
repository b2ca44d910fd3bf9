//! The shipped file, what a project's file changes, and each mistake.

use proptest::prelude::*;

use super::*;
use crate::config::component::ComponentSource;
use crate::config::layers::SHIPPED_TOML;
use crate::kernel::KernelVersion;
use crate::tree::{FlistKind, Owner};

const FLIST: &str = "[flist.a]\ncontents = \"plain\"\nsource = [\"a\"]\nnaming = \"zos-naming\"\n";

/// A file's settings in a project at `/p`.
fn parse(text: &str) -> Result<TomlSettings, TomlError> {
    let layers = Layers::new(text)?;
    let toml: FlistryToml = layers.read()?;
    let kernel = KernelVersion::new("6.1").unwrap();
    toml.resolve(&layers, &Surroundings { project: Path::new("/p"), kernel: &kernel, release: "r" })
}

/// The message without the file's name, and the remedy.
fn refused(text: &str) -> (String, String) {
    let error = parse(text).expect_err(text);
    let message = error.to_string();
    (message.strip_prefix("config/flistry.toml, ").unwrap().to_owned(), error.hint().to_owned())
}

#[test]
fn the_shipped_file_sets_everything() {
    let layers = Layers::new("").unwrap();
    let toml: FlistryToml = layers.read().unwrap();
    let copied = Layers::new(SHIPPED_TOML).unwrap();
    assert_eq!(toml, copied.read().unwrap());
    let store = toml.store.resolve(&layers.table(&["store"]), Path::new("/p")).unwrap();
    assert_eq!(store.write.iter().map(|store| store.value.to_string()).collect::<Vec<_>>(), ["dir:///p/dist/blobs"]);

    let shipped = parse("").unwrap();
    assert_eq!(shipped.output, Path::new("/p/dist/flists"));
    assert_eq!((&*shipped.pack.cache, toml.pack.workers), (Path::new("/p/dist/pack-cache.sqlite"), 0));
    assert_eq!((shipped.read_back, shipped.publish_directory), (ReadBackLevel::Sample, None));
    assert_eq!(shipped.node.module_compression.len(), 3);
    assert_eq!((shipped.node.strict, &shipped.system_maps[..]), (false, &["/boot/System.map-6.1".into()][..]));
    let [modules, firmware] = &shipped.flists[..] else { panic!() };
    assert_eq!((modules.name.as_str(), modules.kind), ("modules", FlistKind::Modules));
    assert_eq!((firmware.name.as_str(), firmware.kind), ("firmware", FlistKind::Firmware));
    assert_eq!((modules.owner, firmware.sources.len(), &*modules.naming), (Owner::Root, 2, "zos-naming"));
    assert_eq!((&modules.filters[..], firmware.filters.len()), (&["module-links".to_owned()][..], 0));
    assert_eq!(
        (&modules.post_pack[..], &firmware.post_pack[..]),
        (&["provenance-tags".to_owned()][..], &["firmware-prune".to_owned(), "provenance-tags".to_owned()][..])
    );
    let names: Vec<&str> = shipped.plugins.iter().map(|plugin| &*plugin.name).collect();
    assert_eq!(
        (names, &*shipped.plugin_cache),
        (vec!["firmware-prune", "module-links", "provenance-tags", "zos-naming"], Path::new("/p/dist/plugin-cache"))
    );
}

#[test]
fn a_project_changes_what_it_names() {
    let own =
        parse("output = \"out\"\n[pack]\nworkers = 3\n[read-back]\nlevel = \"full\"\n[publish]\ndirectory = \"/d\"")
            .unwrap();
    assert_eq!((&*own.output, own.pack.workers.get(), own.read_back), (Path::new("/p/out"), 3, ReadBackLevel::Full));
    assert_eq!(
        (own.publish_directory.as_deref(), &*own.pack.cache),
        (Some(Path::new("/d")), Path::new("/p/dist/pack-cache.sqlite"))
    );
    assert_eq!(own.flists.len(), 2);
}

#[test]
fn flists_replace_the_shipped_ones_and_keep_their_order() {
    let other = FLIST.replace("[flist.a]", "[flist.Z]\nowner = \"preserve\"");
    let own = parse(&format!("{other}{FLIST}")).unwrap();
    let [z, a] = &own.flists[..] else { panic!() };
    assert_eq!((z.name.as_str(), z.owner), ("Z", Owner::Preserve));
    assert_eq!((a.name.as_str(), a.owner), ("a", Owner::Root));
}

#[test]
fn each_mistake_has_its_message() {
    let two =
        |text: &str, what: &str, hint: &str| assert_eq!(refused(text), (what.to_owned(), hint.to_owned()), "{text}");
    let shipped = "`flistry default-config` prints each setting with its meaning";
    two(
        "\nouput = 1",
        "line 2: unknown field `ouput`, expected one of `output`, `store`, `pack`, `read-back`, `publish`, `plugins`, `node`, `modules`, `plugin`, `flist`, `zinit`",
        shipped,
    );
    two("[pack]\nworkers = \"all\"", "line 2, workers: invalid type: string \"all\", expected usize", shipped);
    // A build reads back more than a manifest's schema.
    for level in ["most", "schema"] {
        two(
            &format!("[read-back]\nlevel = \"{level}\""),
            &format!("line 2, level: unknown variant `{level}`, expected one of `presence`, `sample`, `full`"),
            shipped,
        );
    }
    two("[flist.a]\ncontents = \"plain\"\nnaming = \"n\"", "line 1: missing field `source`", shipped);
    two("[pack]\nworkers = 5000", "line 2, workers: there are too many", "write 0 for as many as there are processors");
    two("output = \"\"", "line 1, output: it is empty", "name a path");
    two("[publish]\ndirectory = \"\"", "line 2, directory: it is empty", "name a path");
    two(
        "[store]\nblobs = []",
        "line 2, blobs: there is no store for the blobs",
        "name a directory, like [\"dist/blobs\"]",
    );
    let names = "use up to 64 letters, digits, `-` and `_`, not beginning with `-`";
    two(&FLIST.replace("flist.a", "flist.\"a b\""), "line 1: `a b` cannot name an flist", names);
    let source = "name the directory to pack, like [\"/lib/modules/{kernel}\"]";
    two(&FLIST.replace("[\"a\"]", "[]"), "line 3, source: there is no directory to look for", source);
    two(&FLIST.replace("[\"a\"]", "[\n\"\"]"), "line 4, source: it is empty", "name a directory");
    let known = "the placeholders are {kernel} and {release}";
    let source = "line 3, source: `{date}` has the unknown placeholder `{date}`";
    two(&FLIST.replace("[\"a\"]", "[\"{date}\"]"), source, known);
    two(&FLIST.replace("[\"a\"]", "[\"{\"]"), "line 3, source: `{` has an unmatched brace", known);
    let (missing, _) = refused("[flist.a]\ncontents = \"plain\"\nsource = [\"a\"]");
    assert_eq!(missing, "line 1: missing field `naming`");
    let (syntax, _) = refused("output = dist");
    assert!(syntax.starts_with("line 1, output: "), "{syntax}");
}

#[test]
fn a_project_adds_and_replaces_plugins() {
    let own = parse(
        "[plugin.mine]\ncomponent = \"p/mine.wasm\"\ntrees = [\"modules\"]\nlimits = { fuel = 7 }\n\
         config = { a = [1, { b = true }] }\n[plugin.zos-naming]\ncomponent = \"builtin:zos-naming\"\nconfig.prefix = \"x\"",
    )
    .unwrap();
    let plugin = |name: &str| own.plugins.iter().find(|plugin| plugin.name == name).unwrap();
    let mine = plugin("mine");
    assert_eq!((&mine.component, mine.limits.fuel), (&ComponentSource::File("/p/p/mine.wasm".into()), 7));
    assert_eq!(
        (mine.config.to_string().as_str(), &mine.trees[..]),
        ("{\"a\":[1,{\"b\":true}]}", &["modules".to_owned()][..])
    );
    // A table takes the place of the shipped one as a whole.
    assert_eq!(plugin("zos-naming").variables, Vec::<String>::new());
    assert_eq!(own.plugins.len(), 5);
}

#[test]
fn each_mistake_in_a_plugin_has_its_message() {
    let two =
        |text: &str, what: &str, hint: &str| assert_eq!(refused(text), (what.to_owned(), hint.to_owned()), "{text}");
    let builtin = "[plugin.p]\ncomponent = \"builtin:path-filter\"\n";
    let known = "there are: firmware-prune, modules-select, path-filter, provenance-tags, zos-naming";
    two("[plugin.p]\ncomponent = \"builtin:nope\"", "line 2, component: no plugin `nope` is built in", known);
    two("[plugin.p]\ncomponent = \"\"", "line 2, component: it is empty", "name a file, or builtin:NAME");
    let pin = "`flistry plugin check FILE` prints the line to paste";
    two(&format!("{builtin}sha256 = \"12\""), "line 3, sha256: it is not a SHA-256 in hexadecimal", pin);
    two(
        &format!("{builtin}variables = [\"S3_SECRET_KEY\"]"),
        "line 3, variables: `S3_SECRET_KEY` is a credential's name, and no plugin ever sees a credential",
        "grant variables with other names",
    );
    two(
        &format!("{builtin}config-files = {{ a = \"\" }}"),
        "line 3, config-files.a: it is empty",
        "name a file of the project",
    );
    two(
        &format!("{builtin}config.list = \"x\"\n\nconfig-files.list = \"config/list\""),
        "line 5, config-files.list: `config` sets `list` as well",
        "set it in one of the two",
    );
    let (unknown, _) = refused(&format!("{builtin}limits = {{ fule = 1 }}"));
    assert!(unknown.starts_with("line 3, limits: unknown field `fule`, expected one of `fuel`"), "{unknown}");
    let (name, hint) = refused("[plugin.\"a b\"]\ncomponent = \"x\"");
    assert_eq!((&*name, hint.contains("up to 40")), ("line 1: `a b` cannot name a plugin", true));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}", value in "[\\[\\]\"{}a-z =.\n]{0,30}") {
        let _ = parse(&text);
        let _ = parse(&format!("{FLIST}filters = {value}"));
        let _ = parse(&value);
    }
}
