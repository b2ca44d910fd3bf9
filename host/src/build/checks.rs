//! What ends a plan, or is warned of, before anything is read or sent.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::{Config, Flist, RFS_CONF};
use crate::error::Error;
use crate::kernel::compatibility;
use crate::kernel::firmware_headers;
use crate::kernel::remarks::Remarks;
use crate::progress::Progress;
use crate::store::url::StoreUrl;
use crate::tree::filtered::Filtered;
use crate::tree::scan::{Scan, Scanned};
use crate::tree::source::{Contents, Source};
use crate::tree::{FlistKind, Input};

/// Refuses a source that holds the project's credentials: before any plugin reads in it, whatever a filter would drop.
///
/// # Errors
/// [`Error::OwnCredentials`] names the file.
pub fn no_credentials(project: &Path, flist: &str, scan: &Scan) -> Result<(), Error> {
    let credentials = project.join(RFS_CONF);
    let Ok(metadata) = credentials.metadata() else { return Ok(()) };
    // By identity: a hard link or a second mount leads to the same file.
    let is_it = |entry: &Scanned| (entry.identity.dev, entry.identity.ino) == (metadata.dev(), metadata.ino());
    match scan.entries().iter().position(is_it) {
        Some(index) => {
            Err(Error::OwnCredentials { flist: flist.to_owned(), file: credentials, entry: scan.path(index) })
        }
        None => Ok(()),
    }
}

/// Refuses to pack what the build itself writes: it would grow with every build.
pub(super) fn own_files(
    config: &Config,
    flist: &Flist,
    source: &Source,
    scan: &Scan,
    filtered: &Filtered,
) -> Result<(), Error> {
    let own = |path: PathBuf, what| Err(Error::OwnFile { flist: flist.name.clone(), path, what });
    let stores = config.store.write.iter().filter_map(|store| match &store.value.0 {
        StoreUrl::Dir(path) => Some((path.clone(), "the blobs")),
        _ => None,
    });
    let written = [
        (config.output.clone(), "the finished flists"),
        (config.pack.cache.clone(), "the file cache"),
        (config.plugin_cache.clone(), "the compiled plugins"),
    ];
    // By path: none of them needs to exist yet.
    let root = source.path().canonicalize().unwrap_or_else(|_| source.path().to_owned());
    for (path, what) in
        written.into_iter().chain(stores).chain(config.publish.directory.clone().map(|f| (f, "the finished flists")))
    {
        // What is not there yet a filter may still drop the next time; without any, nothing will.
        if let Ok(inside) = path.strip_prefix(&root)
            && filtered.keeps_path(scan, inside).unwrap_or(flist.filters.is_empty())
        {
            return own(path, what);
        }
    }
    Ok(())
}

/// What a node could not use, that in `remarks` and what is found besides, is a warning, or an error in strict builds; returns
/// what is merely worth knowing.
pub(super) fn compatible(
    config: &Config,
    flist: &Flist,
    source: &Source,
    input: &Input,
    mut remarks: Remarks,
    progress: &dyn Progress,
) -> Result<Vec<String>, Error> {
    let places = flist.places(config);
    if flist.kind == FlistKind::Firmware {
        remarks.unusable.extend(firmware_headers::check(&input.tree, |id| match input.contents(id) {
            // What can't be read is left to the pack, which reads it all.
            Some(Contents::Source(was)) => source.open_unchanged(&input.tree.path(id), was).ok(),
            _ => None,
        }));
    }
    let found = compatibility::check(flist.kind, &input.tree, &places, &config.kernel_config, &config.node);
    let Remarks { unusable, notes } = remarks.and(found);
    if config.node.strict && !unusable.is_empty() {
        return Err(Error::Unusable { flist: flist.name.clone(), what: unusable });
    }
    unusable.into_iter().for_each(|warning| progress.warn(warning));
    Ok(notes)
}
