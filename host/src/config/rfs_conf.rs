//! `config/rfs.conf`: where blobs and manifests go, and how nodes read them.
//!
//! | key | default |
//! |---|---|
//! | `S3_ENDPOINT`, `S3_BUCKET`, `S3_ACCESS_KEY`, `S3_SECRET_KEY` | none: they must be set |
//! | `S3_REGION` | `AWS_REGION`, else `garage` |
//! | `S3_PREFIX` | empty |
//! | `READ_ACCESS_KEY`, `READ_SECRET_KEY` | none: they, or `WEB_ENDPOINT`, must be set |
//! | `ROUTE_ENDPOINT` | `S3_ENDPOINT` |
//! | `ROUTE_PATH` | `/blobs` |
//! | `ROUTE_REGION` | `S3_REGION` where the route has the endpoint that blobs are written to, else `garage` |
//! | `WEB_ENDPOINT` | empty: nodes read by S3 |
//! | `UPLOAD_MANIFESTS`, `MANIFESTS_SUBPATH` | `false`, `manifests` |
//! | `FIRMWARE_TAG` | unset: the build's date |
//!
//! An environment variable wins over the line of the same name, also when it is empty.

use std::collections::BTreeMap;
use std::fmt;

use flistry_common::names::is_plain;

use super::assignments::{self, Assignments};
use crate::progress::Warning;
use crate::store::secret::Secret;
use crate::store::secrets::Secrets;
use crate::store::url::{
    Credentials, DEFAULT_REGION, Endpoint, HttpUrl, ReadUrl, S3Url, StoreUrl, UrlError, WriteUrl, is_region,
    is_s3_name, is_s3_path,
};

/// The file, from the project's directory.
pub const RFS_CONF: &str = "config/rfs.conf";

/// Every key, to tell a typo from a setting.
const KEYS: &[&str] = &[
    "S3_ENDPOINT",
    "S3_REGION",
    "AWS_REGION",
    "S3_BUCKET",
    "S3_PREFIX",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "READ_ACCESS_KEY",
    "READ_SECRET_KEY",
    "ROUTE_ENDPOINT",
    "ROUTE_PATH",
    "ROUTE_REGION",
    "MANIFESTS_SUBPATH",
    "UPLOAD_MANIFESTS",
    "WEB_ENDPOINT",
    "FIRMWARE_TAG",
];

/// What `rfs.conf` and the environment say, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RfsConf {
    /// Where blobs are written.
    pub blobs: WriteUrl,
    /// What nodes read them through.
    pub route: ReadUrl,
    /// Where manifests are uploaded to: the prefix is that of all manifests, without the file's name.
    pub manifests: WriteUrl,
    /// Whether they are.
    pub upload_manifests: bool,
    /// What stands for the date in names.
    pub firmware_tag: Option<String>,
    /// The key that can write, which no manifest may hold.
    pub write_credentials: Credentials,
    /// Every credential that is set, also where another one wins over it.
    pub secrets: Secrets,
    /// Keys that have no meaning.
    pub warnings: Vec<Warning>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of the file, from 1.
    Line(usize),
    /// The environment.
    Environment,
    /// Neither: it is unset, or the default.
    Unset,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RfsConfError {
    /// Where the value comes from.
    pub origin: Origin,
    /// The setting; empty where the line as a whole is wrong.
    pub key: &'static str,
    what: String,
    hint: String,
}

impl std::error::Error for RfsConfError {}

impl fmt::Display for RfsConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RfsConfError { key, what, .. } = self;
        match self.origin {
            Origin::Line(line) if key.is_empty() => write!(f, "config/rfs.conf, line {line}{what}"),
            Origin::Line(line) => write!(f, "config/rfs.conf, line {line}, {key}: {what}"),
            Origin::Environment => write!(f, "environment variable {key}: {what}"),
            Origin::Unset => write!(f, "config/rfs.conf, {key}: {what}"),
        }
    }
}

impl RfsConfError {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// A value that may be secret, hence no `Debug`.
struct Setting {
    key: &'static str,
    value: String,
    origin: Origin,
}

impl Setting {
    fn error(&self, what: impl Into<String>, hint: impl Into<String>) -> RfsConfError {
        RfsConfError { origin: self.origin.clone(), key: self.key, what: what.into(), hint: hint.into() }
    }
}

struct Values<'a> {
    file: Assignments,
    env: &'a BTreeMap<String, String>,
}

impl RfsConf {
    /// Parses the file's text; `env` is the environment.
    pub fn parse(text: &str, env: &BTreeMap<String, String>) -> Result<RfsConf, RfsConfError> {
        let file = parse_file(text, env)?;
        let warnings = unknown_keys(&file);
        let secrets = secrets(Some(&file), env);
        let settings = Values { file, env };

        let bucket = settings.required("S3_BUCKET", "name the bucket that blobs go to")?;
        is_s3_name(&bucket.value).map_err(|found| {
            bucket.error(
                format!("a bucket's name cannot hold {found}"),
                "name the bucket alone; the rest of a path goes to S3_PREFIX",
            )
        })?;
        let prefix = settings.path("S3_PREFIX", "")?;
        let subpath = settings.path("MANIFESTS_SUBPATH", "manifests")?;
        let default_region = settings.get("AWS_REGION", DEFAULT_REGION);
        let write_credentials = Credentials {
            access_key: settings.required("S3_ACCESS_KEY", "give the id of the key that may write")?.value,
            secret_key: Secret::new(
                settings.required("S3_SECRET_KEY", "give the secret of the key that may write")?.value,
            ),
        };
        let blobs = S3Url {
            endpoint: settings.required("S3_ENDPOINT", "write https://HOST:PORT").and_then(|s| endpoint(&s))?,
            bucket: bucket.value,
            prefix: prefix.clone(),
            region: settings.region("S3_REGION", default_region)?,
            credentials: Some(write_credentials.clone()),
        };
        let prefixes = [prefix, subpath].into_iter().filter(|prefix| !prefix.is_empty()).collect::<Vec<_>>();
        let manifests = S3Url { prefix: prefixes.join("/"), ..blobs.clone() };
        Ok(RfsConf {
            route: settings.route(&blobs, &write_credentials)?,
            blobs: WriteUrl(StoreUrl::S3(blobs)),
            manifests: WriteUrl(StoreUrl::S3(manifests)),
            upload_manifests: settings.upload_manifests()?,
            firmware_tag: settings.firmware_tag()?,
            write_credentials,
            secrets,
            warnings,
        })
    }
}

fn parse_file(text: &str, env: &BTreeMap<String, String>) -> Result<Assignments, RfsConfError> {
    assignments::parse(text, env).map_err(|error| {
        let what = error.to_string();
        let what = what.strip_prefix(&format!("line {}", error.line)).unwrap_or(&what).to_owned();
        RfsConfError { origin: Origin::Line(error.line), key: "", what, hint: error.hint().to_owned() }
    })
}

/// The credentials in a file's text, if there is a file, and in the environment.
pub(super) fn parse_secrets(text: Option<&str>, env: &BTreeMap<String, String>) -> Result<Secrets, RfsConfError> {
    let file = text.map(|text| parse_file(text, env)).transpose()?;
    Ok(secrets(file.as_ref(), env))
}

/// The credentials that a file and the environment set. Of a key that both set, both count: the one that is not used is
/// another store's, or yesterday's.
fn secrets(file: Option<&Assignments>, env: &BTreeMap<String, String>) -> Secrets {
    let mut secrets = Secrets::default();
    let values = |key: &str| {
        let in_file = file.and_then(|file| file.get(key)).map(|assignment| &assignment.value);
        [env.get(key), in_file].into_iter().flatten().cloned().collect::<Vec<_>>()
    };
    values("S3_SECRET_KEY").iter().for_each(|secret| secrets.add_secret("the write key", secret));
    values("S3_ACCESS_KEY").iter().for_each(|id| secrets.add_id("the write key", id));
    values("READ_SECRET_KEY").iter().for_each(|secret| secrets.add_secret("the read key", secret));
    secrets
}

/// Whose key a text sets, if it is one that sets a key as rfs.conf does, whatever the key's value.
pub(super) fn sets_credential(text: &str) -> Option<&'static str> {
    let file = assignments::parse(text, &BTreeMap::new()).ok()?;
    let sets = |key: &str| file.get(key).is_some_and(|assignment| !assignment.value.is_empty());
    match (sets("S3_SECRET_KEY"), sets("READ_SECRET_KEY")) {
        (true, _) => Some("the write key"),
        (_, true) => Some("the read key"),
        _ => None,
    }
}

impl Values<'_> {
    /// The environment's value, else the file's, else none.
    fn find(&self, key: &'static str) -> Option<Setting> {
        if let Some(value) = self.env.get(key) {
            return Some(Setting { key, value: value.clone(), origin: Origin::Environment });
        }
        let assignment = self.file.get(key)?;
        Some(Setting { key, value: assignment.value.clone(), origin: Origin::Line(assignment.line) })
    }

    fn get(&self, key: &'static str, default: &str) -> Setting {
        let unset = || Setting { key, value: default.to_owned(), origin: Origin::Unset };
        self.find(key).filter(|setting| !setting.value.is_empty()).unwrap_or_else(unset)
    }

    fn required(&self, key: &'static str, hint: &str) -> Result<Setting, RfsConfError> {
        match self.find(key) {
            Some(setting) if setting.value.is_empty() => Err(setting.error("it is empty", hint)),
            Some(setting) => Ok(setting),
            None => Err(Setting { key, value: String::new(), origin: Origin::Unset }.error("it is not set", hint)),
        }
    }

    /// A path without the slashes at its ends. Set to nothing it is empty, whatever the default.
    fn path(&self, key: &'static str, default: &str) -> Result<String, RfsConfError> {
        let setting = self.find(key).unwrap_or_else(|| self.get(key, default));
        let path = setting.value.trim_matches('/');
        let hint = "use letters, digits, `.`, `_`, `~` and `-` between single slashes, and no `.` or `..`";
        is_s3_path(path).map_err(|found| setting.error(format!("the path holds {found}"), hint))?;
        Ok(path.to_owned())
    }

    fn region(&self, key: &'static str, default: Setting) -> Result<String, RfsConfError> {
        let setting = self.find(key).filter(|setting| !setting.value.is_empty()).unwrap_or(default);
        match is_region(&setting.value) {
            true => Ok(setting.value),
            false => Err(setting.error("it is not the name of a region", "use letters, digits, `.`, `_` and `-`")),
        }
    }

    fn route(&self, blobs: &S3Url, write: &Credentials) -> Result<ReadUrl, RfsConfError> {
        let web = self.get("WEB_ENDPOINT", "");
        if !web.value.is_empty() {
            let url = StoreUrl::Http(http_url(&web)?);
            return ReadUrl::new(url).map_err(|error| web.error(error.to_string(), error.hint()));
        }
        let access_key = self.read_key("READ_ACCESS_KEY")?;
        let secret_key = self.read_key("READ_SECRET_KEY")?;
        for (read, write) in [(&access_key, &*write.access_key), (&secret_key, write.secret_key.expose())] {
            if read.value == write {
                let what = "it is the key that can write, and every flist would hold it";
                return Err(read.error(what, "make a second key that may only read the bucket"));
            }
        }
        let route_endpoint = self.get("ROUTE_ENDPOINT", "");
        let path = self.path("ROUTE_PATH", "/blobs")?;
        if path.is_empty() {
            let setting = self.find("ROUTE_PATH").unwrap_or_else(|| self.get("ROUTE_PATH", ""));
            let hint = "name the bucket and prefix, like /BUCKET/PREFIX, or the path that a gateway serves";
            return Err(setting.error("it names no bucket", hint));
        }
        let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
        let endpoint = match route_endpoint.value.is_empty() {
            true => blobs.endpoint.clone(),
            false => endpoint(&route_endpoint)?,
        };
        // One server has one region.
        let default_region = if endpoint == blobs.endpoint { &blobs.region } else { DEFAULT_REGION };
        let url = S3Url {
            endpoint,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            region: self.region("ROUTE_REGION", self.get("ROUTE_REGION", default_region))?,
            credentials: Some(Credentials {
                access_key: access_key.value.clone(),
                secret_key: Secret::new(secret_key.value.clone()),
            }),
        };
        ReadUrl::new(StoreUrl::S3(url)).map_err(|error| {
            let setting = match error {
                UrlError::UnsafeCredential { what, .. } if what.ends_with("secret") => &secret_key,
                _ => &access_key,
            };
            setting.error(error.to_string(), error.hint())
        })
    }

    fn read_key(&self, key: &'static str) -> Result<Setting, RfsConfError> {
        self.required(key, "").map_err(|mut error| {
            error.what += ": nodes need READ_ACCESS_KEY and READ_SECRET_KEY to read the blobs";
            error.hint =
                "set both to a key that may only read, or set WEB_ENDPOINT for a store that needs none".to_owned();
            error
        })
    }

    fn upload_manifests(&self) -> Result<bool, RfsConfError> {
        let setting = self.get("UPLOAD_MANIFESTS", "false");
        match setting.value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(setting.error("it is neither true nor false", "write true or false")),
        }
    }

    fn firmware_tag(&self) -> Result<Option<String>, RfsConfError> {
        let setting = self.get("FIRMWARE_TAG", "");
        match is_release(&setting.value) {
            true => Ok(Some(setting.value).filter(|tag| !tag.is_empty())),
            false => Err(setting.error("it cannot be part of a file's name", RELEASE_HINT)),
        }
    }
}

/// What to do about a tag that is not [`is_release`].
pub(super) const RELEASE_HINT: &str = "use letters, digits, `.`, `_`, `+`, `~` and `-`, at most 64";

/// Whether `text` can replace the date in names; empty text, which keeps the date, can.
pub(super) fn is_release(text: &str) -> bool {
    text.len() <= 64 && is_plain(text)
}

fn http_url(setting: &Setting) -> Result<HttpUrl, RfsConfError> {
    let hint = "write https://HOST:PORT or http://HOST:PORT";
    match StoreUrl::parse(&setting.value) {
        Ok(StoreUrl::Http(url)) => Ok(url),
        Ok(_) | Err(UrlError::UnsupportedScheme(_) | UrlError::NoScheme(_) | UrlError::TlsSpelling(_)) => {
            Err(setting.error("it is neither an http:// nor an https:// URL", hint))
        }
        Err(error) => Err(setting.error(error.to_string(), error.hint())),
    }
}

fn endpoint(setting: &Setting) -> Result<Endpoint, RfsConfError> {
    let url = http_url(setting)?;
    match url.path.is_empty() {
        true => Ok(url.endpoint),
        false => Err(setting.error(
            "it has a path",
            "end it after the host and port; S3_BUCKET, S3_PREFIX and ROUTE_PATH say the rest",
        )),
    }
}

fn unknown_keys(file: &Assignments) -> Vec<Warning> {
    let unknown = file.iter().filter(|(key, _)| !KEYS.contains(key) && !file.is_referenced(key));
    unknown
        .map(|(key, assignment)| {
            let what = format!("config/rfs.conf, line {}: {key} is not a setting", assignment.line);
            let nearest = KEYS.iter().map(|known| (strsim::levenshtein(key, known), known)).min();
            match nearest {
                Some((distance, known)) if distance <= 3 => Warning::new(what, format!("did you mean {known}?")),
                _ => Warning::bare(what),
            }
        })
        .collect()
}

#[cfg(test)]
#[path = "rfs_conf_tests.rs"]
mod tests;
