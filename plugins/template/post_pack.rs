//! Takes editors' backups out of an flist, and says in a tag how many there were.

use flistry_plugin::{Entry, Error, Facts, Kind, Manifest, Plugin, PostPack, export, report};
use serde::Deserialize;

struct NoBackups;

/// The table `config` of the plugin's entry in flistry.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The ending of a backup's name.
    ending: String,
}

impl Plugin for NoBackups {
    type Config = Config;

    /// Refuses a configuration before a build begins.
    fn check(config: &Config) -> Result<(), Error> {
        match config.ending.is_empty() {
            true => Err(Error::new("no-ending", "`ending` is empty, which every name has")),
            false => Ok(()),
        }
    }
}

impl PostPack for NoBackups {
    fn edit(_facts: &Facts, config: Config, manifest: &Manifest) -> Result<(), Error> {
        let mut removed = 0;
        for entry in manifest.all().filter(|entry| is_backup(entry, &config)) {
            // The contents of what is removed are never read, nor sent anywhere.
            manifest.remove(entry.id);
            report::explain(&entry, "an editor's backup");
            removed += 1;
        }
        manifest.set_tag("backups-removed", &removed.to_string());
        Ok(())
    }
}

fn is_backup(entry: &Entry, config: &Config) -> bool {
    entry.kind == Kind::File && entry.path.ends_with(&config.ending)
}

export!(NoBackups: post_pack);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_known_by_their_ending() {
        let config = Config { ending: "~".to_owned() };
        let is_backup = |path: &str, kind| {
            let path = path.to_owned();
            is_backup(&Entry { id: 1, path, kind, size: 0, mode: 0, target: None, attributes: Vec::new() }, &config)
        };
        assert!(is_backup("a/b.conf~", Kind::File));
        assert!(!is_backup("a/b.conf", Kind::File) && !is_backup("a~", Kind::Directory));
    }
}
