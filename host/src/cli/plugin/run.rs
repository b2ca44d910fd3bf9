//! `flistry plugin run`

use std::path::PathBuf;

use flistry::config::{credential_in_variable, project_secrets};
use flistry::error::Error;
use flistry::progress::Progress;
use flistry::tree::FlistKind;

use super::component::{ComponentArgs, holds_credential, parse_pair};
use super::hooks::{facts, run_hooks};
use super::trial::Trial;
use crate::cli::context::CommandContext;

#[derive(clap::Args)]
pub struct RunPluginArgs {
    #[command(flatten)]
    component: ComponentArgs,
    /// The directory that stands in for an flist's source
    #[arg(long, value_name = "DIR")]
    tree: PathBuf,
    /// Another flist's directory that the plugin may read, such as modules=DIR; may be repeated
    #[arg(long = "grant", value_name = "FLIST=DIR", value_parser = parse_grant)]
    grants: Vec<(String, PathBuf)>,
    /// What the flist is called
    #[arg(long, default_value = "modules")]
    flist: String,
    /// What kind of tree it is
    #[arg(long = "contents", value_name = "CONTENTS", default_value = "modules")]
    kind: FlistKind,
    /// The kernel version
    #[arg(long, default_value = "6.12.44-Zero-OS")]
    kernel: String,
    /// A variable that the plugin is shown; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = parse_pair)]
    variables: Vec<(String, String)>,
}

fn parse_grant(text: &str) -> Result<(String, PathBuf), String> {
    let (flist, directory) = text.split_once('=').filter(|(flist, _)| !flist.is_empty()).ok_or("write FLIST=DIR")?;
    Ok((flist.to_owned(), PathBuf::from(directory)))
}

pub fn run(args: RunPluginArgs, context: &CommandContext) -> Result<Trial, Error> {
    let secrets = project_secrets(&context.project, &context.environment)?;
    for (name, value) in &args.variables {
        if let Some(whose) = credential_in_variable(&secrets, name, value, &context.environment.0) {
            return Err(holds_credential(&format!("--variable {name}"), whose));
        }
    }
    let plugin = args.component.load(&args.grants, context)?;
    plugin.validate()?;
    let facts = facts(&args.flist, args.kind, &args.kernel, args.variables.into_iter().collect());
    let trial = run_hooks(&plugin, facts, &context.project, &args.tree, &args.grants)?;
    trial.warnings.iter().for_each(|warning| context.terminal.warn(warning.clone()));
    Ok(trial)
}
