//! `flistry zinit --into ROOT`.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::{Project, append, build, files, sample};

/// A tree as an image builder has it: `lib` is a symlink.
fn root(project: &Project) -> PathBuf {
    let root = project.path("root");
    std::fs::create_dir_all(root.join("usr/lib")).unwrap();
    symlink("usr/lib", root.join("lib")).unwrap();
    root
}

#[test]
fn everything_is_at_its_place() {
    let project = sample();
    let root = root(&project);
    let into = ["zinit", "--into", root.to_str().unwrap()];
    let run = project.flistry(&into).ok();
    assert!(
        run.stdout.starts_with("wrote PROJECT/root\n  created    etc/rfs/modules-6.12.44-Zero-OS.fl\n"),
        "{}",
        run.stdout
    );
    let paths: Vec<String> = files(&root).into_keys().collect();
    assert_eq!(
        paths,
        [
            "etc/rfs/firmware-latest.fl",
            "etc/rfs/modules-6.12.44-Zero-OS.fl",
            "etc/zinit/init/coldplug.sh",
            "etc/zinit/init/firmware.sh",
            "etc/zinit/init/modules.sh",
            "etc/zinit/rfs-coldplug.yaml",
            "etc/zinit/rfs-firmware.yaml",
            "etc/zinit/rfs-modules.yaml",
            "etc/zinit/system/fuse-mounts.toml",
            "etc/zinit/system/rfs-firmware.toml",
            "etc/zinit/system/rfs-modules.toml",
            "etc/zinit/system/udevd-reload.toml",
        ]
    );
    // zinit 0.2 skips symlinks, and in the image there is nothing that the alias could lead to.
    for path in &paths {
        let metadata = std::fs::symlink_metadata(root.join(path)).unwrap();
        assert!(metadata.is_file(), "{path}");
        let mode = if path.ends_with(".sh") { 0o755 } else { 0o644 };
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{path}");
    }
    let bytes = |path: PathBuf| std::fs::read(path).unwrap();
    assert_eq!(bytes(root.join("etc/rfs/firmware-latest.fl")), bytes(project.path("dist/flists/firmware-sample.fl")));
    // Once more, and nothing is left to do.
    let run = project.flistry(&into).ok();
    assert_eq!(run.stdout.matches("unchanged").count(), 12);
}

#[test]
fn paths_on_the_node_are_paths_in_the_tree() {
    let project = Project::sample();
    append(&project, "[zinit]\nmanifests = \"/lib/flists\"\nscripts = \"/lib/init\"\ndialects = [\"yaml\"]\n");
    build(&project).ok();
    let root = root(&project);
    project.flistry(&["zinit", "--into", root.to_str().unwrap()]).ok();
    assert!(root.join("usr/lib/flists/firmware-latest.fl").is_file());
    assert!(root.join("usr/lib/init/modules.sh").is_file());
    assert!(std::fs::symlink_metadata(root.join("lib")).unwrap().is_symlink());
}

#[test]
fn no_symlink_leads_out_of_the_tree() {
    for (link, target) in
        [("etc", "OUTSIDE"), ("etc", "../outside"), ("etc/zinit", "OUTSIDE"), ("etc/rfs", "../../outside")]
    {
        let project = sample();
        let root = root(&project);
        let outside = project.path("outside");
        std::fs::create_dir(&outside).unwrap();
        if let Some(parent) = root.join(link).parent() {
            std::fs::create_dir_all(parent).unwrap();
        }
        symlink(target.replace("OUTSIDE", outside.to_str().unwrap()), root.join(link)).unwrap();
        for force in [&[][..], &["--force"]] {
            let run = project.flistry(&[&["zinit", "--into", root.to_str().unwrap()], force].concat());
            assert_eq!(run.code, 1, "{link}: {}", run.stdout);
            assert!(run.stderr.contains("error: cannot write PROJECT/root/etc/"), "{}", run.stderr);
            assert!(
                run.stderr.ends_with(
                    "  hint: a symlink in this tree leads out of it: make it a relative one that stays inside\n"
                ),
                "{}",
                run.stderr
            );
        }
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{link}");
        // All was looked at before anything was written.
        assert!(files(&root).is_empty(), "{link}: {:?}", files(&root).keys());
    }
}

#[test]
fn a_symlink_in_place_of_a_file_is_replaced_and_not_followed() {
    let project = sample();
    let root = root(&project);
    std::fs::create_dir_all(root.join("etc/zinit")).unwrap();
    project.write("outside", "mine");
    symlink(project.path("outside"), root.join("etc/zinit/rfs-modules.yaml")).unwrap();
    let into = ["zinit", "--into", root.to_str().unwrap()];
    project.flistry(&into).fails(
        1,
        "in PROJECT/root, these would be overwritten with different contents: etc/zinit/rfs-modules.yaml",
        "nothing was written; look at them, and repeat with --force to overwrite them",
    );
    assert!(!root.join("etc/rfs").exists());
    project.flistry(&[&into[..], &["--force"]].concat()).ok();
    assert!(std::fs::symlink_metadata(root.join("etc/zinit/rfs-modules.yaml")).unwrap().is_file());
    assert_eq!(std::fs::read_to_string(project.path("outside")).unwrap(), "mine");
}

#[test]
fn a_manifest_that_is_not_the_one_that_was_built_is_not_taken() {
    let project = sample();
    let root = root(&project);
    project.write("dist/flists/firmware-sample.fl", "other");
    project.flistry(&["zinit", "--into", root.to_str().unwrap()]).fails(
        1,
        "PROJECT/dist/flists/firmware-sample.fl is not the file that its report describes",
        "build it again",
    );
    assert!(files(&root).is_empty());
    let gone = project.path("gone");
    let run = project.flistry(&["zinit", "--into", gone.to_str().unwrap()]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: PROJECT/gone cannot be filled: "), "{}", run.stderr);
}

#[test]
fn units_that_the_image_does_not_have_are_warned_of() {
    let project = sample();
    let root = root(&project);
    std::fs::create_dir_all(root.join("etc/zinit")).unwrap();
    std::fs::write(root.join("etc/zinit/udevd.yaml"), "exec: udevd\n").unwrap();
    let run = project.flistry(&["zinit", "--into", root.to_str().unwrap()]).ok();
    let warnings: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    // Nothing about zinit 0.3: this is not one of its images.
    assert_eq!(
        warnings,
        [
            "warning: the tree has no unit network.yaml, which the generated units wait for (name the image's own units in [zinit.yaml])"
        ]
    );
}

#[test]
fn a_unit_of_the_image_that_has_the_name_of_a_new_one_is_warned_of() {
    let project = sample();
    let root = root(&project);
    let system = root.join("etc/zinit/system");
    std::fs::create_dir_all(&system).unwrap();
    for unit in ["network", "udevd"] {
        std::fs::write(system.join(format!("{unit}.toml")), format!("[target]\nname = \"{unit}\"\n")).unwrap();
    }
    let shipped = "[service]\nname = \"fuse-mounts\"\nexec = \"/usr/local/bin/my-fs\"\n";
    std::fs::write(system.join("50-mounts.toml"), shipped).unwrap();
    let run = project.flistry(&["zinit", "--into", root.to_str().unwrap()]).ok();
    let warnings: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    assert_eq!(
        warnings,
        [
            "warning: etc/zinit/system/50-mounts.toml has a unit named fuse-mounts, too: zinit 0.3 then loads no unit at all \
          (remove one of the two, or give it another name)"
        ]
    );
    // In its own file, it is one that would be overwritten.
    std::fs::rename(system.join("50-mounts.toml"), system.join("fuse-mounts.toml")).unwrap();
    project.flistry(&["zinit", "--into", root.to_str().unwrap()]).fails(
        1,
        "in PROJECT/root, these would be overwritten with different contents: etc/zinit/system/fuse-mounts.toml",
        "nothing was written; look at them, and repeat with --force to overwrite them",
    );
}

#[test]
fn a_comparison_leaves_the_tree_alone() {
    let project = sample();
    let root = root(&project);
    let run = project.flistry(&["zinit", "--check", "--into", root.to_str().unwrap()]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("compared PROJECT/root\n  created    etc/rfs/"), "{}", run.stdout);
    assert!(files(&root).is_empty());
}
