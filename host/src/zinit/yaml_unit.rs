//! zinit 0.2's units: what its reader takes from a file. It ignores a key that it does not know, so a typo would only
//! show on a node, by what does not happen there; this model refuses it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One file of `/etc/zinit`, whose name without `.yaml` is the unit's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YamlUnit {
    /// The command: split into words, without a shell.
    pub exec: String,
    /// The command that says whether the service is ready; asked every two seconds.
    #[serde(default)]
    pub test: String,
    /// Not started again when it ends.
    #[serde(default)]
    pub oneshot: bool,
    /// Units that have to be ready, or to have succeeded.
    #[serde(default)]
    pub after: Vec<String>,
    /// Where output goes.
    #[serde(default)]
    pub log: Log,
    /// Variables of the command.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The directory that it runs in.
    #[serde(default)]
    pub dir: String,
    /// Seconds until it is killed, if it has not stopped.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u64,
    /// How it is stopped.
    #[serde(default)]
    pub signal: Signal,
}

/// Where output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Log {
    /// To zinit's own buffer.
    #[default]
    Ring,
    /// To zinit's output.
    Stdout,
    /// Nowhere.
    None,
}

/// How a service is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The signal's name.
    pub stop: String,
}

impl Default for Signal {
    fn default() -> Self {
        Signal { stop: "sigterm".to_owned() }
    }
}

fn shutdown_timeout() -> u64 {
    10
}

impl YamlUnit {
    /// Parses a unit.
    ///
    /// # Errors
    /// In one line, what zinit would ignore or refuse.
    pub fn parse(text: &str) -> Result<YamlUnit, String> {
        let unit: YamlUnit = serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))?;
        match unit.exec.trim().is_empty() {
            true => Err("`exec` is empty".to_owned()),
            false => Ok(unit),
        }
    }
}

/// The first line of serde-saphyr's message, which may draw a picture below it.
fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_schema_is_read() {
        let text = "exec: a b\ntest: c\noneshot: true\nafter: [x, y]\nlog: stdout\nenv: {K: v}\ndir: /\nshutdown_timeout: 3\nsignal: {stop: SIGINT}\n";
        let unit = YamlUnit::parse(text).unwrap();
        assert_eq!((&*unit.exec, &*unit.test, unit.oneshot, unit.log), ("a b", "c", true, Log::Stdout));
        assert_eq!((&unit.after[..], unit.shutdown_timeout), (&["x".to_owned(), "y".to_owned()][..], 3));
        assert_eq!((&*unit.signal.stop, &*unit.dir, &*unit.env["K"]), ("SIGINT", "/", "v"));
        assert_eq!(YamlUnit::parse("exec: a").unwrap().signal, Signal::default());
    }

    #[test]
    fn what_zinit_would_ignore_is_refused() {
        for (text, word) in [
            ("exec: a\none_shot: true", "one_shot"),
            ("exec: a\nsignal: {stop: x, reload: y}", "reload"),
            ("exec: a\nlog: file", "file"),
            ("test: a", "exec"),
            ("exec: ' '", "exec"),
            ("exec: a\nexec: b", "exec"),
            ("exec: [a]", ""),
        ] {
            let error = YamlUnit::parse(text).expect_err(text);
            assert!(error.contains(word) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
