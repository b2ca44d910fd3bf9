//! The `flistry` program: reads the command line and the environment, calls the library, prints.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os(), std::env::vars().collect())
}
