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

/// What a compressor makes of a file, in the project's firmware.
fn compressed(project: &Project, command: &[&str], path: &str, contents: &[u8]) {
    let plain = project.path("plain");
    std::fs::write(&plain, contents).unwrap();
    let output =
        std::process::Command::new(command[0]).args(&command[1..]).args(["-c", "-q"]).arg(&plain).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    std::fs::remove_file(plain).unwrap();
    std::fs::write(project.path(path), output.stdout).unwrap();
}

#[test]
fn compressed_firmware_is_looked_into() {
    let project = project(false);
    std::fs::remove_file(project.path("firmware/acme/a.bin.xz")).unwrap();
    compressed(&project, &["xz"], "firmware/acme/crc64.bin.xz", b"firmware");
    compressed(&project, &["xz", "--check=crc32"], "firmware/acme/crc32.bin.xz", b"firmware");
    compressed(&project, &["zstd"], "firmware/acme/good.bin.zst", b"firmware");
    compressed(&project, &["zstd", "--no-content-size"], "firmware/acme/piped.bin.zst", b"firmware");
    // The kernel finds the plain one first.
    compressed(&project, &["xz"], "firmware/acme/both.bin.xz", b"firmware");
    project.write("firmware/acme/both.bin", "firmware");
    let run = project.flistry(&["plan", "firmware"]).ok();
    for what in [
        "1 firmware file, which the kernel does not read: they are compressed by xz with the check CRC64: /acme/crc64.bin.xz",
        "compress them with `xz --check=crc32`",
        "1 firmware file, which the kernel does not read: they are compressed by zstd without the size of their contents, as from \
         a pipe: /acme/piped.bin.zst",
    ] {
        assert!(run.stderr.contains(what), "{what}: {}", run.stderr);
    }
    for fine in ["crc32.bin", "good.bin", "both.bin"] {
        assert!(
            !run.stderr.contains(&format!("/acme/{fine}.xz: "))
                && !run.stderr.contains(&format!("not read: they {fine}"))
        );
    }
}

#[test]
fn symlinks_that_lead_nowhere_end_a_strict_build() {
    let project = project(true);
    std::fs::remove_file(project.path("firmware/acme/a.bin.xz")).unwrap();
    std::os::unix::fs::symlink("/lib/firmware/amd-ucode", project.path("firmware/acme/within")).unwrap();
    std::os::unix::fs::symlink("/opt/acme.bin", project.path("firmware/acme/out")).unwrap();
    project.flistry(&["plan", "firmware"]).fails(
        1,
        "flist `firmware` holds what no node could use:\n  \
         1 symlink leads to nothing: /acme/link -> nowhere (correct it, or let a filter drop it)\n  \
         1 symlink leads out of the flist: /acme/out -> /opt/acme.bin (put what it leads to into the source, or let a filter drop it)",
        "`strict = false` of [node] in config/flistry.toml makes these warnings",
    );
}

#[test]
fn a_source_that_has_files_by_symlinks_out_of_it_alone_is_refused() {
    let project = project(false);
    std::fs::remove_dir_all(project.path("firmware")).unwrap();
    std::fs::create_dir_all(project.path("firmware/acme")).unwrap();
    for name in ["a.bin", "b.bin"] {
        std::os::unix::fs::symlink(format!("/nix/store/{name}"), project.path("firmware/acme").join(name)).unwrap();
    }
    project.flistry(&["plan", "firmware"]).fails(
        1,
        "flist `firmware` would hold no file: PROJECT/firmware has 2 symlinks, which lead out of it, where no node finds anything",
        "copy the files, as `cp -rL` does, and pack the copy; `allow-empty = true` of [flist.firmware] builds it without a \
         file",
    );
}
