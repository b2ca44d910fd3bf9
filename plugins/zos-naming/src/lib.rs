//! Names flists as Zero-OS nodes look for them.
//!
//! | contents | name | alias |
//! |---|---|---|
//! | modules | `modules-KERNEL.fl` | |
//! | firmware | `firmware-RELEASE.fl` | `firmware-latest.fl` |
//! | plain | `FLIST-RELEASE.fl` | `FLIST-latest.fl` |
//!
//! The release is `FIRMWARE_TAG` for firmware, where the configuration grants that variable, else the build's date.
//! Setting `prefix` takes the place of the name's first word: a second flist of modules needs a name of its own. Setting
//! `file`, and with it `aliases` and `title`, takes the place of all: `{flist}`, `{kernel}`, `{date}` and `{release}` are
//! replaced in these.

use flistry_plugin::{Error, Facts, Names, Naming, Plugin, export, templates};
use serde::Deserialize;

/// The plugin.
struct ZosNaming;

/// Its settings.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// In place of `modules`, `firmware` or the flist's name.
    prefix: Option<String>,
    /// The whole name.
    file: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    title: Option<String>,
}

impl Plugin for ZosNaming {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        let texts = config.file.iter().chain(&config.aliases).chain(&config.title);
        texts
            .map(|text| templates::check(text))
            .collect::<Result<(), _>>()
            .map_err(|what| Error::new("bad-name", what))?;
        if config.file.is_some() && config.prefix.is_some() {
            return Err(Error::new(
                "bad-name",
                "`prefix` is a part of the usual name, which `file` takes the place of: set one",
            ));
        }
        if config.file.is_none() && !(config.aliases.is_empty() && config.title.is_none()) {
            return Err(Error::new("bad-name", "`aliases` and `title` go with `file`: set that, too"));
        }
        match &config.prefix {
            Some(prefix) if !is_plain(prefix) || prefix.starts_with(['.', '-']) => {
                Err(Error::new("bad-prefix", format!("`prefix` is `{prefix}`: {PLAIN}, the first one no `.` or `-`")))
            }
            _ => Ok(()),
        }
    }
}

impl Naming for ZosNaming {
    fn name(facts: &Facts, config: Config) -> Result<Names, Error> {
        if let Some(file) = &config.file {
            return literal(file, &config, facts).map_err(|what| Error::new("bad-name", what));
        }
        let prefix = |default: &str| config.prefix.clone().unwrap_or_else(|| default.to_owned());
        match &*facts.contents {
            "modules" => {
                let title = format!("Kernel modules of {}", facts.kernel);
                Ok(Names { title: Some(title), ..Names::new(format!("{}-{}.fl", prefix("modules"), facts.kernel)) })
            }
            "firmware" => {
                // The date is not in a title: the same firmware is the same flist tomorrow.
                let tag = facts.variable("FIRMWARE_TAG");
                let title = tag.map_or("Device firmware".to_owned(), |tag| format!("Device firmware {tag}"));
                dated(&prefix("firmware"), facts.release(), title)
            }
            _ => dated(&prefix(&facts.flist), &facts.date, facts.flist.clone()),
        }
    }
}

fn literal(file: &str, config: &Config, facts: &Facts) -> Result<Names, String> {
    let expand = |text: &String| templates::expand(text, facts);
    Ok(Names {
        file: templates::expand(file, facts)?,
        aliases: config.aliases.iter().map(expand).collect::<Result<_, _>>()?,
        title: config.title.as_ref().map(expand).transpose()?,
    })
}

fn dated(prefix: &str, release: &str, title: String) -> Result<Names, Error> {
    if !is_plain(release) {
        return Err(Error::new("bad-tag", format!("FIRMWARE_TAG is `{release}`: {PLAIN}")));
    }
    let aliases = vec![format!("{prefix}-latest.fl")];
    Ok(Names { aliases, title: Some(title), ..Names::new(format!("{prefix}-{release}.fl")) })
}

const PLAIN: &str = "it goes into a file name, so it has letters, digits, `.`, `_`, `+` and `-` only";

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
}

export!(ZosNaming: naming);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::Build;

    use super::*;

    fn name(build: &Build, json: &str) -> (String, Vec<String>, String) {
        let names = build.name::<ZosNaming>(json, []).unwrap();
        (names.file, names.aliases, names.title.unwrap_or_default())
    }

    #[test]
    fn each_kind_of_contents_has_its_name() {
        let expected = |file: &str, aliases: &[&str], title: &str| {
            (file.to_owned(), aliases.iter().map(|alias| (*alias).to_owned()).collect::<Vec<_>>(), title.to_owned())
        };
        let title = "Kernel modules of 6.12.44-Zero-OS";
        assert_eq!(name(&Build::modules().flist("drivers"), "{}"), expected("modules-6.12.44-Zero-OS.fl", &[], title));
        let latest = ["firmware-latest.fl"];
        assert_eq!(
            name(&Build::firmware().variable("FIRMWARE_TAG", ""), "{}"),
            expected("firmware-20250610.fl", &latest, "Device firmware")
        );
        assert_eq!(
            name(&Build::firmware().variable("FIRMWARE_TAG", "v3"), "{}"),
            expected("firmware-v3.fl", &latest, "Device firmware v3")
        );
        // A firmware's tag has nothing to do with it.
        let tools = Build::plain("tools").variable("FIRMWARE_TAG", "v3");
        assert_eq!(name(&tools, "{}"), expected("tools-20250610.fl", &["tools-latest.fl"], "tools"));
    }

    #[test]
    fn a_name_can_be_set_whole() {
        let build = Build::plain("tools").variable("FIRMWARE_TAG", "v3");
        let text = r#"{"file": "{flist}.fl", "aliases": ["{flist}-{release}.fl"], "title": "Tools of {date}"}"#;
        let (file, aliases, title) = name(&build, text);
        assert_eq!((&*file, &*aliases[0], &*title), ("tools.fl", "tools-v3.fl", "Tools of 20250610"));
        let message = |json| build.name::<ZosNaming>(json, []).unwrap_err().message;
        assert!(message(r#"{"file": "a-{x}.fl"}"#).contains("unknown placeholder `{x}`"));
        assert!(message(r#"{"file": "a.fl", "prefix": "b"}"#).ends_with("set one"));
        assert!(message(r#"{"aliases": ["a.fl"]}"#).ends_with("set that, too"));
    }

    #[test]
    fn what_fits_no_file_name_is_refused() {
        let build = Build::firmware().variable("FIRMWARE_TAG", "a/b");
        let error = build.name::<ZosNaming>("{}", []).unwrap_err();
        assert_eq!((&*error.code, error.message.starts_with("FIRMWARE_TAG is `a/b`:")), ("bad-tag", true));
        assert_eq!(build.name::<ZosNaming>(r#"{"prefix": "../x"}"#, []).unwrap_err().code, "bad-prefix");
        let (file, ..) = name(&Build::modules(), r#"{"prefix": "extra"}"#);
        assert_eq!(file, "extra-6.12.44-Zero-OS.fl");
    }
}
