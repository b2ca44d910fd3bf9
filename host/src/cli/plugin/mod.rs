//! `flistry plugin`: the tools of a plugin's author, one file a subcommand.

pub mod build;
pub mod check;
mod component;
mod description;
mod hooks;
pub mod list;
pub mod new;
pub mod run;
mod trial;

#[derive(clap::Subcommand)]
pub enum PluginCommand {
    /// Creates a new plugin's crate, with a test, that builds as it is
    New(new::NewPluginArgs),
    /// Compiles a plugin's crate into a component
    Build(build::BuildPluginArgs),
    /// Describes a component and proves that it fits: its type, its configuration, the same answers twice
    Check(check::CheckPluginArgs),
    /// Runs a component's hooks on a directory and shows what they would do
    Run(run::RunPluginArgs),
    /// Lists the plugins of config/flistry.toml: hooks, versions, digests, pins, grants
    List,
}
