//! `flistry route`: one file a subcommand.

pub mod patch;
pub mod show;

#[derive(clap::Subcommand)]
pub enum RouteCommand {
    /// Prints the route table, with secrets masked
    Show(show::ShowRouteArgs),
    /// Replaces the route table with a read-only one
    Patch(patch::PatchRouteArgs),
}
