//! `verify --with-rfs` with a stand-in for stock rfs: a script that answers as rfs does and unpacks with flistry. What is
//! tested is the comparison; the real program is asked where there is one (`RFS_BIN`).

use crate::support::project::{Project, Run};

/// Verifies a built flist with an rfs that does `meddle` after it has unpacked to `$target`.
fn verify_with(meddle: &str) -> Run {
    let project = Project::plain();
    std::os::unix::fs::symlink("one", project.path("data/link")).unwrap();
    project.flistry(&["build"]).ok();
    let script = format!(
        "#!/bin/sh\nset -e\ncase \"$1 $2\" in\n\
         'flist tree') {flistry} -q tree \"$3\" ;;\n\
         'flist inspect') {flistry} -q inspect \"$3\" ;;\n\
         'unpack -m') target=$6; {flistry} -q unpack \"$3\" \"$target\"; {meddle} ;;\n\
         *) echo \"unexpected: $*\" >&2; exit 9 ;;\nesac\n",
        flistry = env!("CARGO_BIN_EXE_flistry"),
    );
    let rfs = project.write_script("rfs", &script);
    let file = project.path("dist/flists/data.fl");
    project.flistry_with(&["verify", file.to_str().unwrap(), "--with-rfs"], &[("RFS_BIN", rfs.to_str().unwrap())])
}

fn finds(meddle: &str, finding: &str) {
    let run = verify_with(meddle);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(&format!("stock rfs: {finding}")), "{finding}: {}", run.stdout);
}

#[test]
fn rfs_unpacks_what_was_packed() {
    verify_with(":").ok();
}

#[test]
fn each_difference_is_a_finding() {
    finds("rm \"$target/sub/two\"", "/sub/two is not unpacked");
    finds("touch \"$target/new\"", "/new is unpacked but not in the flist");
    finds("echo longer > \"$target/one\"", "/one is unpacked with 7 bytes, not 1");
    finds("printf 2 > \"$target/one\"", "/one is unpacked with other contents");
    finds("chmod 600 \"$target/one\"", "/one is unpacked with mode 600");
    finds("ln -sf two \"$target/link\"", "/link is unpacked with another target");
    finds("rm \"$target/one\"; mkdir \"$target/one\"", "/one is unpacked as another kind than file");
}

#[test]
fn an_rfs_that_fails_is_a_finding_without_its_urls() {
    let meddle = "echo 'no such bucket' >&2; echo 's3://KEY:SECRET@h:1/b' >&2; exit 4";
    let run = verify_with(meddle);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("stock rfs: `rfs unpack` fails: exit status: 4 (no such bucket)"), "{}", run.stdout);
    assert!(!run.stdout.contains("SECRET"));
}
