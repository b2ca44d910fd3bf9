//! From the configuration's JSON to the plugin's own type.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Deserializer, Track};

use crate::Error;

/// The configuration of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// Reads it. A setting that `C` does not know is refused even where the type forgot `deny_unknown_fields`: a typo
/// must not silently be a default. With that attribute the message lists the settings that there are.
pub(crate) fn parse<C: DeserializeOwned>(text: &str) -> Result<C, Error> {
    let mut unknown = None;
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_ignored::deserialize(Deserializer::new(&mut json, &mut track), |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let config = parsed.map_err(|error: serde_json::Error| {
        // The place in a line of JSON means nothing to someone who wrote TOML; the path does.
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let path = track.path();
        Error::new("bad-config", if path.iter().len() == 0 { what.to_owned() } else { format!("`{path}`: {what}") })
    })?;
    match unknown {
        Some(setting) => Err(Error::new("bad-config", format!("there is no setting `{setting}`"))),
        None => Ok(config),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Lax {
        size: Option<u32>,
        #[serde(default)]
        rules: Vec<Rule>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Rule {
        include: String,
    }

    fn message(text: &str) -> String {
        let error = parse::<Lax>(text).unwrap_err();
        assert_eq!(error.code, "bad-config");
        error.message
    }

    #[test]
    fn each_mistake_has_its_message() {
        assert_eq!(message(r#"{"siz": 1}"#), "there is no setting `siz`");
        assert_eq!(message(r#"{"size": "x"}"#), "`size`: invalid type: string \"x\", expected u32");
        assert_eq!(
            message(r#"{"rules": [{"include": "a"}, {"includ": "b"}]}"#),
            "`rules[1].includ`: unknown field `includ`, expected `include`"
        );
        assert!(parse::<NoConfig>(r#"{"a": 1}"#).unwrap_err().message.contains("unknown field `a`"));
        assert_eq!(parse::<Lax>(r#"{"size": 3}"#).unwrap().size, Some(3));
    }
}
