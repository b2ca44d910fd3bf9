//! What the commands on an existing flist share: reading it, finding its stores, finding its report.

use std::io::Read;
use std::path::{Path, PathBuf};

use flistry::error::Error;
use flistry::manifest::{Manifest, Route, read};
use flistry::printable::Printable;
use flistry::report::BuildReport;
use flistry::store::ReadBlobs;
use flistry::store::open::open_read_ranges;
use flistry::store::url::{IdRange, Ranged, StoreUrl};

/// A store option, for every command that reads blobs.
#[derive(clap::Args)]
pub struct StoreArgs {
    /// Read blobs from here instead of the flist's own routes; several make a set, a range such as 00-7f= in front
    /// says which ids are there
    #[arg(long = "store", value_name = "[RANGE=]URL")]
    stores: Vec<String>,
}

/// No flist is larger; a file of a million entries has some 200 MB.
const MAX_MANIFEST_BYTES: u64 = 2 << 30;

/// Reads the bytes of an flist file, or of a pipe.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::Read { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_MANIFEST_BYTES {
        return Err(failed(std::io::Error::other(format!(
            "more than {MAX_MANIFEST_BYTES} bytes are too much for an flist"
        ))));
    }
    Ok(bytes)
}

/// Reads an flist.
pub fn open(path: &Path) -> Result<Manifest, Error> {
    parse(&bytes(path)?, path)
}

/// Takes an flist's bytes apart; `path` is for the message.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Manifest, Error> {
    read(bytes).map_err(|error| Error::Manifest { path: path.to_owned(), error })
}

impl StoreArgs {
    /// Opens what the options name, else what the manifest's routes name.
    pub fn open(&self, routes: &[Route]) -> Result<Box<dyn ReadBlobs>, Error> {
        let urls = if self.stores.is_empty() { from_routes(routes)? } else { self.urls()? };
        Ok(open_read_ranges(&urls)?)
    }

    fn urls(&self) -> Result<Vec<Ranged<StoreUrl>>, Error> {
        let here = std::env::current_dir().map_err(|error| Error::Read { path: ".".into(), error })?;
        self.stores.iter().map(|text| Ok(Ranged::parse_or_folder(text, &here)?)).collect()
    }
}

fn from_routes(routes: &[Route]) -> Result<Vec<Ranged<StoreUrl>>, Error> {
    if routes.is_empty() {
        let what = "the flist has no route: it does not say where its blobs are".to_owned();
        return Err(Error::Usage { what, hint: "name the store with --store".into() });
    }
    routes
        .iter()
        .map(|route| Ok(Ranged { range: route.range, value: StoreUrl::parse(route.url().expose())? }))
        .collect()
}

/// A route's URL without its secret, whatever kind it is.
pub fn masked(route: &Route) -> String {
    match StoreUrl::parse(route.url().expose()) {
        Ok(url) => url.to_string(),
        Err(_) => mask_foreign(route.url().expose()),
    }
}

/// Other programs' kinds: what stands before an `@` or after a `?` may be anything.
fn mask_foreign(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "***".to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, _)| (place, "?***"));
    let place = match place.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => place.to_owned(),
    };
    Printable(&format!("{scheme}://{place}{query}")).to_string()
}

/// A range as it is written in front of a store.
pub fn range(range: IdRange) -> String {
    format!("{:02x}-{:02x}", range.start, range.end)
}

/// The path of the report beside an flist.
fn report_path(flist: &Path) -> PathBuf {
    let name = flist.file_name().unwrap_or_default().to_string_lossy().into_owned();
    flist.with_file_name(flistry::report::file_name(&name))
}

/// The report beside an flist, if there is one that can be read. An alias's report is that of what it leads to.
pub fn report(flist: &Path) -> Option<BuildReport> {
    let flist = flist.canonicalize().ok()?;
    serde_json::from_slice(&std::fs::read(report_path(&flist)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_url_is_masked() {
        assert_eq!(mask_foreign("zdb://h:9900/ns"), "zdb://h:9900/ns");
        assert_eq!(mask_foreign("zdb://user:p@ss@h:9900/ns"), "zdb://***@h:9900/ns");
        assert_eq!(mask_foreign("zdb://h:9900/ns?password=x"), "zdb://h:9900/ns?***");
        assert_eq!(mask_foreign("nonsense"), "***");
    }
}
