//! One test a rule of the settings.

use proptest::prelude::*;

use super::*;

const BASE: &str = "S3_ENDPOINT=https://s3.example.com:9000\nS3_BUCKET=zos\nS3_PREFIX=/flists/\nS3_ACCESS_KEY=GKWRITE\n\
                    S3_SECRET_KEY=hunter2/write\nREAD_ACCESS_KEY=GKREAD\nREAD_SECRET_KEY=c0ffee\n";

fn parse_with(text: &str, env: &[(&str, &str)]) -> Result<RfsConf, RfsConfError> {
    RfsConf::parse(text, &env.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
}

fn with(lines: &str) -> Result<RfsConf, RfsConfError> {
    parse_with(&format!("{BASE}{lines}"), &[])
}

fn route(lines: &str) -> String {
    with(lines).unwrap().route.route_text().expose().to_owned()
}

/// What is refused, and the remedy; neither may show a secret.
fn refused(lines: &str) -> (String, String) {
    let error = with(lines).unwrap_err();
    let both = (error.to_string(), error.hint().to_owned());
    assert!(!format!("{both:?}{error:?}").contains("hunter2"), "{both:?}");
    both
}

#[test]
fn defaults_fill_what_is_not_set() {
    let conf = with("").unwrap();
    assert_eq!(conf.blobs.to_string(), "s3s://***:***@s3.example.com:9000/zos/flists?region=garage");
    assert_eq!(conf.manifests.to_string(), "s3s://***:***@s3.example.com:9000/zos/flists/manifests?region=garage");
    assert_eq!(route(""), "s3s://GKREAD:c0ffee@s3.example.com:9000/blobs?region=garage");
    assert_eq!((conf.upload_manifests, conf.firmware_tag, conf.warnings), (false, None, vec![]));
    assert_eq!(conf.write_credentials.secret_key.expose(), "hunter2/write");
}

#[test]
fn each_setting_is_used() {
    let conf = with(
        "S3_REGION=eu\nROUTE_ENDPOINT=http://10.0.0.1\nROUTE_PATH=zos/flists\nROUTE_REGION=us\nMANIFESTS_SUBPATH=m\n\
         UPLOAD_MANIFESTS=true\nFIRMWARE_TAG=v1",
    )
    .unwrap();
    assert_eq!(conf.route.to_string(), "s3://GKREAD:***@10.0.0.1:80/zos/flists?region=us");
    assert_eq!(conf.manifests.to_string(), "s3s://***:***@s3.example.com:9000/zos/flists/m?region=eu");
    assert_eq!((conf.upload_manifests, conf.firmware_tag.as_deref()), (true, Some("v1")));
    assert_eq!(with("MANIFESTS_SUBPATH=").unwrap().manifests, with("").unwrap().blobs);
}

#[test]
fn the_routes_region_is_that_of_the_same_server() {
    let region = |more: &str| with(more).unwrap().route.to_string().split_once("?region=").unwrap().1.to_owned();
    assert_eq!(region("S3_REGION=eu"), "eu");
    assert_eq!(region("S3_REGION=eu\nROUTE_REGION="), "eu");
    assert_eq!(region("AWS_REGION=aws"), "aws");
    // The same endpoint, however it is written.
    assert_eq!(region("S3_REGION=eu\nROUTE_ENDPOINT=https://s3.example.com:9000/"), "eu");
    assert_eq!(region("S3_REGION=eu\nROUTE_ENDPOINT=https://s3.example.com:9001"), "garage");
    assert_eq!(region("S3_REGION=eu\nROUTE_ENDPOINT=http://s3.example.com:9000"), "garage");
    assert_eq!(region("S3_REGION=eu\nROUTE_REGION=us"), "us");
    let error = with("S3_REGION=eu\nROUTE_REGION='u s'").unwrap_err();
    assert_eq!(error.key, "ROUTE_REGION");
}

#[test]
fn the_environment_wins_even_when_empty() {
    let conf = parse_with(BASE, &[("S3_BUCKET", "other"), ("AWS_REGION", "aws"), ("S3_PREFIX", "")]).unwrap();
    assert_eq!(conf.blobs.to_string(), "s3s://***:***@s3.example.com:9000/other?region=aws");
    let error = parse_with(BASE, &[("S3_SECRET_KEY", "")]).unwrap_err();
    assert_eq!(error.to_string(), "environment variable S3_SECRET_KEY: it is empty");
    assert_eq!(error.hint(), "give the secret of the key that may write");
}

#[test]
fn a_web_route_needs_no_read_keys() {
    let text = BASE.replace("READ_", "#");
    let conf = parse_with(&format!("{text}WEB_ENDPOINT=https://web.example.com/zos/"), &[]).unwrap();
    assert_eq!(conf.route.route_text().expose(), "https://web.example.com:443/zos");
}

#[test]
fn missing_settings_are_asked_for() {
    for (key, hint) in [
        ("S3_ENDPOINT", "write https://HOST:PORT"),
        ("S3_BUCKET", "name the bucket that blobs go to"),
        ("S3_ACCESS_KEY", "give the id of the key that may write"),
        ("S3_SECRET_KEY", "give the secret of the key that may write"),
    ] {
        let error = parse_with(&BASE.replace(&format!("{key}="), &format!("#{key}=")), &[]).unwrap_err();
        assert_eq!((error.to_string(), error.hint()), (format!("config/rfs.conf, {key}: it is not set"), hint));
        let error = with(&format!("{key}=")).unwrap_err();
        assert_eq!(error.to_string(), format!("config/rfs.conf, line 8, {key}: it is empty"));
    }
    for key in ["READ_ACCESS_KEY", "READ_SECRET_KEY"] {
        let error = parse_with(&BASE.replace(&format!("{key}="), &format!("#{key}=")), &[]).unwrap_err();
        let needs = "nodes need READ_ACCESS_KEY and READ_SECRET_KEY to read the blobs";
        assert_eq!(error.to_string(), format!("config/rfs.conf, {key}: it is not set: {needs}"));
        let hint = "set both to a key that may only read, or set WEB_ENDPOINT for a store that needs none";
        assert_eq!(error.hint(), hint);
    }
}

#[test]
fn each_mistake_has_its_message() {
    let two = |lines: &str, what: &str, hint: &str| {
        assert_eq!(refused(lines), (format!("config/rfs.conf, line 8, {what}"), hint.to_owned()));
    };
    let second = "make a second key that may only read the bucket";
    let holds = "it is the key that can write, and every flist would hold it";
    two("READ_ACCESS_KEY=GKWRITE", &format!("READ_ACCESS_KEY: {holds}"), second);
    two("READ_SECRET_KEY=hunter2/write", &format!("READ_SECRET_KEY: {holds}"), second);
    two(
        "READ_SECRET_KEY=hunter2/read",
        "READ_SECRET_KEY: the read key's secret holds `/`, which rfs cannot decode in a route: no node could mount the flist",
        "make a read key of letters and digits (Garage's are hexadecimal), or serve the blobs by plain http",
    );
    let http = "write https://HOST:PORT or http://HOST:PORT";
    let neither = "it is neither an http:// nor an https:// URL";
    two("S3_ENDPOINT=s3.example.com:9000", &format!("S3_ENDPOINT: {neither}"), http);
    two("WEB_ENDPOINT=s3://h:1/b", &format!("WEB_ENDPOINT: {neither}"), http);
    two(
        "ROUTE_ENDPOINT=https://h/zos",
        "ROUTE_ENDPOINT: it has a path",
        "end it after the host and port; S3_BUCKET, S3_PREFIX and ROUTE_PATH say the rest",
    );
    two(
        "S3_ENDPOINT=https://k:hunter2@h:1",
        "S3_ENDPOINT: `https://***@h:1`: an http store takes no credentials",
        "drop them, or use s3:// for a store that needs keys",
    );
    two(
        "S3_ENDPOINT=https://h:99999",
        "S3_ENDPOINT: `https://h:99999` has no valid port",
        "the port is a number from 1 to 65535",
    );
    two(
        "S3_BUCKET=zos/flists",
        "S3_BUCKET: a bucket's name cannot hold `/`",
        "name the bucket alone; the rest of a path goes to S3_PREFIX",
    );
    let path = "use letters, digits, `.`, `_`, `~` and `-` between single slashes, and no `.` or `..`";
    two("S3_PREFIX='a b'", "S3_PREFIX: the path holds a space", path);
    two("MANIFESTS_SUBPATH=../x", "MANIFESTS_SUBPATH: the path holds `.` or `..`", path);
    two(
        "ROUTE_PATH=/",
        "ROUTE_PATH: it names no bucket",
        "name the bucket and prefix, like /BUCKET/PREFIX, or the path that a gateway serves",
    );
    two("ROUTE_REGION='e u'", "ROUTE_REGION: it is not the name of a region", "use letters, digits, `.`, `_` and `-`");
    two("UPLOAD_MANIFESTS=yes", "UPLOAD_MANIFESTS: it is neither true nor false", "write true or false");
    two("FIRMWARE_TAG=a/b", "FIRMWARE_TAG: it cannot be part of a file's name", RELEASE_HINT);
    two(
        "S3_SECRET_KEY=$(pass show hunter2)",
        "S3_SECRET_KEY: a command substitution, which is never executed",
        "write the result as a literal value, or pass it in the environment as ${NAME}",
    );
}

#[test]
fn a_typo_is_a_warning_and_a_helper_is_not() {
    let warnings = with("S3_REGON=x\nWHATEVER_ELSE_IT_IS=y\nHELPER=z\nFIRMWARE_TAG=$HELPER").unwrap().warnings;
    assert_eq!(
        warnings,
        [
            Warning::new("config/rfs.conf, line 8: S3_REGON is not a setting", "did you mean S3_REGION?"),
            Warning::bare("config/rfs.conf, line 9: WHATEVER_ELSE_IT_IS is not a setting"),
        ]
    );
}

#[test]
fn the_example_parses_in_both_layouts() {
    let example = include_str!("../../../config/rfs.conf.example");
    let conf = parse_with(example, &[]).unwrap();
    assert_eq!(conf.route.to_string(), "s3s://FAKE-READ-KEY-ID:***@s3.example.com:3900/flists/zero-os?region=garage");
    assert_eq!(conf.warnings, []);
    // With each line that is commented out put in force: the gateway, the web server and all defaults.
    let all: Vec<&str> =
        example.lines().map(|line| line.strip_prefix('#').filter(|l| l.contains("=\"")).unwrap_or(line)).collect();
    let conf = parse_with(&all.join("\n"), &[]).unwrap();
    assert_eq!((conf.route.to_string().as_str(), conf.warnings), ("https://blobs.example.com:443/zero-os", vec![]));
    for key in KEYS.iter().filter(|key| **key != "AWS_REGION") {
        assert!(all.iter().any(|line| line.starts_with(&format!("{key}="))), "{key} is not in the example");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,60}", key in 0..KEYS.len(), value in "[a-z:/@.'\" 0-9-]{0,24}") {
        let _ = with(&text);
        let _ = with(&format!("{}={value}", KEYS[key]));
    }
}
