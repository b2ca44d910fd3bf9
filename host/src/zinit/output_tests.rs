//! What is overwritten, and what is not.

use super::super::FileKind;
use super::*;

fn file(name: &str, text: &str) -> GeneratedFile {
    GeneratedFile { kind: FileKind::Script, name: name.to_owned(), text: text.to_owned() }
}

fn states(written: &Written) -> Vec<(&str, FileState)> {
    written.files.iter().map(|(path, state)| (path.as_str(), *state)).collect()
}

fn built(folder: &Path, files: &[GeneratedFile]) -> (Vec<(String, FileState)>, Vec<String>) {
    let (written, warnings) = write(folder, files, Policy::KeepChanged).unwrap();
    (written.files, warnings.into_iter().map(|warning| warning.what).collect())
}

#[test]
fn a_build_replaces_its_own_and_keeps_what_a_person_changed() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("new/zinit");
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    let one = [file("a.sh", "1"), file("b.sh", "1")];
    assert_eq!(
        built(&folder, &one).0,
        [("init/a.sh".into(), FileState::Created), ("init/b.sh".into(), FileState::Created)]
    );
    assert_eq!(built(&folder, &one).0[0].1, FileState::Unchanged);
    std::fs::write(folder.join("init/b.sh"), "mine").unwrap();

    let two = [file("a.sh", "2"), file("b.sh", "2")];
    for _ in 0..2 {
        let (files, warnings) = built(&folder, &two);
        assert_eq!(files[1], ("init/b.sh".into(), FileState::Kept));
        assert_eq!(warnings, [format!("{}/init/b.sh was changed by hand and is left as it is", folder.display())]);
        assert_eq!((read("init/a.sh"), read("init/b.sh")), ("2".into(), "mine".into()));
    }
    // Once it is what flistry writes, it is flistry's again.
    std::fs::write(folder.join("init/b.sh"), "2").unwrap();
    assert_eq!(built(&folder, &two).0[1].1, FileState::Unchanged);
    assert_eq!(built(&folder, &one).0[1].1, FileState::Replaced);
}

#[test]
fn what_is_not_generated_any_more_goes_unless_a_person_changed_it() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    built(folder, &[file("a.sh", "1"), file("b.sh", "1"), file("c.sh", "1")]);
    std::fs::write(folder.join("init/b.sh"), "mine").unwrap();
    std::fs::write(folder.join("init/own.sh"), "mine").unwrap();
    std::fs::remove_file(folder.join("init/c.sh")).unwrap();
    let (files, warnings) = built(folder, &[]);
    assert_eq!(files, [("init/a.sh".into(), FileState::Removed)]);
    assert_eq!(
        warnings,
        [format!("{}/init/b.sh is not generated any more, but was changed by hand", folder.display())]
    );
    let mut left: Vec<_> =
        std::fs::read_dir(folder.join("init")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["b.sh", "own.sh"]);
    assert_eq!(std::fs::read_to_string(folder.join(SUMS)).unwrap(), "");
}

#[test]
fn without_force_one_conflict_stops_everything() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    std::fs::create_dir(folder.join("init")).unwrap();
    std::fs::write(folder.join("init/b.sh"), "mine").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("init/c.sh")).unwrap();
    let files = [file("a.sh", "1"), file("b.sh", "1"), file("c.sh", "1")];
    let error = write(folder, &files, Policy::Refuse).unwrap_err();
    let message = "these would be overwritten with different contents: init/b.sh, init/c.sh";
    assert_eq!(error.to_string(), format!("in {}, {message}", folder.display()));
    assert_eq!(std::fs::read_dir(folder.join("init")).unwrap().count(), 2);
    assert!(!folder.join(SUMS).exists());

    // A link is replaced, what it leads to is not touched.
    let (written, _) = write(folder, &files, Policy::Overwrite).unwrap();
    assert_eq!(states(&written)[1..], [("init/b.sh", FileState::Replaced), ("init/c.sh", FileState::Replaced)]);
    assert!(std::fs::symlink_metadata(folder.join("init/c.sh")).unwrap().is_file());
    assert!(std::fs::read_to_string("/etc/passwd").unwrap().contains("root"));
    let (written, _) = write(folder, &files, Policy::Refuse).unwrap();
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
    let (written, _) = write(temp.path(), &[file("a.sh", "1")], Policy::Refuse).unwrap();
    assert_eq!((mode(), states(&written)), (0o755, vec![("init/a.sh", FileState::Replaced)]));
}

#[test]
fn comparing_writes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("zinit");
    let written = compare(&folder, &[file("a.sh", "1")]).unwrap();
    assert_eq!(states(&written), [("init/a.sh", FileState::Created)]);
    assert!(!folder.exists());
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
