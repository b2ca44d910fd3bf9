//! The command line: one file a command. A command parses its arguments, calls the library, and gives back an outcome, which
//! `render` writes for people or for machines.

mod build;
mod changes;
mod compile_component;
mod completions;
mod context;
mod default_config;
mod diff;
mod explain;
mod flist_file;
mod inspect;
mod kernel_version;
mod man;
mod outcome;
mod plan;
mod plugin;
mod publish;
mod render;
mod route;
mod route_row;
mod several;
mod stderr;
mod store_args;
mod style;
mod terminal;
mod tree;
mod unpack;
mod verify;
mod zinit;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};
use flistry::error::ExitCode;
use flistry::printable::PrintableText;

use context::CommandContext;
use outcome::Format;
use plugin::PluginCommand;
use render::Renderer;
use route::RouteCommand;
use stderr::Message;
use style::Color;
use terminal::Terminal;

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
    /// The project: its `config` directory says what to build
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "FLISTRY_PROJECT")]
    project: PathBuf,
    /// How to print the result
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Show no progress, only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Log more of what happens; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// When to use colours; NO_COLOR turns them off, too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Subcommand)]
enum Command {
    /// Packs, verifies and publishes the flists of config/flistry.toml
    Build(build::BuildArgs),
    /// Says what `build` would do, and changes nothing
    Plan(plan::PlanArgs),
    /// Prints the kernel version that the project's files give
    KernelVersion,
    /// Prints the shipped config/flistry.toml: each setting with its meaning
    DefaultConfig,
    /// Summarises an flist: entries, blobs, routes, tags
    Inspect(inspect::InspectArgs),
    /// Lists the entries of an flist
    Tree(tree::TreeArgs),
    /// Compares two flists
    Diff(diff::DiffArgs),
    /// Says why a path is in an flist, or why it is not
    Explain(explain::ExplainArgs),
    /// Proves that an flist is intact, up to the level asked for
    Verify(verify::VerifyArgs),
    /// Shows or replaces the routes of an flist
    #[command(subcommand)]
    Route(RouteCommand),
    /// Uploads an flist that was built earlier
    Publish(publish::PublishArgs),
    /// Writes an flist's tree into a directory
    Unpack(unpack::UnpackArgs),
    /// Writes the scripts and units that mount the flists on a node
    Zinit(zinit::ZinitArgs),
    /// Creates, builds and tries out plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Prints a shell's completions
    Completions(completions::CompletionsArgs),
    /// Prints the manual page, or writes all of them
    Man(man::ManArgs),
    /// Compiles a component for the process that starts this one
    #[command(hide = true, name = flistry::plugin::COMMAND)]
    CompileComponent(compile_component::CompileComponentArgs),
}

/// Runs the program.
pub fn run(arguments: Vec<OsString>, environment: BTreeMap<String, String>) -> std::process::ExitCode {
    let code = match Cli::try_parse_from(&arguments) {
        Ok(Cli { global, command }) => {
            global.color.apply(no_color(&environment));
            stderr::show_log(global.verbose);
            let terminal = Terminal::new(global.quiet, global.format);
            let context = CommandContext::new(global.project, environment, terminal);
            dispatch(command, &context, &Renderer { terminal: &context.terminal, format: global.format })
        }
        Err(error) => not_parsed(&error, &arguments, &environment),
    };
    std::process::ExitCode::from(code as u8)
}

/// Help and version are errors to clap, too; it knows which go where.
fn not_parsed(error: &clap::Error, arguments: &[OsString], environment: &BTreeMap<String, String>) -> ExitCode {
    let color = given(arguments, "--color").and_then(|color| Color::from_str(color, false).ok());
    color.unwrap_or(Color::Auto).apply(no_color(environment));
    if error.use_stderr() && given(arguments, "--format") == Some("json") {
        let text = error.to_string();
        let what = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
        stderr::write(Message::Error(what), Some("see flistry --help"), Format::Json);
    } else {
        // What was typed stands in it.
        let text = PrintableText(&error.render().ansi().to_string()).to_string();
        match error.use_stderr() {
            true => stderr::write_text(&text),
            // Whoever reads it may have read enough.
            false => drop(anstream::stdout().write_all(text.as_bytes())),
        }
    }
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done }
}

/// The last value of an option on a command line that could not be read as a whole.
fn given<'a>(arguments: &'a [OsString], option: &str) -> Option<&'a str> {
    let words: Vec<&str> = arguments.iter().map(|argument| argument.to_str().unwrap_or_default()).collect();
    let behind = words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    behind.chain(joined).last()
}

/// What NO_COLOR says.
fn no_color(environment: &BTreeMap<String, String>) -> bool {
    environment.get("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn dispatch(command: Command, context: &CommandContext, renderer: &Renderer<'_>) -> ExitCode {
    match command {
        Command::Build(args) => renderer.show(build::run(args, context)),
        Command::Plan(args) => renderer.show(plan::run(args, context)),
        Command::KernelVersion => renderer.show(kernel_version::run(context)),
        Command::DefaultConfig => renderer.show(Ok(default_config::run())),
        Command::Inspect(args) => renderer.show(inspect::run(args)),
        Command::Tree(args) => renderer.show(tree::run(args)),
        Command::Diff(args) => renderer.show(diff::run(args)),
        Command::Explain(args) => renderer.show(explain::run(args)),
        Command::Verify(args) => renderer.show(verify::run(args, context)),
        Command::Route(RouteCommand::Show(args)) => renderer.show(route::show::run(args)),
        Command::Route(RouteCommand::Patch(args)) => renderer.show(route::patch::run(args, context)),
        Command::Publish(args) => renderer.show(publish::run(args, context)),
        Command::Unpack(args) => renderer.show(unpack::run(args, context)),
        Command::Zinit(args) => renderer.show(zinit::run(args, context)),
        Command::Plugin(PluginCommand::New(args)) => renderer.show(plugin::new::run(args)),
        Command::Plugin(PluginCommand::Build(args)) => renderer.show(plugin::build::run(args, context)),
        Command::Plugin(PluginCommand::Check(args)) => renderer.show(plugin::check::run(args, context)),
        Command::Plugin(PluginCommand::Run(args)) => renderer.show(plugin::run::run(args, context)),
        Command::Plugin(PluginCommand::List) => renderer.show(plugin::list::run(context)),
        Command::Completions(args) => renderer.show(Ok(completions::run(&args, Cli::command()))),
        Command::CompileComponent(args) => compile_component::run(&args),
        Command::Man(args) => renderer.show(man::run(args, Cli::command())),
    }
}
