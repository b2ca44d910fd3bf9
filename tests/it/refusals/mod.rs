//! What a user gets wrong, a case each: the message, the remedy and the exit code, and that nothing was published.

mod manifests;
mod reports;
mod sources;
mod stores;

use crate::support::project::{PLAIN_TOML, Project, rfs_conf};
use crate::support::s3_server::{BUCKET, READ_KEY, S3Server, WRITE_KEY};

/// A build that fails with this message, and leaves no name behind.
fn build_fails(project: &Project, code: i32, error: &str, hint: &str) {
    let run = project.flistry(&["build"]);
    run.fails(code, error, hint);
    for secret in [WRITE_KEY.0, WRITE_KEY.1, READ_KEY.1] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    assert_eq!(project.names("dist/flists"), Vec::<String>::new());
}

fn address(server: &S3Server) -> String {
    let endpoint = &server.url("", WRITE_KEY).endpoint;
    format!("{}:{}", endpoint.host, endpoint.port)
}
