//! Where finished flists go.

use std::path::PathBuf;

use crate::store::url::WriteUrl;

/// Where finished flists go besides the output directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishSettings {
    /// A directory that gets copies, absolute.
    pub directory: Option<PathBuf>,
    /// The bucket and prefix for manifests, if the store is an S3 one.
    pub manifests: Option<WriteUrl>,
    /// Whether a build uploads them there: `UPLOAD_MANIFESTS`.
    pub upload: bool,
}
