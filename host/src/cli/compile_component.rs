//! `flistry compile-component`, which flistry itself calls: compiling, in a process that is bounded.

use std::io::Write;
use std::path::PathBuf;

use flistry::error::ExitCode;
use flistry::plugin::{CompileLimits, compile_bounded};

#[derive(clap::Args)]
pub struct CompileComponentArgs {
    /// The directory of compiled plugins
    cache: PathBuf,
    /// Seconds of processor time
    seconds: u64,
    /// Bytes of memory
    memory_bytes: u64,
}

/// Compiles what standard input has. What is wrong with it goes to standard error, as it is: the reader is flistry.
pub fn run(args: &CompileComponentArgs) -> ExitCode {
    let limits = CompileLimits { seconds: args.seconds, memory_bytes: args.memory_bytes };
    match compile_bounded(&args.cache, limits, std::io::stdin()) {
        Ok(()) => ExitCode::Done,
        Err(what) => {
            let _ = std::io::stderr().write_all(what.as_bytes());
            ExitCode::Failed
        }
    }
}
