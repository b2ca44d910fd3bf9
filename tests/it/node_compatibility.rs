//! What a node could not use is said in `plan`, `build` and `verify`, and ends a strict build.

use crate::support::project::Project;

const ZSTD: &str = "1 module is compressed with zstd, which the node's kmod is not said to read: \
                    /kernel/drivers/gpu/drm/nouveau/nouveau.ko.zst";
const HINT: &str = "if it does, as `modprobe --version` on a node tells, add \"zstd\" to `module-compression` of [node] in \
                    config/flistry.toml";
const LOADER: &str = "1 firmware file is compressed with xz, which this kernel's firmware loader does not read \
                      (CONFIG_FW_LOADER_COMPRESS_XZ is not set in config/kernel.config): /acme/a.bin.xz";
const MICROCODE: &str = "/amd-ucode does nothing for the boot: the kernel takes CPU microcode from the initrd, before an \
                         flist can be mounted";

/// The sample for a node of the older kind, with firmware that its kernel can't decompress.
fn project(strict: bool) -> Project {
    let project = Project::sample();
    let toml = std::fs::read_to_string(project.path("config/flistry.toml")).unwrap();
    let toml = toml.replace("module-compression = [\"none\", \"xz\", \"zstd\"]", &format!("strict = {strict}"));
    // What no module names would not be there to be looked at.
    project.write("config/flistry.toml", &toml.replace("\"firmware-prune\", ", ""));
    project.write("firmware/acme/a.bin.xz", "made up");
    std::os::unix::fs::symlink("nowhere", project.path("firmware/acme/link")).unwrap();
    project
}

#[test]
fn plan_build_and_verify_report_it() {
    let project = project(false);
    for command in ["plan", "build"] {
        let run = project.flistry(&[command]).ok();
        for what in [ZSTD, HINT, LOADER] {
            assert!(run.stderr.contains(what), "{command}: {}", run.stderr);
        }
        for note in [MICROCODE, "1 symlink leads to nothing: /acme/link -> nowhere"] {
            assert!(run.stdout.contains(&format!("  note       {note}\n")), "{command}: {}", run.stdout);
        }
    }
    let report = project.report("modules-6.12.44-Zero-OS.fl");
    assert!(report["warnings"][0].as_str().unwrap().starts_with(ZSTD), "{report}");
    let firmware = project.path("dist/flists/firmware-latest.fl");
    let verify = project.flistry(&["verify", firmware.to_str().unwrap()]).ok();
    assert!(
        verify.stderr.contains(LOADER) && verify.stdout.contains(&format!("note: {MICROCODE}\n")),
        "{}",
        verify.stdout
    );

    // Of another kernel's flist this project's configuration says nothing.
    project.write("config/build.conf", "KERNEL_VERSION=6.12.45\n");
    let verify = project.flistry(&["verify", firmware.to_str().unwrap()]).ok();
    assert!(!verify.stderr.contains("warning") && !verify.stdout.contains("note"), "{}", verify.stdout);
}

#[test]
fn a_strict_build_ends_before_anything_is_stored() {
    let project = project(true);
    project.flistry(&["build"]).fails(
        1,
        &format!("flist `modules` holds what no node could use:\n  {ZSTD} ({HINT})"),
        "`strict = false` of [node] in config/flistry.toml makes these warnings",
    );
    assert!(project.names("dist/blobs").is_empty());
}
