//! A kernel's `.config`, as kconfig writes it.

use std::collections::BTreeMap;

/// What the kernel was configured with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelConfig(BTreeMap<String, KernelOption>);

/// One option's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelOption {
    /// `=y`: built in.
    BuiltIn,
    /// `=m`: a module.
    Module,
    /// `# … is not set`, or `=n`.
    Unset,
    /// `="…"`, without the quotes.
    Text(String),
    /// A decimal or `0x…` number as it was written.
    Number(String),
}

/// A line that kconfig would not have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not a line of a kernel configuration")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
}

impl KernelOption {
    /// What stands behind the `=`, a text without its quotes; nothing where it is not set.
    pub fn value(&self) -> Option<&str> {
        match self {
            KernelOption::BuiltIn => Some("y"),
            KernelOption::Module => Some("m"),
            KernelOption::Unset => None,
            KernelOption::Text(value) | KernelOption::Number(value) => Some(value),
        }
    }
}

impl ParseError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "write CONFIG_NAME=y, m, \"text\" or a number, or `# CONFIG_NAME is not set`; `make olddefconfig` repairs a file"
    }
}

impl KernelConfig {
    /// Parses a `.config`; the last line about an option holds.
    pub fn parse(text: &str) -> Result<KernelConfig, ParseError> {
        let mut options = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            let option = match line.strip_prefix('#') {
                Some(comment) => comment.trim().strip_suffix(" is not set").map(|name| (name, KernelOption::Unset)),
                None if line.is_empty() => None,
                None => Some(assignment(line).ok_or(ParseError { line: index + 1 })?),
            };
            if let Some((name, option)) = option.filter(|(name, _)| is_name(name)) {
                options.insert(name.to_owned(), option);
            }
        }
        Ok(KernelConfig(options))
    }

    /// The option `CONFIG_…`, if the file mentions it.
    pub fn get(&self, name: &str) -> Option<&KernelOption> {
        self.0.get(name)
    }

    /// Whether the option is built in or a module.
    pub fn is_enabled(&self, name: &str) -> bool {
        matches!(self.get(name), Some(KernelOption::BuiltIn | KernelOption::Module))
    }

    /// The option's text; empty where it has none.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(KernelOption::Text(text)) => text,
            _ => "",
        }
    }
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.strip_prefix("CONFIG_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

fn assignment(line: &str) -> Option<(&str, KernelOption)> {
    let (name, value) = line.split_once('=')?;
    let option = match value {
        "y" => KernelOption::BuiltIn,
        "m" => KernelOption::Module,
        "n" => KernelOption::Unset,
        _ if value.starts_with('"') => KernelOption::Text(unquoted(value)?),
        _ if is_number(value) => KernelOption::Number(value.to_owned()),
        _ => return None,
    };
    is_name(name).then_some((name, option))
}

fn is_number(text: &str) -> bool {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

/// kconfig escapes `"` and `\`, nothing else.
fn unquoted(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = value.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_line_is_read() {
        let text = "#\n# Automatically generated\n#\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n\
                    CONFIG_LOCALVERSION=\"-Zero\\\"OS\"\nCONFIG_HZ=-250\nCONFIG_START=0x1000\nCONFIG_N=n\r\n\nCONFIG_E=\"\"\n";
        let config = KernelConfig::parse(text).unwrap();
        assert_eq!(config.get("CONFIG_A"), Some(&KernelOption::BuiltIn));
        assert_eq!(config.get("CONFIG_B"), Some(&KernelOption::Module));
        assert_eq!(config.get("CONFIG_C"), Some(&KernelOption::Unset));
        assert_eq!(config.get("CONFIG_N"), Some(&KernelOption::Unset));
        assert_eq!(config.get("CONFIG_HZ"), Some(&KernelOption::Number("-250".into())));
        assert_eq!(config.get("CONFIG_START"), Some(&KernelOption::Number("0x1000".into())));
        assert_eq!((config.text("CONFIG_LOCALVERSION"), config.text("CONFIG_E")), ("-Zero\"OS", ""));
        assert_eq!((config.get("CONFIG_OTHER"), config.text("CONFIG_OTHER")), (None, ""));
        assert!(config.is_enabled("CONFIG_A") && config.is_enabled("CONFIG_B") && !config.is_enabled("CONFIG_C"));
    }

    #[test]
    fn a_malformed_line_is_named() {
        for line in [
            "CONFIG_X",
            "CONFIG_=y",
            "X=y",
            "CONFIG_X=",
            "CONFIG_X=maybe",
            "CONFIG_X=\"a",
            "CONFIG_X=\"a\"b",
            "CONFIG_X=\"a\\\"",
            "CONFIG_X=0x",
            "CONFIG_X=-",
            "CONFIG_X = y",
            "<<<<<<< HEAD",
        ] {
            let error = KernelConfig::parse(&format!("# first\n{line}\n")).unwrap_err();
            assert_eq!(error.to_string(), "line 2: not a line of a kernel configuration", "{line}");
            assert!(error.hint().starts_with("write CONFIG_NAME=y, m, \"text\" or a number"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}", lines in "(CONFIG_A=|# )?[\"\\\\a-z0-9\n -]{0,20}") {
            let _ = KernelConfig::parse(&text);
            let _ = KernelConfig::parse(&lines);
        }
    }
}
