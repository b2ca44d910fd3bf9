//! What rfs's URL parser passes on unchanged. It follows the WHATWG URL standard and percent-encodes the rest,
//! which rfs does not undo.

use std::path::{Component, Path};

use super::error::{UrlError, masked, shown};
use super::store_url::{Endpoint, S3Url, StoreUrl};

/// Refuses what would not arrive at a node as it is.
pub(super) fn readable(url: &StoreUrl) -> Result<(), UrlError> {
    match url {
        StoreUrl::Dir(path) => dir(path),
        StoreUrl::S3(s3) => {
            endpoint(&s3.endpoint, &url.to_string())?;
            parts(s3, &url.to_string())?;
            match &s3.credentials {
                Some(credentials) => {
                    credential("read key's id", &credentials.access_key)?;
                    credential("read key's secret", credentials.secret_key.expose())
                }
                None => Ok(()),
            }
        }
        StoreUrl::Http(http) => {
            endpoint(&http.endpoint, &url.to_string())?;
            http_path(&http.path, &url.to_string())
        }
    }
}

fn credential(what: &'static str, text: &str) -> Result<(), UrlError> {
    if text.is_empty() {
        return Err(UrlError::EmptyCredential(what));
    }
    match text.chars().find(|c| !survives_in_userinfo(*c)) {
        Some(found) => Err(UrlError::UnsafeCredential { what, found: shown(found) }),
        None => Ok(()),
    }
}

/// ASCII outside the standard's userinfo percent-encode set. `%` would pass, but whether it starts an escape is a
/// matter of opinion between parsers; `'` is in the set of some.
pub(super) fn survives_in_userinfo(c: char) -> bool {
    c.is_ascii_graphic() && !r##"/:;=@[\]^|"#<>?`{}%'"##.contains(c)
}

fn dir(path: &Path) -> Result<(), UrlError> {
    let refuse = |found: String| UrlError::DirPath { path: path.display().to_string(), found };
    if !path.is_absolute() {
        return Err(UrlError::RelativeDir(format!("dir://{}", path.display())));
    }
    let text = path.to_str().ok_or_else(|| refuse("a name that is not UTF-8".to_owned()))?;
    if path.components().any(|c| c == Component::ParentDir) || text.split('/').any(|name| name == ".") {
        return Err(refuse("`.` or `..`".to_owned()));
    }
    match text.chars().find(|c| !survives_in_path(*c) || *c == '%') {
        Some(found) => Err(refuse(shown(found))),
        None => Ok(()),
    }
}

fn survives_in_path(c: char) -> bool {
    c.is_ascii_graphic() && !r##""#<>?`{}\^|"##.contains(c)
}

/// `url` is what a message shows.
pub(super) fn http_path(path: &str, url: &str) -> Result<(), UrlError> {
    let refuse = |found: String| UrlError::Path { url: masked(url), found };
    if let Some(found) = path.chars().find(|c| !survives_in_path(*c)) {
        return Err(refuse(shown(found)));
    }
    segments(path).map_err(refuse)
}

/// Bucket, prefix and region. Stricter than a URL's path: these are signed, and the signature's own encoding
/// leaves only the unreserved characters alone.
pub(super) fn parts(s3: &S3Url, url: &str) -> Result<(), UrlError> {
    if s3.bucket.is_empty() {
        return Err(UrlError::NoBucket(masked(url)));
    }
    let refuse = |found: String| UrlError::Path { url: masked(url), found };
    s3_name(&s3.bucket).map_err(refuse)?;
    s3_path(&s3.prefix).map_err(refuse)?;
    if !region(&s3.region) {
        return Err(UrlError::Region(masked(url)));
    }
    Ok(())
}

/// Whether `text` can be a bucket: one component of [`s3_path`]. Else what is in the way.
pub(crate) fn s3_name(text: &str) -> Result<(), String> {
    match text.contains('/') {
        true => Err("`/`".to_owned()),
        false => s3_path(text),
    }
}

/// Whether `text` can be a prefix: empty, or components between single slashes. Else what is in the way.
pub(crate) fn s3_path(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._~-/".contains(c);
    match text.chars().find(|c| !plain(*c)) {
        Some(found) => Err(shown(found)),
        None => segments(text),
    }
}

fn segments(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Ok(());
    }
    for segment in path.split('/') {
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "" => return Err("two slashes in a row".to_owned()),
            "." | ".." => return Err("`.` or `..`".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

/// Whether `text` can be a region.
pub(crate) fn region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

pub(super) fn endpoint(endpoint: &Endpoint, url: &str) -> Result<(), UrlError> {
    let host = &endpoint.host;
    let valid = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_host_name(host),
    };
    match (valid, endpoint.port) {
        (false, _) => Err(UrlError::Host(masked(url))),
        (true, 0) => Err(UrlError::Port(masked(url))),
        (true, _) => Ok(()),
    }
}

/// Labels between single dots. One that ends in a number is an IPv4 address to a URL parser, or an error.
fn is_host_name(host: &str) -> bool {
    let plain =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
    host.split('.').all(plain) && (!number || host.parse::<std::net::Ipv4Addr>().is_ok())
}
