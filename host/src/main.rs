//! The `flistry` program: reads the command line and the environment, calls the library, prints.

mod cli;

fn main() -> std::process::ExitCode {
    // A variable that is not UTF-8 is none that flistry reads.
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    cli::run(std::env::args_os().collect(), environment.collect())
}
