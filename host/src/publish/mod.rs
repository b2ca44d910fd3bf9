//! Giving a finished manifest its names: the file, its checksum, its report, and the aliases last, so that no reader
//! ever finds a name that leads to nothing or to half a file.

use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::files::{sha256, symlink_atomically, write_atomically};
use crate::manifest::clean::CleanManifest;
use crate::manifest::name::FlistName;
use crate::store::StoreError;
use crate::store::s3::S3Bucket;

/// What is published under one name.
pub struct Publication<'a> {
    /// The manifest.
    pub manifest: &'a CleanManifest,
    /// Its file name.
    pub name: &'a FlistName,
    /// Other names for it.
    pub aliases: &'a [FlistName],
    /// The build's report, if there is one.
    pub report: Option<&'a str>,
}

impl Publication<'_> {
    fn checksum(&self, name: &FlistName) -> String {
        format!("{}  {name}\n", sha256(self.manifest.bytes()))
    }

    /// Into a folder, which is made if need be. Each file is written under another name, synced, and renamed; an alias
    /// is a link. Returns the manifest's path.
    ///
    /// # Errors
    /// The first file that can't be written.
    pub fn to_folder(&self, folder: &Path) -> Result<PathBuf, PublishError> {
        let failed = |name: &str, error| PublishError::Folder { path: folder.join(name), error };
        std::fs::create_dir_all(folder).map_err(|error| failed("", error))?;
        let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| failed("", error))?;
        let put =
            |name: String, bytes: &[u8]| write_atomically(&dir, &name, bytes).map_err(|error| failed(&name, error));
        put(self.name.to_string(), self.manifest.bytes())?;
        put(format!("{}.sha256", self.name), self.checksum(self.name).as_bytes())?;
        if let Some(report) = self.report {
            put(crate::report::file_name(self.name.as_str()), report.as_bytes())?;
        }
        for alias in self.aliases {
            symlink_atomically(&dir, self.name.as_str(), alias.as_str())
                .map_err(|error| failed(alias.as_str(), error))?;
            put(format!("{alias}.sha256"), self.checksum(alias).as_bytes())?;
        }
        // A `Dir` is a handle for paths only; what can be synced has to be opened for reading.
        dir.open(".").and_then(|folder| folder.sync_all()).map_err(|error| failed("", error))?;
        Ok(folder.join(self.name.as_str()))
    }

    /// To S3, in the same order; an alias is a copy. Returns the manifest's URL, masked.
    ///
    /// # Errors
    /// The first object that can't be stored.
    pub fn to_s3(&self, bucket: &S3Bucket) -> Result<String, PublishError> {
        const FLIST: &str = "application/vnd.sqlite3";
        const TEXT: &str = "text/plain";
        bucket.put(self.name.as_str(), self.manifest.bytes(), FLIST)?;
        bucket.put(&format!("{}.sha256", self.name), self.checksum(self.name).as_bytes(), TEXT)?;
        if let Some(report) = self.report {
            bucket.put(&crate::report::file_name(self.name.as_str()), report.as_bytes(), "application/json")?;
        }
        for alias in self.aliases {
            bucket.put(alias.as_str(), self.manifest.bytes(), FLIST)?;
            bucket.put(&format!("{alias}.sha256"), self.checksum(alias).as_bytes(), TEXT)?;
        }
        Ok(format!("{}/{}", bucket.describe(), self.name))
    }
}

/// A manifest that could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file can't be written.
    #[error("cannot write {}: {error}", path.display())]
    Folder {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// An object can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PublishError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            PublishError::Folder { error, .. } => Some(match error.kind() {
                std::io::ErrorKind::StorageFull => {
                    "free some space and build again: blobs that are stored are not sent twice".into()
                }
                _ => "the folder must be one that this user may write to".into(),
            }),
            PublishError::Store(error) => Some(error.hint()),
        }
    }
}
