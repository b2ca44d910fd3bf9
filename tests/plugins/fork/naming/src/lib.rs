//! What a fork would write: its own brand in the names.

use flistry_plugin::{Error, Facts, Names, Naming, Plugin, export};
use serde::Deserialize;

struct Branded;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    brand: String,
}

impl Plugin for Branded {
    type Config = Config;
}

impl Naming for Branded {
    fn name(facts: &Facts, config: Config) -> Result<Names, Error> {
        let file = format!("{}-{}-{}.fl", config.brand, facts.flist, facts.kernel);
        let aliases = vec![format!("{}-{}.fl", config.brand, facts.flist)];
        Ok(Names { file, aliases, title: Some(format!("{} of {}", facts.flist, config.brand)) })
    }
}

export!(Branded: naming);
