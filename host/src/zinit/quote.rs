//! Writing text from the configuration into scripts and units, so that it stays text. What no quotes could hold
//! (a line break and other control characters) is refused when the configuration is read: [`is_quotable`].

use super::settings::Dialect;

/// Whether text can be written into scripts and units of both dialects. Line and paragraph separators end a line in
/// YAML 1.1.
pub fn is_quotable(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// A word of a shell script; without quotes where nothing in it has a meaning to a shell.
///
/// zinit 0.2 splits a command into words by the same rules, without a shell.
pub fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._+-".contains(&b);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A string of a unit.
pub fn string(dialect: Dialect, text: &str) -> String {
    match dialect {
        Dialect::Yaml => yaml(text),
        Dialect::Toml => toml::Value::String(text.to_owned()).to_string(),
    }
}

/// A list of strings of a unit, on one line.
pub fn list(dialect: Dialect, texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| string(dialect, text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Words that some YAML readers take for something other than text.
const YAML_WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Plain where no YAML reader could take it for anything else; otherwise as a JSON string, which YAML's double quotes can hold.
fn yaml(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._- ".contains(&b);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && !text.ends_with(' ');
    let is_word = YAML_WORDS.contains(&text.to_ascii_lowercase().as_str());
    match begins && !is_word && text.bytes().all(plain) {
        true => text.to_owned(),
        false => serde_json::Value::String(text.to_owned()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn through_a_shell(word: &str) -> String {
        let script = format!("printf '%s' {word}");
        String::from_utf8(Command::new("sh").arg("-c").arg(script).output().unwrap().stdout).unwrap()
    }

    #[test]
    fn what_needs_no_quotes_gets_none() {
        assert_eq!(word("/etc/rfs"), "/etc/rfs");
        assert_eq!(word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(word(""), "''");
        assert_eq!(string(Dialect::Yaml, "/etc/zinit/init/modules.sh test"), "/etc/zinit/init/modules.sh test");
        for text in ["true", "No", "null", "Y", "1.5", "", "a: b", "- x", "x #y", "network "] {
            assert!(string(Dialect::Yaml, text).starts_with('"'), "{text}");
        }
        assert_eq!(list(Dialect::Toml, &["network".into(), "udevd".into()]), "[\"network\", \"udevd\"]");
    }

    #[test]
    fn control_characters_are_not_quotable() {
        for text in ["a\nb", "a\0", "\x1b[31m", "\u{85}", "a\u{2028}b", "\x7f"] {
            assert!(!is_quotable(text), "{text:?}");
        }
        assert!(is_quotable("it's \"$(x)\" `y` \\ ünïcode"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn text_stays_what_it_is(text in "[ -~äé名]{0,20}") {
            prop_assert_eq!(through_a_shell(&word(&text)), text.clone());
            prop_assert_eq!(shlex::split(&word(&text)).unwrap(), std::slice::from_ref(&text));
            let yaml: std::collections::BTreeMap<String, String> =
                serde_saphyr::from_str(&format!("k: {}\n", string(Dialect::Yaml, &text))).unwrap();
            prop_assert_eq!(&yaml["k"], &text);
            let flow: std::collections::BTreeMap<String, Vec<String>> =
                serde_saphyr::from_str(&format!("k: {}\n", list(Dialect::Yaml, std::slice::from_ref(&text)))).unwrap();
            prop_assert_eq!(&flow["k"], std::slice::from_ref(&text));
            let toml: toml::Table = format!("k = {}\n", string(Dialect::Toml, &text)).parse().unwrap();
            prop_assert_eq!(toml["k"].as_str().unwrap(), text);
        }
    }
}
