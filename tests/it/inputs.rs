//! Inputs as people have them: versions as kernels are published, files with a byte order mark, directories that are there and
//! empty.

use crate::support::project::Project;

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
