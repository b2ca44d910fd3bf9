//! What a fork would write: keeps the modules of some folders, and everything that is no module.

use flistry_plugin::{Entry, Error, Facts, Filter, Plugin, Verdict, export, log, modules::module_name};
use serde::Deserialize;

struct OnlyFolders(Config);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    folders: Vec<String>,
}

impl Plugin for OnlyFolders {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        if config.folders.is_empty() {
            Err(Error::new("no-folders", "`folders` names no folder to keep"))
        } else {
            Ok(())
        }
    }
}

impl Filter for OnlyFolders {
    fn new(facts: &Facts, config: Config) -> Result<Self, Error> {
        log::info(&format!("{} keeps the modules of {}", facts.flist, config.folders.join(", ")));
        Ok(OnlyFolders(config))
    }

    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
        let within = |folder: &String| entry.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let kept = module_name(&entry.path).is_none() || self.0.folders.iter().any(within);
        Ok(if kept { Verdict::Keep } else { Verdict::drop("not in a folder that this fork ships") })
    }
}

export!(OnlyFolders: filter);
