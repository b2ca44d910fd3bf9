//! The files of a publication, in the order in which they are written, and the places that they are written to.

use std::path::{Path, PathBuf};

use super::error::PublishError;
use super::owner::{check_owner, check_owner_in_bucket};
use super::published_file::{PublishedFile, failed, open, write};
use super::settings::PublishSettings;
use crate::files::sha256;
use crate::manifest::clean::CleanManifest;
use crate::manifest::name::FlistName;
use crate::progress::{Progress, Step};
use crate::report::BuildReport;
use crate::store::s3::S3Bucket;
use crate::store::url::StoreUrl;

/// What is published under one name.
pub struct Publication<'a> {
    /// The manifest.
    pub manifest: &'a CleanManifest,
    /// Its file name.
    pub name: &'a FlistName,
    /// Other names for it.
    pub aliases: &'a [FlistName],
    /// The build's report, if there is one.
    pub report: Option<&'a BuildReport>,
}

impl Publication<'_> {
    /// Aliases come last, so that no reader ever finds a name that leads to nothing or to half a file.
    fn files(&self) -> Vec<PublishedFile<'_>> {
        let (name, bytes) = (self.name.as_str(), self.manifest.bytes());
        let digest = sha256(bytes);
        let mut files = vec![PublishedFile::manifest(name, bytes), PublishedFile::checksum(name, &digest)];
        files.extend(self.report.map(|report| PublishedFile::report(name, report)));
        for alias in self.aliases.iter().map(FlistName::as_str) {
            files.extend([PublishedFile::alias(alias, name, bytes), PublishedFile::checksum(alias, &digest)]);
        }
        files
    }

    fn names(&self) -> impl Iterator<Item = &FlistName> {
        std::iter::once(self.name).chain(self.aliases)
    }

    /// Into a directory, which is made if need be. Each file is written under a temporary name, synced, and renamed; an
    /// alias is a symlink. Returns the manifest's path.
    ///
    /// # Errors
    /// The first file that can't be written; a name that is there as another flist's.
    pub fn to_directory(&self, directory: &Path) -> Result<PathBuf, PublishError> {
        if let Some(report) = self.report {
            check_owner(directory, &report.subject.flist, self.names())?;
        }
        std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
        write(&open(directory)?, directory, self.files())?;
        Ok(directory.join(self.name.as_str()))
    }

    /// To S3, in the same order; an alias is a copy. Returns the manifest's URL, masked.
    ///
    /// # Errors
    /// The first object that can't be stored; a name that is there as another flist's.
    pub fn to_s3(&self, bucket: &S3Bucket) -> Result<String, PublishError> {
        if let Some(report) = self.report {
            check_owner_in_bucket(bucket, &report.subject.flist, self.names())?;
        }
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
