//! Manifests from elsewhere: foreign, broken, and malicious. Each is refused with a message that says what
//! is wrong, and nothing is written outside the directory that was named.

use flistry::block::BLOCK_SIZE;
use flistry::manifest::{ManifestError, check, read};
use flistry::progress::Silent;
use flistry::store::memory::MemoryStore;
use flistry::unpack::unpack;
use rusqlite::Connection;

const SCHEMA: &str = include_str!("../../host/src/manifest/schema.sql");
const ROOT: &str = "INSERT INTO inode VALUES (1, 0, '/', 4096, 0, 0, 16877, 0, 0, 0);";

/// The bytes of a manifest with a root and what `rows` adds.
fn manifest(rows: &str) -> Vec<u8> {
    database(&format!("{SCHEMA}{ROOT}{rows}"))
}

fn database(sql: &str) -> Vec<u8> {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(sql).unwrap();
    db.serialize("main").unwrap().to_vec()
}

/// All problems of a manifest; reading it must fail with the first of them.
fn problems(rows: &str) -> Vec<String> {
    let bytes = manifest(rows);
    let problems: Vec<String> = check(&bytes).unwrap().iter().map(ToString::to_string).collect();
    let error = read(&bytes).unwrap_err();
    assert!(matches!(error, ManifestError::Malformed { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("it is malformed: {}", problems[0])), "{error}");
    assert_eq!(error.hint(), Some("`flistry verify --level schema` lists everything that is wrong"));
    problems
}

fn message(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

mod what_is_no_flist {
    use super::*;

    #[test]
    fn a_text_file() {
        assert_eq!(message(b"# README\n"), "it is not an flist: it is not an SQLite file");
        assert_eq!(message(b""), "it is not an flist: it is not an SQLite file");
        assert_eq!(read(b"x").unwrap_err().hint(), Some("give the path of a .fl file"));
    }

    #[test]
    fn a_foreign_database() {
        let bytes = database("CREATE TABLE birds (name TEXT); CREATE TABLE inode (name TEXT);");
        assert_eq!(message(&bytes), "it is an SQLite file but not an flist: it has no table `extra`");
    }

    #[test]
    fn a_database_with_other_columns() {
        let bytes = database(&SCHEMA.replace("    rdev INTEGER,\n", ""));
        assert_eq!(message(&bytes), "it is an SQLite file but not an flist: no such column: rdev");
    }

    #[test]
    fn a_view_in_place_of_a_table() {
        let endless =
            "CREATE VIEW inode AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;";
        let bytes = database(&format!("{endless}{}", &SCHEMA[SCHEMA.find("CREATE TABLE extra").unwrap()..]));
        assert_eq!(message(&bytes), "it is an SQLite file but not an flist: it has no table `inode`");
    }

    #[test]
    fn a_truncated_flist() {
        let bytes = manifest("");
        let half = &bytes[..bytes.len() / 2];
        let expected = format!("it is truncated: its header promises {} bytes, it has {}", bytes.len(), half.len());
        assert_eq!(message(half), expected);
    }

    #[test]
    fn one_in_wal_mode() {
        let mut bytes = manifest("");
        (bytes[18], bytes[19]) = (2, 2);
        assert_eq!(message(&bytes), "it is an SQLite file in WAL mode, which a node can't mount read-only");
    }

    #[test]
    fn every_truncation_and_every_flipped_byte_is_an_error_or_a_manifest_never_a_panic() {
        let bytes = manifest("INSERT INTO inode VALUES (2, 1, 'f', 0, 0, 0, 33188, 0, 0, 0);");
        for len in (0..bytes.len()).step_by(509) {
            assert!(read(&bytes[..len]).is_err());
        }
        for at in (0..bytes.len()).step_by(37) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0xff;
            let _ = read(&flipped);
        }
    }
}

mod what_is_no_tree {
    use super::*;

    #[test]
    fn no_root() {
        let bytes = database(SCHEMA);
        assert_eq!(message(&bytes), "it is malformed: it has no root: inode 1 is missing or is not a directory");
        let file = "INSERT INTO inode VALUES (1, 0, '/', 0, 0, 0, 33188, 0, 0, 0);";
        let bytes = database(&format!("{SCHEMA}{file}"));
        assert!(message(&bytes).starts_with("it is malformed: it has no root"));
    }

    #[test]
    fn a_cycle() {
        let found = problems(
            "INSERT INTO inode VALUES (2, 3, 'a', 4096, 0, 0, 16877, 0, 0, 0);
             INSERT INTO inode VALUES (3, 2, 'b', 4096, 0, 0, 16877, 0, 0, 0);",
        );
        assert_eq!(
            found,
            [
                "inode 2 is in a cycle of directories that is not reachable from the root",
                "inode 3 is in a cycle of directories that is not reachable from the root"
            ]
        );
    }

    #[test]
    fn a_directory_inside_itself() {
        let found = problems("INSERT INTO inode VALUES (2, 2, 'a', 4096, 0, 0, 16877, 0, 0, 0);");
        assert_eq!(found, ["inode 2 is in a cycle of directories that is not reachable from the root"]);
    }

    #[test]
    fn entries_of_nothing_and_of_a_file() {
        let found = problems(
            "INSERT INTO inode VALUES (2, 1, 'f', 0, 0, 0, 33188, 0, 0, 0);
             INSERT INTO inode VALUES (3, 2, 'in-a-file', 0, 0, 0, 33188, 0, 0, 0);
             INSERT INTO inode VALUES (4, 99, 'lost', 0, 0, 0, 33188, 0, 0, 0);",
        );
        assert_eq!(
            found,
            ["inode 3: what it is in, inode 2, is not a directory", "inode 4: its directory, inode 99, does not exist"]
        );
    }

    #[test]
    fn names_that_escape_their_directory() {
        for (name, why) in [
            ("'..'", r#"a name that means another directory: "..""#),
            ("'.'", r#"a name that means another directory: ".""#),
            ("''", r#"an empty name: """#),
            ("NULL", r#"an empty name: """#),
            ("'a/b'", r#"a name with a slash: "a/b""#),
            ("'../../etc/passwd'", r#"a name with a slash: "../../etc/passwd""#),
            ("'/etc/passwd'", r#"a name with a slash: "/etc/passwd""#),
            ("CAST(x'6100' AS TEXT)", r#"a name with a NUL: "a\0""#),
            ("x'ff'", "its name is not UTF-8, so that rfs can't look it up"),
        ] {
            let found = problems(&format!("INSERT INTO inode VALUES (2, 1, {name}, 0, 0, 0, 33188, 0, 0, 0);"));
            assert_eq!(found, [format!("inode 2: {why}")]);
        }
    }

    #[test]
    fn a_name_that_occurs_twice() {
        let found = problems(
            "INSERT INTO inode VALUES (2, 1, 'same', 0, 0, 0, 33188, 0, 0, 0);
             INSERT INTO inode VALUES (3, 1, 'same', 4096, 0, 0, 16877, 0, 0, 0);",
        );
        assert_eq!(found, [r#"inodes 2 and 3 have the same name "same" in one directory"#]);
    }
}

mod absurd_values {
    use super::*;

    #[test]
    fn sizes() {
        let huge = i64::MAX;
        let found = problems(&format!("INSERT INTO inode VALUES (2, 1, 'f', {huge}, 0, 0, 33188, 0, 0, 0);"));
        let blocks = (huge as u64).div_ceil(BLOCK_SIZE as u64);
        assert_eq!(found, [format!(r#"file "f" of {huge} bytes needs {blocks} blocks but has 0"#)]);
        let found = problems("INSERT INTO inode VALUES (2, 1, 'f', -1, 0, 0, 33188, 0, 0, 0);");
        assert_eq!(found, ["inode 2: size -1 is out of range"]);
        let found = problems("INSERT INTO inode VALUES (2, 1, 'f', 'many', 0, 0, 33188, 0, 0, 0);");
        assert_eq!(found, [format!("inode 2: size {} is out of range", i64::MIN)]);
    }

    #[test]
    fn modes_and_owners() {
        let found = problems("INSERT INTO inode VALUES (2, 1, 's', 0, 0, 0, 49645, 0, 0, 0);");
        assert_eq!(found, ["inode 2: mode 140755 is not a file type that an flist can hold"]);
        let found = problems("INSERT INTO inode VALUES (2, 1, 'f', 0, 4294967296, 0, 33188, 0, 0, 0);");
        assert_eq!(found, ["inode 2: uid 4294967296 is out of range"]);
    }

    #[test]
    fn blocks() {
        let found = problems(
            "INSERT INTO inode VALUES (2, 1, 'f', 1, 0, 0, 33188, 0, 0, 0);
             INSERT INTO block VALUES (2, x'00', x'00');
             INSERT INTO block VALUES (1, zeroblob(32), zeroblob(32));
             INSERT INTO block VALUES (77, zeroblob(32), zeroblob(32));",
        );
        assert_eq!(
            found,
            [
                "block row of inode 2: its id and key are not 32 bytes each",
                "block row of inode 1: it is not a regular file",
                r#"file "f" of 1 bytes needs 1 blocks but has 0"#,
                "block row of inode 77: there is no such entry",
            ]
        );
    }

    #[test]
    fn symlinks_and_routes() {
        let found = problems(
            "INSERT INTO inode VALUES (2, 1, 'l', 0, 0, 0, 41471, 0, 0, 0);
             INSERT INTO route VALUES (0, 256, 'dir:///x');
             INSERT INTO route VALUES (9, 3, 'dir:///x');",
        );
        assert_eq!(
            found,
            [
                "route 0..256 is not a range of byte values",
                "route 9..3 is not a range of byte values",
                "inode 2: a symlink without a target"
            ]
        );
    }

    #[test]
    fn directories_nested_deeper_than_any_stack() {
        let mut rows = String::new();
        for ino in 2..20_000 {
            rows.push_str(&format!("INSERT INTO inode VALUES ({ino}, {}, 'd', 4096, 0, 0, 16877, 0, 0, 0);", ino - 1));
        }
        let read = read(&manifest(&rows)).unwrap();
        assert_eq!(read.tree.len(), 19_999);
    }
}

/// A manifest that is a tree and whose symlinks lead out: what is unpacked stays inside.
#[test]
fn symlinks_are_created_and_never_followed() {
    let scratch = tempfile::tempdir().unwrap();
    let outside = scratch.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let target = outside.to_str().unwrap();
    let bytes = manifest(&format!(
        "INSERT INTO inode VALUES (2, 1, 'escape', {}, 0, 0, 41471, 0, 0, 0);
         INSERT INTO extra VALUES (2, CAST('{target}' AS BLOB));
         INSERT INTO inode VALUES (3, 1, 'up', 8, 0, 0, 41471, 0, 0, 0);
         INSERT INTO extra VALUES (3, CAST('../../..' AS BLOB));
         INSERT INTO inode VALUES (4, 2, 'planted', 0, 0, 0, 33188, 0, 0, 0);",
        target.len()
    ));
    // A file below a symlink does not make a tree.
    assert_eq!(message(&bytes), "it is malformed: inode 4: what it is in, inode 2, is not a directory");

    let bytes = manifest(&format!(
        "INSERT INTO inode VALUES (2, 1, 'escape', {}, 0, 0, 41471, 0, 0, 0);
         INSERT INTO extra VALUES (2, CAST('{target}' AS BLOB));",
        target.len()
    ));
    let into = scratch.path().join("into");
    unpack(&read(&bytes).unwrap(), &MemoryStore::new(), &into, false, &Silent).unwrap();
    assert_eq!(into.join("escape").read_link().unwrap(), outside);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn unpacking_into_a_directory_that_is_not_empty_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc", scratch.path().join("d")).unwrap();
    let bytes = manifest("INSERT INTO inode VALUES (2, 1, 'd', 4096, 0, 0, 16877, 0, 0, 0);");
    let error = unpack(&read(&bytes).unwrap(), &MemoryStore::new(), scratch.path(), false, &Silent).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is not empty", scratch.path().display()));
    assert_eq!(error.hint().unwrap(), "unpack into a new directory; what an earlier try left there may be removed");
}
