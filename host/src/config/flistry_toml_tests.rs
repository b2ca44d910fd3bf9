//! The shipped file, what a project's file changes, and each mistake.

use proptest::prelude::*;

use super::*;
use crate::config::ComponentSource;

const FLIST: &str = "[flist.a]\ncontents = \"plain\"\nsource = [\"a\"]\nnaming = \"zos-naming\"\n";

/// The message without the file's name, and the remedy.
fn refused(text: &str) -> (String, String) {
    let error = FlistryToml::parse(text).expect_err(text);
    let message = error.to_string();
    (message.strip_prefix("config/flistry.toml, ").unwrap().to_owned(), error.hint().to_owned())
}

#[test]
fn the_shipped_file_sets_everything() {
    let shipped = FlistryToml::parse(DEFAULT).unwrap();
    // Of what the project's file leaves out no line of it is named.
    let nameless = |toml: &FlistryToml| {
        let blobs = toml.blobs.iter().map(|(blob, _)| (blob.clone(), None)).collect();
        FlistryToml { blobs, ..toml.clone() }
    };
    assert_eq!(nameless(&shipped), FlistryToml::parse("").unwrap());
    assert_eq!(shipped.output, "dist/flists");
    assert_eq!(shipped.blobs.iter().map(|(blob, _)| blob.as_str()).collect::<Vec<_>>(), ["dist/blobs"]);
    assert_eq!((shipped.cache.as_str(), shipped.workers), ("dist/pack-cache.sqlite", 0));
    assert_eq!((shipped.read_back, shipped.publish_folder), (Level::Sample, None));
    assert_eq!(shipped.node.module_compression.len(), 3);
    assert_eq!((shipped.node.strict, shipped.system_maps.len()), (false, 1));
    let [modules, firmware] = &shipped.flists[..] else { panic!() };
    assert_eq!((modules.key.as_str(), modules.contents), ("modules", FlistKind::Modules));
    assert_eq!((firmware.key.as_str(), firmware.contents), ("firmware", FlistKind::Firmware));
    assert_eq!((modules.owner, firmware.source.len(), &*modules.naming), (Owner::Root, 2, "zos-naming"));
    assert_eq!((&modules.filters[..], firmware.filters.len()), (&["module-links".to_owned()][..], 0));
    assert_eq!(
        (&modules.post_pack[..], &firmware.post_pack[..]),
        (&["provenance-tags".to_owned()][..], &["firmware-prune".to_owned(), "provenance-tags".to_owned()][..])
    );
    let names: Vec<&str> = shipped.plugins.iter().map(|plugin| &*plugin.name).collect();
    assert_eq!(
        (names, &*shipped.plugin_cache),
        (vec!["firmware-prune", "module-links", "provenance-tags", "zos-naming"], "dist/plugin-cache")
    );
}

#[test]
fn a_project_changes_what_it_names() {
    let own = FlistryToml::parse(
        "output = \"out\"\n[pack]\nworkers = 3\n[read-back]\nlevel = \"full\"\n[publish]\nfolder = \"p\"",
    )
    .unwrap();
    assert_eq!((own.output.as_str(), own.workers, own.read_back), ("out", 3, Level::Full));
    assert_eq!((own.publish_folder.as_deref(), own.cache.as_str()), (Some("p"), "dist/pack-cache.sqlite"));
    assert_eq!(own.flists.len(), 2);
}

#[test]
fn flists_replace_the_shipped_ones_and_keep_their_order() {
    let other = FLIST.replace("[flist.a]", "[flist.Z]\nowner = \"preserve\"");
    let own = FlistryToml::parse(&format!("{other}{FLIST}")).unwrap();
    let [z, a] = &own.flists[..] else { panic!() };
    assert_eq!((z.key.as_str(), z.line, z.owner), ("Z", 1, Owner::Preserve));
    assert_eq!((a.key.as_str(), a.line, a.owner), ("a", 6, Owner::Root));
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
    two(
        "[read-back]\nlevel = \"most\"",
        "line 2, level: unknown variant `most`, expected one of `presence`, `sample`, `full`",
        shipped,
    );
    two("[flist.a]\ncontents = \"plain\"\nnaming = \"n\"", "line 1: missing field `source`", shipped);
    two("[pack]\nworkers = 5000", "line 2, workers: there are too many", "write 0 for as many as there are processors");
    two("output = \"\"", "line 1, output: it is empty", "name a path");
    two("[publish]\nfolder = \"\"", "line 2, folder: it is empty", "name a path");
    two(
        "[store]\nblobs = []",
        "line 2, blobs: there is no store for the blobs",
        "name a folder, like [\"dist/blobs\"]",
    );
    let names = "use up to 64 letters, digits, `-` and `_`, not beginning with `-`";
    two(&FLIST.replace("flist.a", "flist.\"a b\""), "line 1: `a b` cannot name an flist", names);
    let source = "name the folder to pack, like [\"/lib/modules/{kernel}\"]";
    two(&FLIST.replace("[\"a\"]", "[]"), "line 3, source: there is no folder to look for", source);
    two(&FLIST.replace("[\"a\"]", "[\n\"\"]"), "line 4, source: it is empty", "name a folder");
    let known = "the placeholders are {kernel} and {release}";
    let source = "line 3, source: `{date}` has the unknown placeholder `{date}`";
    two(&FLIST.replace("[\"a\"]", "[\"{date}\"]"), source, known);
    two(&FLIST.replace("[\"a\"]", "[\"{\"]"), "line 3, source: `{` has a brace without its other half", known);
    let (missing, _) = refused("[flist.a]\ncontents = \"plain\"\nsource = [\"a\"]");
    assert_eq!(missing, "line 1: missing field `naming`");
    let (syntax, _) = refused("output = dist");
    assert!(syntax.starts_with("line 1, output: "), "{syntax}");
}

#[test]
fn a_project_adds_and_replaces_plugins() {
    let own = FlistryToml::parse(
        "[plugin.mine]\ncomponent = \"p/mine.wasm\"\ntrees = [\"modules\"]\nlimits = { fuel = 7 }\n\
         config = { a = [1, { b = true }] }\n[plugin.zos-naming]\ncomponent = \"builtin:zos-naming\"\nconfig.prefix = \"x\"",
    )
    .unwrap();
    let plugin = |name: &str| own.plugins.iter().find(|plugin| plugin.name == name).unwrap();
    let mine = plugin("mine");
    assert_eq!((&mine.component, mine.limits.fuel), (&ComponentSource::File("p/mine.wasm".into()), 7));
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
    two(&format!("{builtin}sha256 = \"12\""), "line 3, sha256: it is no SHA-256 in hexadecimal", pin);
    two(
        &format!("{builtin}variables = [\"S3_SECRET_KEY\"]"),
        "line 3, variables: `S3_SECRET_KEY` is a credential's name, and no plugin ever sees a credential",
        "grant variables with other names",
    );
    two(
        &format!("{builtin}config-files = {{ a = \"\" }}"),
        "line 3, config-files: `a` is empty",
        "name a file of the project",
    );
    two(
        &format!("{builtin}config.list = \"x\"\n\nconfig-files.list = \"config/list\""),
        "line 5, config-files: `list` stands in `config`, too",
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
        let _ = FlistryToml::parse(&text);
        let _ = FlistryToml::parse(&format!("{FLIST}filters = {value}"));
        let _ = FlistryToml::parse(&value);
    }
}
