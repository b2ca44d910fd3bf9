//! `flistry completions`

use clap_complete::Shell;
use serde::Serialize;

use super::outcome::Outcome;

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

#[derive(Serialize)]
pub struct Completions {
    shell: String,
    script: String,
}

/// The completions of `command`, which is the whole program's.
pub fn run(args: &CompletionsArgs, mut command: clap::Command) -> Completions {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "flistry", &mut script);
    Completions { shell: args.shell.to_string(), script: String::from_utf8_lossy(&script).into_owned() }
}

impl Outcome for Completions {}

impl std::fmt::Display for Completions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.script)
    }
}
