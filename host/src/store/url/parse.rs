//! From text to URLs. Written out by hand rather than with a URL library: rfs takes user and password undecoded,
//! and a library's error can hold the text that it failed on.

use std::path::{Component, Path, PathBuf};

use super::check;
use super::error::{UrlError, masked};
use super::id_range::{IdRange, Ranged};
use super::store_url::{Credentials, DEFAULT_REGION, Endpoint, HttpUrl, S3Url, StoreUrl};
use crate::store::secret::Secret;

impl StoreUrl {
    /// Parses a store's URL. User and password are taken as they stand, as rfs does. An S3 URL's query parameters
    /// other than `region` are ignored, also as rfs does.
    pub fn parse(text: &str) -> Result<StoreUrl, UrlError> {
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| UrlError::NoScheme(masked(text)))?;
        match scheme.to_ascii_lowercase().as_str() {
            "dir" if rest.starts_with('/') => Ok(StoreUrl::Dir(PathBuf::from(rest))),
            "dir" => Err(UrlError::RelativeDir(masked(text))),
            "s3" => s3(text, rest, false).map(StoreUrl::S3),
            "s3s" => s3(text, rest, true).map(StoreUrl::S3),
            "http" => http(text, rest, false).map(StoreUrl::Http),
            "https" => http(text, rest, true).map(StoreUrl::Http),
            other @ ("s3+tls" | "s3s+tls") => Err(UrlError::TlsSpelling(other.to_owned())),
            _ => Err(UrlError::UnsupportedScheme(masked(scheme))),
        }
    }

    /// Parses a URL, or takes `text` as a directory below `base`, which is absolute. `.` and `..` are resolved by
    /// their names alone: they have no place in a route.
    pub fn parse_or_directory(text: &str, base: &Path) -> Result<StoreUrl, UrlError> {
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        if text.contains("://") {
            return StoreUrl::parse(text);
        }
        let mut path = PathBuf::new();
        for component in base.join(text).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    path.pop();
                }
                _ => path.push(component),
            }
        }
        Ok(StoreUrl::Dir(path))
    }
}

impl Ranged<StoreUrl> {
    /// Parses `00-7f=URL`, or a URL that is for every id.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (range, rest) = split_range(text)?;
        Ok(Ranged { range, value: StoreUrl::parse(rest)? })
    }

    /// The same with a directory below `base` allowed in the URL's place.
    pub fn parse_or_directory(text: &str, base: &Path) -> Result<Self, UrlError> {
        let (range, rest) = split_range(text)?;
        Ok(Ranged { range, value: StoreUrl::parse_or_directory(rest, base)? })
    }
}

/// What stands before the first `=` is a range where it looks like an attempt at one, or a URL follows it. Else the
/// `=` is part of a URL's query or of a directory's name.
fn split_range(text: &str) -> Result<(IdRange, &str), UrlError> {
    let Some((head, rest)) = text.split_once('=') else { return Ok((IdRange::ALL, text)) };
    let attempt = head.contains('-') && head.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let before_url = !head.contains(['/', ':', '@']) && rest.contains("://");
    if !attempt && !before_url {
        return Ok((IdRange::ALL, text));
    }
    let byte = |digits: &str| match digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => u8::from_str_radix(digits, 16).ok(),
        false => None,
    };
    let range = head.split_once('-').and_then(|(start, end)| Some(IdRange { start: byte(start)?, end: byte(end)? }));
    match range {
        Some(range) if range.start <= range.end => Ok((range, rest)),
        _ => Err(UrlError::Range(head.to_owned())),
    }
}

/// The three parts of what follows `scheme://`.
struct Parts<'a> {
    userinfo: Option<&'a str>,
    address: &'a str,
    /// Without the slashes at its ends.
    path: &'a str,
    query: Option<&'a str>,
}

fn split<'a>(text: &str, rest: &'a str) -> Result<Parts<'a>, UrlError> {
    if rest.contains('#') {
        // A `#` in a secret also comes out here; the difference is the `@` after it.
        return Err(match rest.rfind('@') > rest.find('#') {
            true => UrlError::Userinfo(masked(text)),
            false => UrlError::Tail(masked(text)),
        });
    }
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = before.split_once('/').unwrap_or((before, ""));
    let (userinfo, address) = match authority.rsplit_once('@') {
        Some((userinfo, address)) => (Some(userinfo), address),
        None => (None, authority),
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    Ok(Parts { userinfo, address, path, query })
}

fn s3(text: &str, rest: &str, tls: bool) -> Result<S3Url, UrlError> {
    let parts = split(text, rest)?;
    // No `@` can follow the host, so what lies in between holds a `/` or `?` of the secret's.
    if parts.path.contains('@') || parts.query.is_some_and(|query| query.contains('@')) {
        return Err(UrlError::Userinfo(masked(text)));
    }
    let endpoint = endpoint(text, parts.address, tls, None)?;
    let (bucket, prefix) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    let region = parts
        .query
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("region=")))
        .filter(|region| !region.is_empty())
        .unwrap_or(DEFAULT_REGION);
    let url = S3Url {
        endpoint,
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        region: region.to_owned(),
        credentials: parts.userinfo.filter(|userinfo| !userinfo.is_empty()).map(credentials),
    };
    check::parts(&url, text)?;
    Ok(url)
}

/// A user without a password, which is what rfs leaves in a route, is a key with an empty secret: it is of no use,
/// but must be seen.
fn credentials(userinfo: &str) -> Credentials {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Credentials { access_key: user.to_owned(), secret_key: Secret::new(password) }
}

fn http(text: &str, rest: &str, tls: bool) -> Result<HttpUrl, UrlError> {
    let parts = split(text, rest)?;
    if parts.userinfo.is_some() {
        return Err(UrlError::HttpCredentials(masked(text)));
    }
    if parts.query.is_some() {
        return Err(UrlError::Tail(masked(text)));
    }
    let endpoint = endpoint(text, parts.address, tls, Some(if tls { 443 } else { 80 }))?;
    check::http_path(parts.path, text)?;
    Ok(HttpUrl { endpoint, path: parts.path.to_owned() })
}

fn endpoint(text: &str, address: &str, tls: bool, default_port: Option<u16>) -> Result<Endpoint, UrlError> {
    // The colons of an IPv6 address stand before its `]`.
    let host_len = match address.find(']') {
        Some(bracket) => bracket + 1,
        None => address.find(':').unwrap_or(address.len()),
    };
    let (host, rest) = address.split_at(host_len);
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_err(|_| UrlError::Port(masked(text)))?
        }
        Some(other) if other.contains(':') => return Err(UrlError::Host(masked(text))),
        Some(_) => return Err(UrlError::Port(masked(text))),
        None if !rest.is_empty() => return Err(UrlError::Host(masked(text))),
        None => default_port.ok_or_else(|| UrlError::NoPort(masked(text)))?,
    };
    let endpoint = Endpoint { tls, host: host.to_owned(), port };
    check::endpoint(&endpoint, text)?;
    Ok(endpoint)
}
