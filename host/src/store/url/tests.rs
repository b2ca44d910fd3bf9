//! One test a rule of the URL's syntax.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::store::secret::Secret;

fn parse(text: &str) -> StoreUrl {
    StoreUrl::parse(text).unwrap()
}

/// The message and the remedy.
fn refused(text: &str) -> (String, String) {
    let error = StoreUrl::parse(text).unwrap_err();
    (error.to_string(), error.hint())
}

fn message(text: &str) -> String {
    refused(text).0
}

#[test]
fn an_s3_url_has_all_its_parts() {
    let StoreUrl::S3(s3) = parse("s3s://GK1:c0ffee@[::1]:3900/zos/flists/blobs?region=eu-1") else { panic!() };
    assert_eq!(s3.endpoint, Endpoint { tls: true, host: "[::1]".into(), port: 3900 });
    assert_eq!((&*s3.bucket, &*s3.prefix, &*s3.region), ("zos", "flists/blobs", "eu-1"));
    let credentials = s3.credentials.unwrap();
    assert_eq!((&*credentials.access_key, credentials.secret_key.expose()), ("GK1", "c0ffee"));
}

#[test]
fn optional_parts_have_defaults() {
    let StoreUrl::S3(s3) = parse("s3://host:1/bucket/") else { panic!() };
    assert_eq!((&*s3.region, s3.credentials, &*s3.prefix), (DEFAULT_REGION, None, ""));
    let port = |text| match parse(text) {
        StoreUrl::Http(http) => http.endpoint.port,
        _ => panic!(),
    };
    assert_eq!((port("http://host/a"), port("https://host"), port("https://host:9000/")), (80, 443, 9000));
}

#[test]
fn credentials_are_taken_as_they_stand() {
    let secret = |text| parse(text).credentials().unwrap().secret_key.expose().to_owned();
    assert_eq!(secret("s3://k:a%2Fb+c=@h:1/b"), "a%2Fb+c=");
    assert_eq!(secret("s3://k:a@b@h:1/b"), "a@b");
    assert_eq!(secret("s3://writekey@h:1/b"), "", "what rfs leaves behind is seen");
}

#[test]
fn displays_mask_secrets_and_write_urls_the_key_as_well() {
    let url = parse("s3://GKREAD:hunter2@h:3900/b/p?region=r");
    assert_eq!(url.to_string(), "s3://GKREAD:***@h:3900/b/p?region=r");
    assert_eq!(WriteUrl(url.clone()).to_string(), "s3://***:***@h:3900/b/p?region=r");
    let read = ReadUrl::new(url).unwrap();
    assert_eq!(read.to_string(), "s3://GKREAD:***@h:3900/b/p?region=r");
    assert_eq!(read.route_text().expose(), "s3://GKREAD:hunter2@h:3900/b/p?region=r");
    assert!(!format!("{read:?}").contains("hunter2"));
    assert_eq!(parse("https://web/zos").to_string(), "https://web:443/zos");
}

#[test]
fn each_mistake_has_its_message() {
    let two = |text: &str, what: &str, remedy: &str| assert_eq!(refused(text), (what.to_owned(), remedy.to_owned()));
    let schemes = "write s3://, s3s://, http://, https://, or dir:///absolute/directory";
    two("", "the store's URL is empty", schemes);
    two("dist/blobs", "`dist/blobs` is not a URL: it has no scheme", schemes);
    let stores = "give a store that flistry can reach with --store: s3://, s3s://, http(s):// or dir://";
    two("zdb://h:1/ns", "stores of the scheme `zdb` are not supported", stores);
    two("server://h:1", "stores of the scheme `server` are not supported", stores);
    two("s3+tls://h:1/b", "rfs cannot use the scheme `s3+tls`", "write s3s:// for S3 over TLS");
    two("S3S+TLS://h:1/b", "rfs cannot use the scheme `s3s+tls`", "write s3s:// for S3 over TLS");
    let three = "write three slashes and the whole path: dir:///absolute/directory";
    two("dir://dist/blobs", "`dir://dist/blobs` is not absolute", three);
    let port = "write it out: 80 for http, 443 for https, 3900 for a plain Garage";
    two("s3://k:sss@h/b", "`s3://***@h/b` has no port, which rfs demands in an S3 URL", port);
    two("s3://h:70000/b", "`s3://h:70000/b` has no valid port", "the port is a number from 1 to 65535");
    let bucket = "write s3://HOST:PORT/BUCKET or s3://HOST:PORT/BUCKET/PREFIX";
    two("s3://k:sss@h:1/", "`s3://***@h:1/` names no bucket", bucket);
    let host = "write HOST:PORT; an IPv6 address goes in brackets: [::1]:3900";
    two("s3://::1:9/b", "`s3://::1:9/b` has no valid host name", host);
    let path = "use letters, digits, `.`, `_`, `~` and `-` between single slashes, and no `.` or `..`";
    two("s3://h:1/b/a b", "`s3://h:1/b/a b`: the path holds a space", path);
    two("http://h/a//b", "`http://h/a//b`: the path holds two slashes in a row", path);
    two("http://h/a/%2E./b", "`http://h/a/%2E./b`: the path holds `.` or `..`", path);
    let region = "write ?region=NAME in letters, digits, `.`, `_` and `-`";
    two("s3://h:1/b?region=e u", "`s3://h:1/b?***` has no valid region", region);
    two("http://h/a?b", "`http://h/a?***`: nothing may follow the path", "end the URL with its path");
    let keys = "drop them, or use s3:// for a store that needs keys";
    two("http://u:sss@h/a", "`http://***@h/a`: an http store takes no credentials", keys);
    let clash = "make a key without / ? # [ ] (Garage's are hexadecimal), or write it to config/rfs.conf";
    for c in ['/', '?', '#'] {
        let what = "`s3://***@h:1/b`: the credentials hold a character with a meaning in URLs";
        two(&format!("s3://k:ss{c}ss@h:1/b"), what, clash);
    }
}

#[test]
fn a_forgotten_host_does_not_show_the_secret() {
    assert_eq!(message("s3://key:0123456789"), "`s3://***` has no valid port");
    assert_eq!(message("key:secret@h:1/b"), "`***@h:1/b` is not a URL: it has no scheme");
}

#[test]
fn a_read_url_refuses_what_rfs_cannot_decode() {
    let with = |key: &str, secret: &str| {
        let StoreUrl::S3(mut s3) = parse("s3://h:1/b") else { panic!() };
        s3.credentials = Some(Credentials { access_key: key.into(), secret_key: Secret::new(secret) });
        ReadUrl::new(StoreUrl::S3(s3)).map_err(|e| (e.to_string(), e.hint()))
    };
    let (what, hint) = with("GK1", "abc/def").unwrap_err();
    assert_eq!(
        what,
        "the read key's secret holds `/`, which rfs cannot decode in a route: no node could mount the flist"
    );
    assert_eq!(
        hint,
        "make a read key of letters and digits (Garage's are hexadecimal), or serve the blobs by plain http"
    );
    for c in r##"/?#@:[]%<>^|\`"';={}"##.chars().chain([' ', 'é', '\n', '\0']) {
        assert!(with("GK1", &format!("a{c}b")).is_err(), "{c:?} in a secret");
        assert!(with(&format!("a{c}b"), "abc").is_err(), "{c:?} in a key's id");
    }
    assert_eq!(with("GK1", "").unwrap_err().0, "the read key's secret is empty");
    assert_eq!(with("", "abc").unwrap_err().0, "the read key's id is empty");
    assert!(with("GK1", "-._~!$&()*+,").is_ok());
}

#[test]
fn what_is_allowed_in_a_credential_is_what_a_url_parser_keeps() {
    for c in (0..=0x7fu8).map(char::from).filter(|c| check::survives_in_userinfo(*c)) {
        let url = reqwest::Url::parse(&format!("s3://k{c}:s{c}@h:1/b")).unwrap();
        assert_eq!((url.username(), url.password()), (&*format!("k{c}"), Some(&*format!("s{c}"))));
    }
}

#[test]
fn a_dir_route_is_a_plain_absolute_path() {
    let refused = |path: &str| ReadUrl::new(StoreUrl::Dir(path.into())).unwrap_err().to_string();
    assert_eq!(refused("blobs"), "`dir://blobs` is not absolute");
    assert_eq!(
        refused("/my blobs"),
        "the directory `/my blobs` cannot stand in a route: rfs would look for another name because of a space"
    );
    assert!(refused("/a/../b").ends_with("because of `.` or `..`"));
}

#[test]
fn a_directory_is_taken_below_the_base() {
    let directory = |text| StoreUrl::parse_or_directory(text, Path::new("/project")).unwrap();
    assert_eq!(directory("dist/blobs"), StoreUrl::Dir("/project/dist/blobs".into()));
    assert_eq!(directory("./../blobs"), StoreUrl::Dir("/blobs".into()));
    assert_eq!(directory("/srv/blobs"), directory("dir:///srv/blobs"));
    assert_eq!(StoreUrl::parse_or_directory("", Path::new("/")), Err(UrlError::Empty));
}

#[test]
fn a_range_stands_before_the_url() {
    let range = |text| Ranged::<StoreUrl>::parse_or_directory(text, Path::new("/p")).map(|r| r.range.to_string());
    assert_eq!(range("00-7f=s3://h:1/b?region=r").unwrap(), "00-7f");
    assert_eq!(range("s3://h:1/b?region=r").unwrap(), "00-ff");
    assert_eq!(range("80-FF=dist/b").unwrap(), "80-ff");
    assert_eq!(range("a=b/c").unwrap(), "00-ff");
    for bad in ["7f-00=dist/b", "0-7f=dir:///b", "zz-ff=dir:///b", "00-7f-=b", "+1-+2=dir:///b"] {
        let error = range(bad).unwrap_err();
        assert_eq!(error.to_string(), format!("`{}` is not a range of blob ids", bad.split('=').next().unwrap()));
        assert_eq!(error.hint(), "a range is two pairs of hexadecimal digits, the lower first: 00-7f=URL");
    }
    let low = Ranged::<StoreUrl>::parse("00-7f=dir:///b").unwrap().range;
    assert!(low.contains(0) && low.contains(0x7f) && !low.contains(0x80) && IdRange::ALL.contains(0xff));
}

fn endpoints() -> impl Strategy<Value = Endpoint> {
    let host = prop_oneof!["[a-zA-Z0-9._-]{1,20}", Just("[2001:db8::7]".to_owned())];
    (any::<bool>(), host, 1u16..).prop_map(|(tls, host, port)| Endpoint { tls, host, port })
}

fn store_urls() -> impl Strategy<Value = StoreUrl> {
    let keys = proptest::option::of(("[ -~]{1,20}", "[!-~]{1,20}"))
        .prop_map(|keys| keys.map(|(access_key, secret)| Credentials { access_key, secret_key: Secret::new(secret) }));
    prop_oneof![
        "(/[!-~]{1,8}){1,4}".prop_map(|path| StoreUrl::Dir(path.into())),
        (endpoints(), "[!-~]{0,12}(/[!-~]{1,4}){0,2}")
            .prop_map(|(endpoint, path)| HttpUrl { endpoint, path })
            .prop_map(StoreUrl::Http),
        (endpoints(), "[a-z0-9.-]{1,9}", "([a-z~._-]{1,4}(/[a-z]{1,4}){0,2})?", "[a-z0-9-]{1,9}", keys).prop_map(
            |(endpoint, bucket, prefix, region, credentials)| {
                StoreUrl::S3(S3Url { endpoint, bucket, prefix, region, credentials })
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_route_reads_back(url in store_urls()) {
        if let Ok(read) = ReadUrl::new(url) {
            prop_assert_eq!(StoreUrl::parse(read.route_text().expose()).unwrap(), read.url().clone());
        }
    }

    #[test]
    fn rfs_finds_the_same_credentials_and_path(url in store_urls()) {
        if let Ok(read) = ReadUrl::new(url) {
            let parsed = reqwest::Url::parse(read.route_text().expose()).unwrap();
            match read.url() {
                StoreUrl::Dir(path) => prop_assert_eq!(Path::new(parsed.path()), path),
                StoreUrl::Http(http) => prop_assert_eq!(parsed.path().trim_matches('/'), &http.path),
                StoreUrl::S3(s3) => {
                    let keys = s3.credentials.as_ref();
                    prop_assert_eq!(parsed.username(), keys.map_or("", |c| &c.access_key));
                    prop_assert_eq!(parsed.password(), keys.map(|c| c.secret_key.expose()));
                    let path = format!("{}/{}", s3.bucket, s3.prefix);
                    prop_assert_eq!(parsed.path().trim_matches('/'), path.trim_matches('/'));
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = StoreUrl::parse(&text);
        let _ = Ranged::<StoreUrl>::parse_or_directory(&text, Path::new("/p"));
        let _ = StoreUrl::parse(&format!("s3://{text}"));
    }

    #[test]
    fn no_message_shows_the_secret(before in "[a-z:/@?#]{0,6}", after in "[@:/?#a-z0-9. ]{0,12}") {
        for scheme in ["s3", "s3s", "http", "zdb"] {
            let text = format!("{scheme}://{before}:HUNTER2x{after}@{after}");
            let shown = match Ranged::<StoreUrl>::parse(&text) {
                Err(error) => format!("{error} {error:?} {}", error.hint()),
                // An http URL has no place for a secret; this one is a path.
                Ok(Ranged { value: StoreUrl::Http(_), .. }) => continue,
                Ok(url) => format!("{} {url:?}", url.value),
            };
            prop_assert!(!shown.contains("HUNTER2x"), "{}", shown);
        }
    }
}
