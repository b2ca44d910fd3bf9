//! The command line: one file a command, each giving back an [`Outcome`] that is printed here.

mod build;
mod changes;
mod default_config;
mod diff;
mod explain;
mod inspect;
mod manifest;
mod output;
mod plan;
mod plugin;
mod plugin_list;
mod plugin_new;
mod plugin_run;
mod plugin_trial;
mod progress;
mod publish;
mod route;
mod shell;
mod tree;
mod unpack;
mod verify;
mod zinit;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use flistry::config::{Config, Environment};
use flistry::error::{Error, ExitCode};

use output::Outcome;
use progress::Terminal;

/// Packs Linux kernel modules and firmware into flists that a Zero-OS node mounts at boot.
#[derive(Parser)]
#[command(name = "flistry", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args)]
struct Global {
    /// The project: its `config` folder says what to build
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "FLISTRY_PROJECT")]
    project: PathBuf,
    /// How to print the result
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Show no progress; warnings and errors are shown all the same
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more of what happens; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// When to use colours; NO_COLOR turns them off, too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
enum Format {
    /// For people
    Text,
    /// For machines: one JSON value
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Packs, verifies and publishes the flists of config/flistry.toml
    Build(build::Args),
    /// Says what `build` would do, and touches nothing
    Plan(plan::Args),
    /// Prints the kernel version that the project's files give
    KernelVersion,
    /// Prints the shipped config/flistry.toml: each setting with its meaning
    DefaultConfig,
    /// Says what an flist is: entries, blobs, routes, tags
    Inspect(inspect::Args),
    /// Lists what is in an flist
    Tree(tree::Args),
    /// Says how two flists differ
    Diff(diff::Args),
    /// Says why a path is in an flist or not
    Explain(explain::Args),
    /// Proves that an flist is whole, as far as asked
    Verify(verify::Args),
    /// Shows or replaces the routes of an flist
    #[command(subcommand)]
    Route(route::Command),
    /// Uploads an flist that was built earlier
    Publish(publish::Args),
    /// Writes an flist's tree into a folder
    Unpack(unpack::Args),
    /// Writes the scripts and units that mount the flists on a node
    Zinit(zinit::Args),
    /// Builds a plugin, and tries it on a folder
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Prints a shell's completions
    Completions(shell::CompletionsArgs),
    /// Prints the manual page, or writes all of them
    Man(shell::ManArgs),
}

/// What every command works with.
pub struct Context {
    project: PathBuf,
    environment: BTreeMap<String, String>,
    terminal: Terminal,
}

impl Context {
    fn config(&self) -> Result<Config, Error> {
        let config = Config::load(&self.project, &Environment(self.environment.clone()), time::UtcDateTime::now())?;
        for warning in &config.warnings {
            flistry::progress::Progress::warn(&self.terminal, warning.clone());
        }
        Ok(config)
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Runs the program.
pub fn run(arguments: Vec<OsString>, environment: BTreeMap<String, String>) -> std::process::ExitCode {
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, too; it knows which go where.
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
            if error.use_stderr() && wants_json(&arguments) {
                let text = error.to_string();
                let what = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
                output::to_stderr(&output::json_line("error", what, Some("see flistry --help")));
            } else {
                let _ = error.print();
            }
            return std::process::ExitCode::from(code as u8);
        }
    };
    let Cli { global, command } = cli;
    output::choose_color(global.color, environment.get("NO_COLOR").is_some_and(|value| !value.is_empty()));
    output::log_to_stderr(global.verbose);
    let terminal = Terminal::new(global.quiet, global.format == Format::Text);
    let context = Context { project: global.project, environment, terminal };
    let outcome = dispatch(command, &context);
    context.terminal.finish();
    let code = match outcome {
        Ok(outcome) => outcome.print(global.format),
        Err(error) => output::print_error(&error, global.format),
    };
    std::process::ExitCode::from(code as u8)
}

/// Whether a command line that could not be parsed asks for JSON.
fn wants_json(arguments: &[OsString]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
        || arguments.iter().any(|argument| argument == "--format=json")
}

fn dispatch(command: Command, context: &Context) -> Result<Outcome, Error> {
    match command {
        Command::Build(args) => build::run(args, context),
        Command::Plan(args) => plan::run(args, context),
        Command::KernelVersion => plan::kernel_version(context),
        Command::DefaultConfig => default_config::run(),
        Command::Inspect(args) => inspect::run(args),
        Command::Tree(args) => tree::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Verify(args) => verify::run(args, context),
        Command::Route(route::Command::Show(args)) => route::show(args),
        Command::Route(route::Command::Patch(args)) => route::patch(args, context),
        Command::Publish(args) => publish::run(args, context),
        Command::Unpack(args) => unpack::run(args, context),
        Command::Zinit(args) => zinit::run(args, context),
        Command::Plugin(plugin::Command::Build(args)) => plugin::build(args, context),
        Command::Plugin(plugin::Command::Check(args)) => plugin::check(&args, context),
        Command::Plugin(plugin::Command::Run(args)) => plugin_run::run(args, context),
        Command::Plugin(plugin::Command::New(args)) => plugin_new::run(args),
        Command::Plugin(plugin::Command::List) => plugin_list::run(context),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}
