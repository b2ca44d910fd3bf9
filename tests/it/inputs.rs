//! Inputs as people have them: versions as kernels are published, files with a byte order mark, directories that are there and
//! empty.

use crate::support::module::Module;
use crate::support::project::{PLAIN_TOML, Project};
use crate::support::repository;

#[test]
fn a_version_without_a_sublevel_is_what_the_kernel_calls_itself() {
    let project = Project::plain();
    for (published, called) in [
        ("6.12", "6.12.0-Zero-OS"),
        ("6.13-rc1", "6.13.0-rc1-Zero-OS"),
        ("6.12.0", "6.12.0-Zero-OS"),
        ("6.12.44", "6.12.44-Zero-OS"),
    ] {
        project.write("config/build.conf", &format!("KERNEL_VERSION=\"{published}\"\n"));
        assert_eq!(project.flistry(&["kernel-version"]).ok().stdout, format!("{called}\n"));
    }
}

#[test]
fn versions_that_are_there_are_named_where_the_derived_one_is_not() {
    let project = Project::sample();
    let modules = project.path("lib/modules");
    std::fs::rename(modules.join("6.12.44-Zero-OS"), modules.join("6.12.44-Zero-OS+")).unwrap();
    std::fs::create_dir_all(modules.join("6.1.5")).unwrap();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let toml = toml.replace("[\"lib/modules/", "[\"dist/modules/{kernel}/lib\", \"lib/modules/");
    project.write("config/flistry.toml", &toml);
    std::fs::create_dir_all(project.path("dist/modules/6.12.43-Zero-OS/lib")).unwrap();
    project.flistry(&["plan", "modules"]).fails(
        1,
        "flist `modules` has no source: PROJECT/dist/modules/6.12.44-Zero-OS/lib and \
         PROJECT/lib/modules/6.12.44-Zero-OS do not exist; PROJECT/dist/modules has 6.12.43-Zero-OS; PROJECT/lib/modules has \
         6.12.44-Zero-OS+, 6.1.5",
        "if the nodes' kernel calls itself 6.12.44-Zero-OS+ (its build adds `+` in a git checkout that is not at a version's \
         tag, unless make is given LOCALVERSION=), set CONFIG_LOCALVERSION=\"-Zero-OS+\" in config/kernel.config; else \
         build the modules of 6.12.44-Zero-OS",
    );
    // Following it helps.
    project.write("config/kernel.config", "CONFIG_LOCALVERSION=\"-Zero-OS+\"\n");
    assert_eq!(project.flistry(&["kernel-version"]).ok().stdout, "6.12.44-Zero-OS+\n");
}

#[test]
fn a_command_line_that_cannot_be_read_is_shown_without_what_a_terminal_obeys() {
    let project = Project::plain();
    let colored = [("CLICOLOR_FORCE", "1")];
    for wrong in ["b\u{202e}ild", "b\u{1b}[2Jild", "b\u{feff}ild"] {
        let run = project.flistry_with(&[wrong], &colored);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("ild") && !run.stderr.contains(wrong), "{}", run.stderr);
    }
    let shown = |arguments: &[&str]| {
        let run = project.flistry_with(arguments, &colored);
        format!("{}{}", run.stdout, run.stderr)
    };
    for arguments in [&["--help"][..], &["no-such-command"], &["plan", "--no-such-option"]] {
        assert!(shown(arguments).contains('\u{1b}'), "{arguments:?}");
        for never in [&["--color", "never"][..], &["--color=never"]] {
            let text = shown(&[never, arguments].concat());
            assert!(text.lines().count() > 2 && !text.contains('\u{1b}'), "{text}");
        }
    }
}

#[test]
fn the_log_has_colors_where_the_rest_has() {
    let project = Project::sample();
    let has_escapes = |arguments: &[&str], variables: &[(&str, &str)]| {
        let log = project.flistry_with(&[&["plan", "-v"], arguments].concat(), variables).ok().stderr;
        assert!(log.contains(" INFO"), "{log}");
        log.contains('\u{1b}')
    };
    // Standard error is a pipe here.
    assert!(!has_escapes(&[], &[]));
    assert!(!has_escapes(&["--color", "auto"], &[("NO_COLOR", "1")]));
    assert!(!has_escapes(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(has_escapes(&["--color", "always"], &[]));
}

/// A project whose directory `empty` has what a repository keeps a directory with, and no more.
fn with_empty_directory(toml: &str) -> Project {
    let project = Project::plain();
    std::fs::create_dir_all(project.path("empty/deep")).unwrap();
    project.write("empty/.gitkeep", "");
    project.write("config/flistry.toml", toml);
    project
}

#[test]
fn an_empty_directory_is_not_the_first_that_exists() {
    let project = with_empty_directory(&PLAIN_TOML.replace("source = [", "source = [\"empty\", "));
    let plan = project.flistry(&["plan"]).ok().stdout;
    assert!(plan.contains("PROJECT/data"), "{plan}");
    // With a file in it it is.
    project.write("empty/deep/file", "1");
    let plan = project.flistry(&["plan"]).ok().stdout;
    assert!(plan.contains("PROJECT/empty") && !plan.contains("PROJECT/data"), "{plan}");
}

#[test]
fn an_flist_without_a_file_is_built_only_where_that_is_allowed() {
    for (contents, what, remedy) in [
        ("plain", "file", "run the step that fills it"),
        ("firmware", "file", "run the step that fills it"),
        ("modules", "kernel module", "`make modules_install` fills it; `contents = \"plain\"` packs any tree"),
    ] {
        let toml = PLAIN_TOML.replace("[\"data\"]", "[\"empty\"]").replace("\"plain\"", &format!("\"{contents}\""));
        let project = with_empty_directory(&toml);
        let error = format!("flist `data` would hold no {what}: PROJECT/empty has none");
        let hint = format!("{remedy}; `allow-empty = true` of [flist.data] builds it without a {what}");
        project.flistry(&["build"]).fails(1, &error, &hint);
        // A symlink within is no file, either, nor one to where the kernel was built.
        std::os::unix::fs::symlink("deep", project.path("empty/link")).unwrap();
        if contents == "modules" {
            std::os::unix::fs::symlink("/usr/src/linux", project.path("empty/build")).unwrap();
        }
        project.flistry(&["build"]).fails(1, &error, &hint);
        assert_eq!(project.names("dist/flists"), Vec::<String>::new());

        project.write("config/flistry.toml", &toml.replace("naming =", "allow-empty = true\nnaming ="));
        let run = project.flistry(&["build"]).ok();
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
        let file = project.path("dist/flists/data.fl");
        project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]).ok();
    }
}

#[test]
fn filters_and_post_pack_plugins_that_leave_no_module_are_named() {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let drop_all =
        "[plugin.drop-all]\ncomponent = \"builtin:path-filter\"\nconfig.rules = [{ exclude = \"**/*.ko*\" }]\n\n";
    let toml = format!("{}\n{drop_all}", toml.replace("\"module-links\"", "\"module-links\", \"drop-all\""));
    project.write("config/flistry.toml", &toml);
    let modules = std::process::Command::new("find").arg(project.path("lib/modules")).args(["-name", "*.ko*"]).output();
    let modules = modules.unwrap().stdout.split(|byte| *byte == b'\n').count() - 1;
    project.flistry(&["plan", "modules"]).fails(
        1,
        &format!("flist `modules` would hold no kernel module: of {modules}, the filters drop all (`drop-all`)"),
        "correct their configuration; `allow-empty = true` of [flist.modules] builds it without a kernel module",
    );
    // A kernel without modules: what is known of its built-in drivers is packed, with indexes of it.
    project
        .write("config/flistry.toml", &toml.replacen("[flist.modules]\n", "[flist.modules]\nallow-empty = true\n", 1));
    let run = project.flistry(&["build", "modules"]).ok();
    let warning =
        format!("warning: flist `modules` will hold no kernel module: of {modules}, the filters drop all (`drop-all`)");
    assert!(run.stderr.contains(&warning), "{}", run.stderr);
    let file = project.path("dist/flists/modules-6.12.44-Zero-OS.fl");
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]).ok();
    let tree = project.flistry(&["tree", file.to_str().unwrap()]).ok().stdout;
    assert!(tree.contains("modules.builtin.bin") && !tree.contains(".ko"), "{tree}");
}

#[test]
fn a_symlink_must_not_lead_through_what_is_dropped_by_the_place_where_a_node_has_the_flist() {
    let project = Project::plain();
    let toml = PLAIN_TOML.replace("naming =", "mount = \"/srv/data\"\nnaming =");
    project.write_toml_without(&toml, &["sub/two", "through"]);
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, project.path(path)).unwrap();
    link("/srv/data/sub/two", "data/absolute");
    project.flistry(&["plan"]).fails(
        1,
        "the symlink absolute would dangle without sub/two, which plugin `leave-out` dropped (rule 1: exclude `sub/two`)",
        "let a filter drop absolute as well, or correct what `leave-out` drops",
    );
    std::fs::remove_file(project.path("data/absolute")).unwrap();
    link("sub/deep", "data/through");
    link("/srv/data/through/three", "data/absolute");
    project.flistry(&["plan"]).fails(
        1,
        "the symlink absolute would dangle without through, which plugin `leave-out` dropped (rule 2: exclude `through`)",
        "let a filter drop absolute as well, or correct what `leave-out` drops",
    );
    // Elsewhere a node may have something else.
    std::fs::remove_file(project.path("data/absolute")).unwrap();
    link("/srv/other/through/three", "data/absolute");
    project.flistry(&["plan"]).ok();
}

#[test]
fn what_a_version_may_hold_a_name_may_hold() {
    let project = Project::plain();
    project.write("config/build.conf", "KERNEL_VERSION=6.13~rc1\n");
    project.write("config/kernel.config", "CONFIG_LOCALVERSION=\"-1_2+b\"\n");
    let toml = "[flist.modules]\ncontents = \"modules\"\nsource = [\"lib\"]\nnaming = \"zos-naming\"\n\
                mount = \"/lib/modules/{kernel}\"\n";
    project.write("config/flistry.toml", toml);
    let kernel = "6.13.0~rc1-1_2+b";
    let module = Module::of_kernel(&format!("{kernel} SMP preempt mod_unload ")).info("name", "a").elf();
    std::fs::create_dir_all(project.path("lib/kernel")).unwrap();
    std::fs::write(project.path("lib/kernel/a.ko"), module).unwrap();
    project.write("lib/modules.order", "kernel/a.ko\n");
    project.write("lib/modules.builtin", "");
    project.flistry(&["build"]).ok();
    let file = project.path(&format!("dist/flists/modules-{kernel}.fl"));
    assert!(file.exists(), "{:?}", project.names("dist/flists"));
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "source"]).ok();
}

#[test]
fn a_tag_may_hold_what_a_version_may() {
    let project = Project::sample();
    project.flistry_with(&["build", "firmware"], &[("FIRMWARE_TAG", "2025~rc1+b")]).ok();
    assert!(project.path("dist/flists/firmware-2025~rc1+b.fl").exists());
    let alias = std::fs::read_link(project.path("dist/flists/firmware-latest.fl")).unwrap();
    assert_eq!(alias, std::path::Path::new("firmware-2025~rc1+b.fl"));
}

#[test]
fn who_spoils_a_name_is_blamed() {
    let words = "the words are the plugin's own; see its documentation";
    // The variable, as the plugin that comes with flistry knows it.
    let project = Project::sample();
    project.flistry_with(&["plan", "firmware"], &[("FIRMWARE_TAG", "latest")]).fails(
        1,
        "plugin `zos-naming`, naming: FIRMWARE_TAG is `latest`: firmware-latest.fl is the alias of the newest, so use another \
         tag (bad-tag)",
        words,
    );
    // The setting.
    let project = Project::plain();
    project.write("config/flistry.toml", &PLAIN_TOML.replace("data.fl", "my data.fl"));
    project.flistry(&["plan"]).fails(
        1,
        "plugin `name`, naming: `file` and `aliases` give the name `my data.fl`: a name ends in .fl, has at most 200 letters, \
         digits, `.`, `_`, `+`, `~` and `-`, and starts with none of `.`, `~` and `-` (bad-name)",
        words,
    );
    // A variable, of which a plugin of somebody else's makes a name, or the plugin alone.
    let project = Project::plain();
    std::fs::create_dir_all(project.path("plugins")).unwrap();
    std::fs::copy(repository("tests/plugins/built/hostile.wasm"), project.path("plugins/hostile.wasm")).unwrap();
    let toml = |config: &str| {
        let flist = PLAIN_TOML.split_once("\n\n").unwrap().1;
        format!(
            "[plugin.name]\ncomponent = \"plugins/hostile.wasm\"\nvariables = [\"EDITION\"]\nconfig = {config}\n\n{flist}"
        )
    };
    let plan = |edition: &str| project.flistry_with(&["plan"], &[("EDITION", edition)]);
    let rule = "a name ends in .fl, has at most 200 letters, digits, `.`, `_`, `+`, `~` and `-`, and starts with none of `.`, \
                `~` and `-`";
    let variable =
        "set EDITION to something else, or configure the plugin otherwise; if neither helps, tell its author";
    let plugin = "this is a fault of the plugin: tell its author, or take it out of config/flistry.toml";
    project.write("config/flistry.toml", &toml("{ do = \"tell-name\", text = [\"data-my edition\"] }"));
    let what = format!("plugin `name`, naming: `data-my edition.fl` cannot be the name of an flist: {rule}");
    plan("my edition").fails(1, &format!("{what}, with EDITION=`my edition`"), variable);
    plan("edition").fails(1, &what, plugin);
    project.write("config/flistry.toml", &toml("{ do = \"alias-same\" }"));
    let what = "plugin `name`, naming: it gives the name `data.fl` twice";
    plan("data").fails(1, &format!("{what}, with EDITION=`data`"), variable);
    plan("other").fails(1, what, plugin);
}

/// Puts a byte order mark in front of a file.
fn mark(project: &Project, file: &str) {
    let bytes = std::fs::read(project.path(file)).unwrap();
    std::fs::write(project.path(file), [b"\xef\xbb\xbf", &*bytes].concat()).unwrap();
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_file_of_the_project() {
    let project = Project::sample();
    let toml = "[plugin.select]\ncomponent = \"builtin:modules-select\"\nconfig-files = { list = \"net.conf\" }\n\
                [flist.modules]\ncontents = \"modules\"\nsource = [\"lib/modules/{kernel}\"]\n\
                filters = [\"module-links\", \"select\"]\nnaming = \"zos-naming\"\nmount = \"/lib/modules/{kernel}\"\n";
    project.write("config/flistry.toml", toml);
    project.write("net.conf", "r8169\nigb\n");
    project.write("config/zinit/mount.sh", &std::fs::read_to_string(repository("config/zinit/mount.sh")).unwrap());
    let plan = || project.flistry(&["plan"]).ok().stdout;
    let units = || {
        std::fs::remove_dir_all(project.path("dist/zinit")).unwrap();
        project.flistry(&["build"]).ok();
        let scripts = std::fs::read_dir(project.path("dist/zinit")).unwrap().map(|entry| entry.unwrap().path());
        let scripts: Vec<_> = scripts.filter(|path| path.extension().is_some_and(|ending| ending == "sh")).collect();
        scripts.iter().map(|script| std::fs::read_to_string(script).unwrap()).collect::<Vec<_>>()
    };
    project.flistry(&["build"]).ok();
    let (plain, scripts) = (plan(), units());
    assert!(plain.contains("6.12.44-Zero-OS"), "{plain}");
    for file in
        ["config/build.conf", "config/kernel.config", "config/flistry.toml", "net.conf", "config/zinit/mount.sh"]
    {
        mark(&project, file);
        assert_eq!(plan(), plain, "{file}");
    }
    assert_eq!(units(), scripts);
    project.write_rfs_conf("\u{feff}S3_ENDPOINT=http://localhost:1\n");
    let hint = "name the bucket that blobs go to";
    project.flistry(&["build"]).fails(2, "config/rfs.conf, S3_BUCKET: it is not set", hint);
}

#[test]
fn a_byte_order_mark_is_no_part_of_what_plugins_and_checks_read_in_a_tree() {
    let project = Project::sample();
    let modules = "lib/modules/6.12.44-Zero-OS";
    project.write("firmware/WHENCE", "Link: nowhere/made.bin -> ../intel/ibt-17-16-1.sfi\n");
    let plan = || {
        let run = project.flistry(&["--format", "json", "plan"]).ok();
        let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let left_out: Vec<_> = [0, 1].map(|flist| plan["flists"][flist]["left_out"].clone()).into();
        (left_out, run.stderr)
    };
    let plain = plan();
    for file in ["firmware/WHENCE", &format!("{modules}/modules.builtin"), &format!("{modules}/modules.order")] {
        mark(&project, file);
        assert_eq!(plan(), plain, "{file}");
    }
    // kmod itself would not find the first module of such an index, so it is made again.
    mark(&project, &format!("{modules}/modules.dep"));
    project.flistry(&["build"]).ok();
    let file = project.path("dist/flists/modules-6.12.44-Zero-OS.fl");
    project.flistry(&["verify", file.to_str().unwrap(), "--level", "full"]).ok();
    let into = project.path("unpacked");
    project.flistry(&["unpack", file.to_str().unwrap(), into.to_str().unwrap()]).ok();
    assert!(!std::fs::read(into.join("modules.dep")).unwrap().starts_with(b"\xef\xbb\xbf"));
}

#[test]
fn utf_16_is_refused_in_words() {
    let project = Project::sample();
    let utf16 = |file: &str, text: &str| {
        let bytes: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        std::fs::write(project.path(file), bytes).unwrap();
    };
    let was = std::fs::read(project.path("firmware/WHENCE")).ok();
    utf16("firmware/WHENCE", "Link: a -> b\n");
    let refused = project.flistry(&["plan"]);
    assert_eq!((refused.code, was.is_some()), (1, false));
    assert!(refused.stderr.contains("WHENCE is UTF-16, not UTF-8 text (not-text)"), "{}", refused.stderr);
    std::fs::remove_file(project.path("firmware/WHENCE")).unwrap();
    let dep = "lib/modules/6.12.44-Zero-OS/modules.dep";
    utf16(dep, "kernel/a.ko:\n");
    project.flistry(&["plan", "modules"]).fails(
        1,
        &format!("cannot read PROJECT/{dep}: it is UTF-16, not UTF-8 text"),
        "the kernel's build and depmod write ASCII: make it again",
    );
}
