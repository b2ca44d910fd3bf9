//! Tags an flist with what it was made from. Removes nothing.
//!
//! | tag | value | where |
//! |---|---|---|
//! | `flist` | its name in the configuration | everywhere |
//! | `kernel` | the full version | modules and firmware |
//! | `release` | `FIRMWARE_TAG` | firmware, where the variable is granted and set |
//! | `date` | the build's date | with `date = true`: off by default, since the same contents would be another flist tomorrow |
//!
//! A tag that the configuration sets stays as it is. `tags = { KEY = "TEXT" }` sets more, over anything; `{flist}`,
//! `{kernel}`, `{date}` and `{release}` (`FIRMWARE_TAG`, else the date) are replaced in the text.

use std::collections::BTreeMap;

use flistry_plugin::{Draft, Error, Facts, Plugin, PostPack, export, templates};
use serde::Deserialize;

/// The plugin.
struct ProvenanceTags;

/// Its settings.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    date: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl Plugin for ProvenanceTags {
    type Config = Config;

    fn check(config: &Config) -> Result<(), Error> {
        config.tags.iter().try_for_each(|(key, text)| {
            if key.is_empty() || key.len() > 64 || key.starts_with("flistry.") {
                let what = format!("the tag `{key}` needs 1 to 64 bytes and must not begin with `flistry.`");
                return Err(Error::new("bad-tag", what));
            }
            templates::check(text).map_err(|what| Error::new("bad-tag", format!("the tag `{key}`: {what}")))
        })
    }
}

impl PostPack for ProvenanceTags {
    fn edit(facts: &Facts, config: Config, draft: &Draft) -> Result<(), Error> {
        let present: Vec<String> = draft.tags().into_iter().map(|(key, _)| key).collect();
        for (key, value) in tags(facts, &config, &present)? {
            draft.set_tag(&key, &value);
        }
        Ok(())
    }
}

/// The tags to set on a manifest that has the tags `present`.
fn tags(facts: &Facts, config: &Config, present: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let about_kernel = facts.contents == "modules" || facts.contents == "firmware";
    let release = facts.variable("FIRMWARE_TAG").filter(|_| facts.contents == "firmware");
    let known = [
        ("flist", Some(&*facts.flist)),
        ("kernel", about_kernel.then_some(&*facts.kernel)),
        ("release", release),
        ("date", config.date.then_some(&*facts.date)),
    ];
    let known = known.into_iter().filter(|(key, _)| !present.iter().any(|present| present == key));
    let mut tags: BTreeMap<String, String> =
        known.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect();
    for (key, text) in &config.tags {
        let value = templates::expand(text, facts);
        tags.insert(key.clone(), value.map_err(|what| Error::new("bad-tag", what))?);
    }
    Ok(tags)
}

export!(ProvenanceTags: post_pack);

#[cfg(test)]
mod tests {
    use flistry_plugin::testing::Build;

    use super::*;

    fn set(build: Build, json: &str) -> String {
        let done = build.flist("firmware").variable("FIRMWARE_TAG", "v3").edit::<ProvenanceTags>(json, []).unwrap();
        done.tags.into_iter().map(|(key, value)| format!("{key}={value} ")).collect()
    }

    #[test]
    fn tags_say_what_it_was_made_from() {
        let (firmware, plain) = (Build::firmware, || Build::plain("tools"));
        assert_eq!(set(firmware(), "{}"), "flist=firmware kernel=6.12.44-Zero-OS release=v3 ");
        assert_eq!(set(plain(), "{}"), "flist=firmware ");
        assert_eq!(set(plain().tag("flist", "x"), r#"{"date": true}"#), "date=20250610 flist=x ");
        let json = r#"{"tags": {"flist": "{flist} for {kernel}, {release}"}}"#;
        assert_eq!(set(plain().tag("flist", "x"), json), "flist=firmware for 6.12.44-Zero-OS, v3 ");
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |json| Build::plain("tools").edit::<ProvenanceTags>(json, []).err().unwrap().message;
        assert_eq!(
            message(r#"{"tags": {"a": "{day}"}}"#),
            "the tag `a`: `{day}` has the unknown placeholder `{day}`: use {flist}, {kernel}, {date} or {release}"
        );
        assert_eq!(message(r#"{"tags": {"a": "{x"}}"#), "the tag `a`: `{x` has an unmatched brace");
        assert!(message(r#"{"tags": {"flistry.a": ""}}"#).contains("must not begin with `flistry.`"));
    }
}
