//! `flistry completions` and `flistry man`

use std::path::PathBuf;

use clap::CommandFactory;
use flistry::error::Error;
use serde_json::json;

use super::Cli;
use super::output::Outcome;

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(clap::Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn completions(args: CompletionsArgs) -> Result<Outcome, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "flistry", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Outcome::done(script.clone(), json!({ "shell": args.shell.to_string(), "script": script })))
}

pub fn man(args: ManArgs) -> Result<Outcome, Error> {
    let Some(dir) = args.output else {
        let mut page = Vec::new();
        let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
        let page = String::from_utf8_lossy(&page).into_owned();
        return Ok(Outcome::done(page.clone(), json!({ "page": page })));
    };
    let failed = |error| Error::Write { path: dir.clone(), error };
    std::fs::create_dir_all(&dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &dir).map_err(failed)?;
    Ok(Outcome::done(format!("wrote the manual pages to {}\n", dir.display()), json!({ "dir": dir })))
}
