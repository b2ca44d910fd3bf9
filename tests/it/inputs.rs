//! Inputs as people have them: versions as kernels are published, files with a byte order mark, directories that are there and
//! empty.

use crate::support::project::{PLAIN_TOML, Project};

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
