//! Where blobs are read from: `--store`, or the flist's own routes.

use flistry::error::Error;
use flistry::manifest::Route;
use flistry::store::ReadBlobs;
use flistry::store::open::open_read_ranges;
use flistry::store::url::{Ranged, StoreUrl};

/// The option of every command that reads blobs.
#[derive(clap::Args)]
pub struct StoreArgs {
    /// Read blobs from here instead of from the flist's own routes; repeat it for several stores. A range in front, such
    /// as 00-7f=, says which blob ids a store holds
    #[arg(long = "store", value_name = "[RANGE=]URL")]
    stores: Vec<String>,
}

impl StoreArgs {
    /// Opens the stores that the options name, or else those of the manifest's routes.
    pub fn open(&self, routes: &[Route]) -> Result<Box<dyn ReadBlobs>, Error> {
        let urls = if self.stores.is_empty() { from_routes(routes)? } else { self.urls()? };
        Ok(open_read_ranges(&urls)?)
    }

    fn urls(&self) -> Result<Vec<Ranged<StoreUrl>>, Error> {
        let here = std::env::current_dir().map_err(|error| Error::Read { path: ".".into(), error })?;
        self.stores.iter().map(|text| Ok(Ranged::parse_or_directory(text, &here)?)).collect()
    }
}

fn from_routes(routes: &[Route]) -> Result<Vec<Ranged<StoreUrl>>, Error> {
    if routes.is_empty() {
        let what = "the flist has no route: it does not say where its blobs are".to_owned();
        return Err(Error::Usage { what, hint: "name the store with --store".into() });
    }
    let url = |route: &Route| Ok(Ranged { range: route.range, value: StoreUrl::parse(route.url().expose())? });
    routes.iter().map(url).collect()
}
