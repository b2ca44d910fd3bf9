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

use flistry_plugin::names::{FLIST_NAME_RULE, is_flist_name, is_plain, is_plain_start};
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
            Some(prefix) if prefix.is_empty() || !is_plain_start(prefix) => Err(Error::new(
                "bad-prefix",
                format!("`prefix` is `{prefix}`: {PLAIN}, the first one no `.`, `~` or `-`"),
            )),
            _ => Ok(()),
        }
    }
}

impl Naming for ZosNaming {
    fn name(facts: &Facts, config: Config) -> Result<Names, Error> {
        let names = match &config.file {
            Some(file) => literal(file, &config, facts)?,
            None => usual(config.prefix.as_deref(), facts)?,
        };
        let wrong = std::iter::once(&names.file).chain(&names.aliases).find(|name| !is_flist_name(name));
        match (wrong, &config.file) {
            (None, _) => Ok(names),
            (Some(name), Some(_)) => {
                Err(bad_name(format!("`file` and `aliases` give the name `{name}`: {FLIST_NAME_RULE}")))
            }
            (Some(name), None) => {
                let flist = &facts.flist;
                Err(bad_name(format!(
                    "flist `{flist}` would be called `{name}`: {FLIST_NAME_RULE}; set another `prefix`"
                )))
            }
        }
    }
}

/// The names that the settings have whole.
fn literal(file: &str, config: &Config, facts: &Facts) -> Result<Names, Error> {
    let expand = |text: &str| templates::expand(text, facts).map_err(bad_name);
    let texts: Vec<&str> = std::iter::once(file).chain(config.aliases.iter().map(String::as_str)).collect();
    // The release is this variable, if it is set.
    let tag = facts.variable("FIRMWARE_TAG").filter(|_| texts.iter().any(|text| text.contains("{release}")));
    check_tag(tag)?;
    let names: Vec<String> = texts.into_iter().map(expand).collect::<Result<_, _>>()?;
    if let Some((_, name)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        let twice = format!("`file` and `aliases` give the name `{name}` twice");
        return Err(match tag {
            Some(tag) => bad_tag(format!("FIRMWARE_TAG is `{tag}`: with it {twice}")),
            None => bad_name(twice),
        });
    }
    let mut aliases = names.into_iter();
    let file = aliases.next().unwrap_or_default();
    Ok(Names { file, aliases: aliases.collect(), title: config.title.as_deref().map(expand).transpose()? })
}

/// The names that nodes look for.
fn usual(prefix: Option<&str>, facts: &Facts) -> Result<Names, Error> {
    match &*facts.contents {
        "modules" => {
            let title = format!("Kernel modules of {}", facts.kernel);
            let file = format!("{}-{}.fl", prefix.unwrap_or("modules"), facts.kernel);
            Ok(Names { title: Some(title), ..Names::new(file) })
        }
        "firmware" => {
            // The date is not in a title: the same firmware is the same flist tomorrow.
            let tag = facts.variable("FIRMWARE_TAG");
            let title = tag.map_or("Device firmware".to_owned(), |tag| format!("Device firmware {tag}"));
            let prefix = prefix.unwrap_or("firmware");
            check_tag(tag)?;
            if tag == Some(LATEST) {
                let what = format!("{prefix}-{LATEST}.fl is the alias of the newest, so use another tag");
                return Err(bad_tag(format!("FIRMWARE_TAG is `{LATEST}`: {what}")));
            }
            Ok(dated(prefix, facts.release(), title))
        }
        _ => Ok(dated(prefix.unwrap_or(&facts.flist), &facts.date, facts.flist.clone())),
    }
}

fn dated(prefix: &str, release: &str, title: String) -> Names {
    let aliases = vec![format!("{prefix}-{LATEST}.fl")];
    Names { aliases, title: Some(title), ..Names::new(format!("{prefix}-{release}.fl")) }
}

/// What stands for the release in the alias of the newest.
const LATEST: &str = "latest";

const PLAIN: &str = "it goes into a file name, so it has letters, digits, `.`, `_`, `+`, `~` and `-` only";

fn check_tag(tag: Option<&str>) -> Result<(), Error> {
    match tag {
        Some(tag) if !is_plain(tag) => Err(bad_tag(format!("FIRMWARE_TAG is `{tag}`: {PLAIN}"))),
        _ => Ok(()),
    }
}

fn bad_tag(what: String) -> Error {
    Error::new("bad-tag", what)
}

fn bad_name(what: String) -> Error {
    Error::new("bad-name", what)
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

    fn refused(build: &Build, json: &str) -> (String, String) {
        let error = build.name::<ZosNaming>(json, []).unwrap_err();
        (error.code, error.message)
    }

    #[test]
    fn a_name_that_is_given_twice_is_the_fault_of_who_said_so() {
        let error = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        let build = Build::firmware().variable("FIRMWARE_TAG", "latest");
        let usual = "FIRMWARE_TAG is `latest`: firmware-latest.fl is the alias of the newest, so use another tag";
        assert_eq!(refused(&build, "{}"), error("bad-tag", usual));
        for text in [
            r#"{"file": "fw-{release}.fl", "aliases": ["fw.fl", "fw-latest.fl"]}"#,
            r#"{"file": "fw.fl", "aliases": ["fw-{release}.fl", "fw-latest.fl"]}"#,
        ] {
            let twice = "FIRMWARE_TAG is `latest`: with it `file` and `aliases` give the name `fw-latest.fl` twice";
            assert_eq!(refused(&build, text), error("bad-tag", twice));
        }
        let twice = "`file` and `aliases` give the name `fw.fl` twice";
        assert_eq!(refused(&build, r#"{"file": "fw.fl", "aliases": ["fw.fl"]}"#), error("bad-name", twice));
        // The firmware's tag is in no other name.
        assert_eq!(name(&Build::plain("tools").variable("FIRMWARE_TAG", "latest"), "{}").0, "tools-20250610.fl");
    }

    #[test]
    fn a_tag_may_hold_what_a_kernels_version_may() {
        let build = Build::firmware().variable("FIRMWARE_TAG", "2025~rc1+b_1");
        assert_eq!(name(&build, "{}").0, "firmware-2025~rc1+b_1.fl");
        assert_eq!(name(&build, r#"{"file": "fw-{release}.fl"}"#).0, "fw-2025~rc1+b_1.fl");
    }

    #[test]
    fn a_setting_that_makes_no_name_is_named() {
        let file = r#"{"file": "my tools.fl"}"#;
        let (code, message) = refused(&Build::plain("tools"), file);
        assert_eq!(code, "bad-name");
        assert!(
            message.starts_with("`file` and `aliases` give the name `my tools.fl`: a name ends in .fl,"),
            "{message}"
        );
        assert_eq!(refused(&Build::plain("tools"), r#"{"file": "a.fl", "aliases": ["b"]}"#).0, "bad-name");
        let (_, message) = refused(&Build::plain("my tools"), "{}");
        assert!(message.starts_with("flist `my tools` would be called `my tools-20250610.fl`: a name"), "{message}");
        assert!(message.ends_with("; set another `prefix`"), "{message}");
        let long = format!(r#"{{"prefix": "{}"}}"#, "x".repeat(190));
        assert!(refused(&Build::modules(), &long).1.ends_with("; set another `prefix`"));
    }

    #[test]
    fn what_fits_no_file_name_is_refused() {
        let build = Build::firmware().variable("FIRMWARE_TAG", "a/b");
        let error = build.name::<ZosNaming>("{}", []).unwrap_err();
        assert_eq!((&*error.code, error.message.starts_with("FIRMWARE_TAG is `a/b`:")), ("bad-tag", true));
        let literal = r#"{"file": "fw-{release}.fl"}"#;
        assert_eq!(build.name::<ZosNaming>(literal, []).unwrap_err().code, "bad-tag");
        for prefix in ["../x", "~x", ""] {
            let json = format!(r#"{{"prefix": "{prefix}"}}"#);
            assert_eq!(build.name::<ZosNaming>(&json, []).unwrap_err().code, "bad-prefix");
        }
        let (file, ..) = name(&Build::modules(), r#"{"prefix": "extra"}"#);
        assert_eq!(file, "extra-6.12.44-Zero-OS.fl");
    }
}
