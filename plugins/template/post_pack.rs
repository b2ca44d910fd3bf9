//! Takes editors' backups out of an flist, and says in a tag how many there were.

use flistry_plugin::{Draft, Entry, Error, Facts, Kind, Plugin, PostPack, export, report};
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
    fn edit(_facts: &Facts, config: Config, draft: &Draft) -> Result<(), Error> {
        let mut removed = 0;
        let is_backup = |entry: &Entry| entry.kind == Kind::File && entry.path.ends_with(&config.ending);
        for entry in draft.all().filter(is_backup) {
            // The contents of what is removed are never read, nor sent anywhere.
            draft.remove(entry.id);
            report::explain(&entry, "an editor's backup");
            removed += 1;
        }
        draft.set_tag("backups-removed", &removed.to_string());
        Ok(())
    }
}

export!(NoBackups: post_pack);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::Build;

    #[test]
    fn backups_are_removed_and_counted() {
        let build = Build::plain("etc");
        let done = build.edit::<super::NoBackups>(r#"{"ending": "~"}"#, ["a/b.conf", "a/b.conf~", "c~/"]).unwrap();
        assert_eq!(done.removed(), ["a/b.conf~"]);
        assert_eq!(done.tags["backups-removed"], "1");
    }
}
