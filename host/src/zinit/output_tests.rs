//! What is overwritten, and what is not.

use super::super::generated::GeneratedKind;
use super::*;
use crate::progress::{Recorder, Silent};

fn file(name: &str, text: &str) -> GeneratedFile {
    GeneratedFile { kind: GeneratedKind::Script, name: name.to_owned(), text: text.to_owned() }
}

fn states(written: &Written) -> Vec<(&str, FileState)> {
    written.files.iter().map(|(path, state)| (path.as_str(), *state)).collect()
}

fn built(directory: &Path, files: &[GeneratedFile]) -> (Vec<(String, FileState)>, Vec<String>) {
    let recorder = Recorder::new(&Silent, Vec::new());
    let written = write(directory, files, ConflictPolicy::KeepChanged, &recorder).unwrap();
    let warnings = recorder.warnings();
    (written.files, warnings.into_iter().map(|warning| warning.what).collect())
}

#[test]
fn a_build_replaces_its_own_and_keeps_what_a_person_changed() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("new/zinit");
    let read = |path: &str| std::fs::read_to_string(directory.join(path)).unwrap();
    let one = [file("a.sh", "1"), file("b.sh", "1")];
    assert_eq!(
        built(&directory, &one).0,
        [("init/a.sh".into(), FileState::Created), ("init/b.sh".into(), FileState::Created)]
    );
    assert_eq!(built(&directory, &one).0[0].1, FileState::Unchanged);
    std::fs::write(directory.join("init/b.sh"), "mine").unwrap();

    let two = [file("a.sh", "2"), file("b.sh", "2")];
    for _ in 0..2 {
        let (files, warnings) = built(&directory, &two);
        assert_eq!(files[1], ("init/b.sh".into(), FileState::Kept));
        assert_eq!(warnings, [format!("{}/init/b.sh was changed by hand and is left as it is", directory.display())]);
        assert_eq!((read("init/a.sh"), read("init/b.sh")), ("2".into(), "mine".into()));
    }
    // Once it is what flistry writes, it is flistry's again.
    std::fs::write(directory.join("init/b.sh"), "2").unwrap();
    assert_eq!(built(&directory, &two).0[1].1, FileState::Unchanged);
    assert_eq!(built(&directory, &one).0[1].1, FileState::Replaced);
}

#[test]
fn a_file_no_longer_generated_is_removed_unless_a_person_changed_it() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path();
    built(directory, &[file("a.sh", "1"), file("b.sh", "1"), file("c.sh", "1")]);
    std::fs::write(directory.join("init/b.sh"), "mine").unwrap();
    std::fs::write(directory.join("init/own.sh"), "mine").unwrap();
    std::fs::remove_file(directory.join("init/c.sh")).unwrap();
    let (files, warnings) = built(directory, &[]);
    assert_eq!(files, [("init/a.sh".into(), FileState::Removed)]);
    assert_eq!(
        warnings,
        [format!("{}/init/b.sh is not generated any more, but was changed by hand", directory.display())]
    );
    let mut left: Vec<_> =
        std::fs::read_dir(directory.join("init")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["b.sh", "own.sh"]);
    assert_eq!(std::fs::read_to_string(directory.join(SUMS)).unwrap(), "");
}

#[test]
fn without_force_one_conflict_stops_everything() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path();
    std::fs::create_dir(directory.join("init")).unwrap();
    std::fs::write(directory.join("init/b.sh"), "mine").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", directory.join("init/c.sh")).unwrap();
    let files = [file("a.sh", "1"), file("b.sh", "1"), file("c.sh", "1")];
    let error = write(directory, &files, ConflictPolicy::Refuse, &Silent).unwrap_err();
    let message = "these would be overwritten with different contents: init/b.sh, init/c.sh";
    assert_eq!(error.to_string(), format!("in {}, {message}", directory.display()));
    assert_eq!(std::fs::read_dir(directory.join("init")).unwrap().count(), 2);
    assert!(!directory.join(SUMS).exists());

    // A symlink is replaced, its target is not touched.
    let written = write(directory, &files, ConflictPolicy::Overwrite, &Silent).unwrap();
    assert_eq!(states(&written)[1..], [("init/b.sh", FileState::Replaced), ("init/c.sh", FileState::Replaced)]);
    assert!(std::fs::symlink_metadata(directory.join("init/c.sh")).unwrap().is_file());
    assert!(std::fs::read_to_string("/etc/passwd").unwrap().contains("root"));
    let written = write(directory, &files, ConflictPolicy::Refuse, &Silent).unwrap();
    assert!(written.is_unchanged());
}

#[test]
fn a_script_can_be_run_whatever_the_umask_was() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let script = temp.path().join("init/a.sh");
    let mode = || std::fs::metadata(&script).unwrap().permissions().mode() & 0o7777;
    built(temp.path(), &[file("a.sh", "1")]);
    assert_eq!(mode(), 0o755);
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o600)).unwrap();
    // Nobody's work is lost by that.
    let written = write(temp.path(), &[file("a.sh", "1")], ConflictPolicy::Refuse, &Silent).unwrap();
    assert_eq!((mode(), states(&written)), (0o755, vec![("init/a.sh", FileState::Replaced)]));
}

#[test]
fn comparing_writes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("zinit");
    let written = compare(&directory, &[file("a.sh", "1")]).unwrap();
    assert_eq!(states(&written), [("init/a.sh", FileState::Created)]);
    assert!(!directory.exists());
}

#[test]
fn the_sums_are_what_sha256sum_reads() {
    let temp = tempfile::tempdir().unwrap();
    built(temp.path(), &[file("a.sh", "1")]);
    let check =
        std::process::Command::new("sha256sum").args(["--check", "--strict", SUMS]).current_dir(temp.path()).output();
    assert!(check.unwrap().status.success());
    // Text that flistry did not write says nothing of any file.
    assert_eq!(Sums::parse("nonsense\n00  init/a.sh\n\n"), Sums::default());
}
