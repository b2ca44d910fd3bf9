//! A project's own templates.

use super::{Project, build, files};

#[test]
fn a_project_replaces_a_template() {
    let project = Project::sample();
    project.write("config/zinit/mount.sh", "#!/bin/sh\nexec own-mount @MANIFESTS@/ @TARGET@ @MANIFEST@\n");
    build(&project).ok();
    let found = files(&project.path("dist/zinit"));
    let own = "#!/bin/sh\nexec own-mount /etc/rfs/ /lib/modules/\"$KERNEL\" modules-\"$1\".fl\n";
    assert_eq!(found["init/modules.sh"], own);
    assert!(found["yaml/rfs-modules.yaml"].contains("exec: /etc/zinit/init/modules.sh\n"));
}

#[test]
fn a_template_that_cannot_be_used_ends_a_build_before_it_packs() {
    let project = Project::sample();
    project.write("config/zinit/mount.sh", "#!/bin/sh\n# @NAME@\n@MANIFEST@ @TARGETS@\n");
    let known = "@CACHE@, @FORM@, @MANIFEST@, @MANIFESTS@, @NAME@, @OVERRIDE@, @RFS@, @TARGET@, @VARIABLE@";
    build(&project).fails(
        2,
        "config/zinit/mount.sh, line 3: unknown placeholder @TARGETS@",
        &format!("there are: {known}"),
    );
    assert!(!project.path("dist/flists").exists() && !project.path("dist/blobs").exists());
    project.write("config/zinit/mount.sh", "#!/bin/sh\n@MANIFEST@\n");
    build(&project).fails(
        2,
        "config/zinit/mount.sh (its last line is 2): the placeholder @TARGET@ is missing",
        &format!("put it in; there are: {known}"),
    );
}

#[test]
fn a_typo_that_zinit_would_not_see_is_an_error() {
    let hint = "correct the template; without the file, the shipped one is used";
    for (file, text, what) in [
        ("mount.yaml", "exec: @EXEC@\none_shot: true\n", "one_shot"),
        ("mount.toml", "[service]\nname = @UNIT@\nexec = @EXEC@\n[lifecycle]\nmax_restart = 0\n", "max_restart"),
        ("target.toml", "[target]\nname = @UNIT@\n[dependencies]\nrequire = @REQUIRES@\n", "require"),
        (
            "coldplug.toml",
            "[service]\nname = @UNIT@\nexec = @EXEC@\n[health]\ntype = \"exec\"\ntarget = \"x\"\nretries = 0\n",
            "`retries` is 0",
        ),
    ] {
        // Found before anything is packed.
        let project = Project::sample();
        project.write(&format!("config/zinit/{file}"), text);
        let run = build(&project);
        assert!(!project.path("dist/blobs").exists());
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!("error: config/zinit/{file} gives a unit that zinit would misread: ")),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(what) && run.stderr.ends_with(&format!("  hint: {hint}\n")), "{}", run.stderr);
    }
}

#[test]
fn a_file_that_takes_no_place_is_warned_of() {
    let project = Project::sample();
    project.write("config/zinit/modules.sh", "");
    let run = build(&project).ok();
    assert!(run.stderr.contains("warning: config/zinit/modules.sh is not a template's name"), "{}", run.stderr);
}
