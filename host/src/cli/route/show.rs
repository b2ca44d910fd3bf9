//! `flistry route show`

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use flistry::error::Error;
use serde::Serialize;

use crate::cli::flist_file;
use crate::cli::outcome::Outcome;
use crate::cli::route_row::RouteRow;

#[derive(clap::Args)]
pub struct ShowRouteArgs {
    /// The flist
    file: PathBuf,
    /// Print credentials, too
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Serialize)]
pub struct RouteTable {
    routes: Vec<RouteRow>,
}

pub fn run(args: ShowRouteArgs) -> Result<RouteTable, Error> {
    let row = if args.show_secrets { RouteRow::with_secrets } else { RouteRow::masked };
    Ok(RouteTable { routes: flist_file::open(&args.file)?.routes.iter().map(row).collect() })
}

impl Outcome for RouteTable {}

impl Display for RouteTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.routes.is_empty() {
            true => writeln!(f, "no routes"),
            false => self.routes.iter().try_for_each(|row| writeln!(f, "{row}")),
        }
    }
}
