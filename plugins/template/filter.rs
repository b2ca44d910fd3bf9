//! Leaves out files by the ending of their name.

use flistry_plugin::{Entry, Error, Facts, Filter, Kind, Plugin, Verdict, export};
use serde::Deserialize;

struct ByEnding(Config);

/// The table `config` of the plugin's entry in flistry.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Endings such as `.txt`.
    endings: Vec<String>,
}

impl Plugin for ByEnding {
    type Config = Config;

    /// Refuses a configuration before a build begins.
    fn check(config: &Config) -> Result<(), Error> {
        match config.endings.iter().any(String::is_empty) {
            true => Err(Error::new("empty-ending", "an ending in `endings` is empty, which every name has")),
            false => Ok(()),
        }
    }
}

impl Filter for ByEnding {
    fn new(_facts: &Facts, config: Config) -> Result<Self, Error> {
        Ok(ByEnding(config))
    }

    fn decide(&mut self, entry: &Entry) -> Result<Verdict, Error> {
        let ending = self.0.endings.iter().find(|ending| entry.path.ends_with(*ending));
        Ok(match ending {
            Some(ending) if entry.kind == Kind::File => Verdict::drop(format!("its name ends in {ending}")),
            _ => Verdict::Keep,
        })
    }
}

export!(ByEnding: filter);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::Build;

    #[test]
    fn files_are_left_out_by_their_ending() {
        let build = Build::plain("docs");
        let done =
            build.filter::<super::ByEnding>(r#"{"endings": [".txt"]}"#, ["a/b.txt", "a/b.bin", "c.txt/"]).unwrap();
        assert_eq!(done.kept(), ["a", "a/b.bin", "c.txt"]);
        assert_eq!(done.reason("a/b.txt"), Some("its name ends in .txt"));
    }
}
