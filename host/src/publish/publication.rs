//! The files of a publication, in the order in which they are written, and the places that they are written to.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::error::PublishError;
use super::settings::PublishSettings;
use crate::files::{sha256, symlink_atomically, write_atomically};
use crate::manifest::clean::CleanManifest;
use crate::progress::{Progress, Step};
use crate::report::{self, BuildReport};
use crate::store::s3::S3Bucket;
use crate::store::url::StoreUrl;

/// What is published under one name.
pub struct Publication<'a> {
    /// The manifest.
    pub manifest: &'a CleanManifest,
    /// Its file name.
    pub name: &'a str,
    /// Other names for it.
    pub aliases: &'a [String],
    /// The build's report, if there is one.
    pub report: Option<&'a BuildReport>,
}

/// One file of a publication.
struct PublishedFile<'a> {
    name: String,
    role: Role,
    bytes: Cow<'a, [u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Manifest,
    Checksum,
    Report,
    /// The manifest once more, under another name.
    Alias,
}

impl Role {
    fn content_type(self) -> &'static str {
        match self {
            Role::Manifest | Role::Alias => "application/vnd.sqlite3",
            Role::Checksum => "text/plain",
            Role::Report => "application/json",
        }
    }
}

impl Publication<'_> {
    /// Aliases come last, so that no reader ever finds a name that leads to nothing or to half a file.
    fn files(&self) -> Vec<PublishedFile<'_>> {
        let bytes = self.manifest.bytes();
        let digest = sha256(bytes);
        let checksum = |name: &str| PublishedFile {
            name: format!("{name}.sha256"),
            role: Role::Checksum,
            bytes: format!("{digest}  {name}\n").into_bytes().into(),
        };
        let under = |name: &str, role| PublishedFile { name: name.to_owned(), role, bytes: bytes.into() };
        let report = |report: &BuildReport| PublishedFile {
            name: report::file_name(self.name),
            role: Role::Report,
            bytes: report.to_json().into_bytes().into(),
        };
        let mut files = vec![under(self.name, Role::Manifest), checksum(self.name)];
        files.extend(self.report.map(report));
        files.extend(self.aliases.iter().flat_map(|alias| [under(alias, Role::Alias), checksum(alias)]));
        files
    }

    /// Into a directory, which is made if need be. Each file is written under a temporary name, synced, and renamed; an
    /// alias is a symlink. Returns the manifest's path.
    ///
    /// # Errors
    /// The first file that can't be written.
    pub fn to_directory(&self, directory: &Path) -> Result<PathBuf, PublishError> {
        let failed = |error| PublishError::Write { path: directory.to_owned(), error };
        std::fs::create_dir_all(directory).map_err(failed)?;
        self.write(directory, |_, _| true)
    }

    /// Over a manifest that is there already, together with those of its checksums and its report that are there. What
    /// its aliases lead to is the manifest, so they stay as they are.
    ///
    /// # Errors
    /// The first file that can't be written.
    pub fn renew(&self, directory: &Path) -> Result<PathBuf, PublishError> {
        self.write(directory, |dir, file| match file.role {
            Role::Manifest | Role::Report => true,
            Role::Checksum => dir.exists(&file.name),
            Role::Alias => false,
        })
    }

    fn write(
        &self,
        directory: &Path,
        is_wanted: impl Fn(&Dir, &PublishedFile<'_>) -> bool,
    ) -> Result<PathBuf, PublishError> {
        let failed = |name: &str, error| PublishError::Write { path: directory.join(name), error };
        let dir = Dir::open_ambient_dir(directory, ambient_authority()).map_err(|error| failed("", error))?;
        for file in self.files().iter().filter(|file| is_wanted(&dir, file)) {
            let written = match file.role {
                Role::Alias => symlink_atomically(&dir, self.name, &file.name),
                _ => write_atomically(&dir, &file.name, &file.bytes),
            };
            written.map_err(|error| failed(&file.name, error))?;
        }
        // A `Dir` is a handle for paths only; what can be synced has to be opened for reading.
        dir.open(".").and_then(|opened| opened.sync_all()).map_err(|error| failed("", error))?;
        Ok(directory.join(self.name))
    }

    /// To S3, in the same order; an alias is a copy. Returns the manifest's URL, masked.
    ///
    /// # Errors
    /// The first object that can't be stored.
    pub fn to_s3(&self, bucket: &S3Bucket) -> Result<String, PublishError> {
        for file in self.files() {
            bucket.put(&file.name, &file.bytes, file.role.content_type())?;
        }
        Ok(format!("{}/{}", bucket.describe(), self.name))
    }

    /// Everywhere that the settings name; to the bucket only with `upload`. Returns where that was.
    ///
    /// # Errors
    /// The first place that does not take it.
    pub fn to_all(
        &self,
        settings: &PublishSettings,
        upload: bool,
        progress: &dyn Progress,
    ) -> Result<Vec<String>, PublishError> {
        let mut places = Vec::new();
        progress.begin(Step::Publish, 0);
        if let Some(directory) = &settings.directory {
            places.push(self.to_directory(directory)?.display().to_string());
        }
        if let Some(manifests) = &settings.manifests
            && upload
            && let StoreUrl::S3(url) = &manifests.0
        {
            places.push(self.to_s3(&S3Bucket::new(url)?)?);
        }
        Ok(places)
    }
}
