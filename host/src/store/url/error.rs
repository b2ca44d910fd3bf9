//! Why a store URL can't be used. No message holds a credential: the URLs in them went through [`masked`].

/// A store URL that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// There is nothing there.
    #[error("the store's URL is empty")]
    Empty,
    /// No `scheme://` in front.
    #[error("`{0}` is not a URL: it has no scheme")]
    NoScheme(String),
    /// A scheme that flistry does not know.
    #[error("stores of the scheme `{0}` are not supported")]
    UnsupportedScheme(String),
    /// `s3+tls` or `s3s+tls`, which rfs's two parsers disagree about.
    #[error("rfs cannot use the scheme `{0}`")]
    TlsSpelling(String),
    /// `dir://` with a relative path.
    #[error("`{0}` is not absolute")]
    RelativeDir(String),
    /// A directory whose path a URL can't carry as it is.
    #[error("the directory `{path}` cannot stand in a route: rfs would look for another name because of {found}")]
    DirPath {
        /// The directory.
        path: String,
        /// What is in the way.
        found: String,
    },
    /// The credentials hold what ends a host name, so that host and credentials can't be told apart.
    #[error("`{0}`: the credentials hold a character with a meaning in URLs")]
    Userinfo(String),
    /// Credentials in an `http(s)` URL.
    #[error("`{0}`: an http store takes no credentials")]
    HttpCredentials(String),
    /// No host name, or none that can be one.
    #[error("`{0}` has no valid host name")]
    Host(String),
    /// An S3 URL without a port.
    #[error("`{0}` has no port, which rfs demands in an S3 URL")]
    NoPort(String),
    /// A port that is not a number from 1 to 65535.
    #[error("`{0}` has no valid port")]
    Port(String),
    /// An S3 URL without a path.
    #[error("`{0}` names no bucket")]
    NoBucket(String),
    /// A path that doesn't survive rfs's URL parser or the signature's.
    #[error("`{url}`: the path holds {found}")]
    Path {
        /// The URL.
        url: String,
        /// What is in the way.
        found: String,
    },
    /// A region that is not letters, digits, `.`, `_` and `-`.
    #[error("`{0}` has no valid region")]
    Region(String),
    /// A query or fragment where none is known.
    #[error("`{0}`: nothing may follow the path")]
    Tail(String),
    /// A range that is not `00-7f`.
    #[error("`{0}` is not a range of blob ids")]
    Range(String),
    /// A read credential that is empty.
    #[error("the {0} is empty")]
    EmptyCredential(&'static str),
    /// A read credential that rfs can't decode.
    #[error("the {what} holds {found}, which rfs cannot decode in a route: no node could mount the flist")]
    UnsafeCredential {
        /// Which of the two.
        what: &'static str,
        /// The character, or its kind.
        found: String,
    },
}

impl UrlError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            UrlError::Empty | UrlError::NoScheme(_) => {
                "write s3://, s3s://, http://, https://, or dir:///absolute/directory".to_owned()
            }
            UrlError::UnsupportedScheme(_) => {
                "give a store that flistry can reach with --store: s3://, s3s://, http(s):// or dir://".to_owned()
            }
            UrlError::TlsSpelling(_) => "write s3s:// for S3 over TLS".to_owned(),
            UrlError::RelativeDir(_) => "write three slashes and the whole path: dir:///absolute/directory".to_owned(),
            UrlError::DirPath { .. } => {
                "use a directory whose path is plain ASCII without spaces, `..` or any of \" # % < > ? \\ ^ ` { | }"
                    .to_owned()
            }
            UrlError::Userinfo(_) => {
                "make a key without / ? # [ ] (Garage's are hexadecimal), or write it to config/rfs.conf".to_owned()
            }
            UrlError::HttpCredentials(_) => "drop them, or use s3:// for a store that needs keys".to_owned(),
            UrlError::Host(_) => "write HOST:PORT; an IPv6 address goes in brackets: [::1]:3900".to_owned(),
            UrlError::NoPort(_) => "write it out: 80 for http, 443 for https, 3900 for a plain Garage".to_owned(),
            UrlError::Port(_) => "the port is a number from 1 to 65535".to_owned(),
            UrlError::NoBucket(_) => "write s3://HOST:PORT/BUCKET or s3://HOST:PORT/BUCKET/PREFIX".to_owned(),
            UrlError::Path { .. } => {
                "use letters, digits, `.`, `_`, `~` and `-` between single slashes, and no `.` or `..`".to_owned()
            }
            UrlError::Region(_) => "write ?region=NAME in letters, digits, `.`, `_` and `-`".to_owned(),
            UrlError::Tail(_) => "end the URL with its path".to_owned(),
            UrlError::Range(_) => "a range is two pairs of hexadecimal digits, the lower first: 00-7f=URL".to_owned(),
            UrlError::EmptyCredential(_) => "give both the read key's id and its secret".to_owned(),
            UrlError::UnsafeCredential { .. } => {
                "make a read key of letters and digits (Garage's are hexadecimal), or serve the blobs by plain http"
                    .to_owned()
            }
        }
    }
}

/// `text` without what may be a credential. A broken URL can't be taken apart reliably, so this hides rather too
/// much: all in front of the last `@`, and what stands where the port should and is none.
pub(super) fn masked(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    if let Some(at) = text.rfind('@') {
        return match scheme.len() <= at {
            true => format!("{scheme}***@{}", &text[at + 1..]),
            false => format!("***@{}", &text[at + 1..]),
        };
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') && !is_port_like(port) => format!("{scheme}***"),
        // A query can hold a password or a token.
        _ => text.split_once('?').map_or(text.to_owned(), |(place, _)| format!("{place}?***")),
    }
}

fn is_port_like(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A character in a message: `/`, or its kind where it can't be shown.
pub(super) fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_ascii_graphic() => format!("`{c}`"),
        c if c.is_control() => "a control character".to_owned(),
        _ => "a character outside ASCII".to_owned(),
    }
}
