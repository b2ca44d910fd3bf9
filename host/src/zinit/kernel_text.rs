//! Text in which a node puts its own kernel's version: a script finds out with `uname -r` what it mounts, and where.

use std::fmt;

use super::quote;
use crate::manifest::name::FlistName;

const PLACEHOLDER: &str = "{kernel}";

/// Text with any number of places for a kernel's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelText(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Kernel,
}

impl KernelText {
    /// Takes a template apart, whose one placeholder is `{kernel}`.
    ///
    /// # Errors
    /// Any other brace.
    pub fn parse(template: &str) -> Result<KernelText, KernelTextError> {
        let text = KernelText::split(template, PLACEHOLDER);
        let braces = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(['{', '}']));
        match text.0.iter().any(braces) {
            true => Err(KernelTextError(template.to_owned())),
            false => Ok(text),
        }
    }

    /// An flist's name, with a place where the version of the kernel stands that it was built for.
    pub fn of_name(name: &FlistName, kernel: &str) -> KernelText {
        KernelText::split(name.as_str(), kernel)
    }

    fn split(text: &str, at: &str) -> KernelText {
        if at.is_empty() {
            return KernelText(vec![Piece::Text(text.to_owned())]);
        }
        let mut pieces = Vec::new();
        for (index, part) in text.split(at).enumerate() {
            if index > 0 {
                pieces.push(Piece::Kernel);
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.to_owned()));
            }
        }
        KernelText(pieces)
    }

    /// The text for one kernel.
    pub fn with(&self, kernel: &str) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Kernel => kernel.to_owned(),
        };
        self.0.iter().map(text).collect()
    }

    /// One word of a shell script; `parameter` is the name of the one that holds the version.
    pub fn word(&self, parameter: &str) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => quote::word(text),
            Piece::Kernel => format!("\"${parameter}\""),
        };
        self.0.iter().map(text).collect()
    }
}

impl fmt::Display for KernelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(PLACEHOLDER))
    }
}

/// A template with another placeholder, or half of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has a brace that is not part of {{kernel}}")]
pub struct KernelTextError(pub(crate) String);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mount_point_follows_the_kernel() {
        let text = KernelText::parse("/lib/modules/{kernel}").unwrap();
        assert_eq!(text.word("KERNEL"), "/lib/modules/\"$KERNEL\"");
        assert_eq!((text.with("6.1"), text.to_string()), ("/lib/modules/6.1".into(), "/lib/modules/{kernel}".into()));
        let firmware = KernelText::parse("/usr/lib/firm ware").unwrap();
        assert_eq!(firmware.word("KERNEL"), "'/usr/lib/firm ware'");
    }

    #[test]
    fn a_name_follows_the_kernel_that_it_was_built_for() {
        let of = |name: &str| KernelText::of_name(&FlistName::new(name).unwrap(), "6.12.44-Zero-OS").word("1");
        assert_eq!(of("modules-6.12.44-Zero-OS.fl"), "modules-\"$1\".fl");
        assert_eq!(of("firmware-latest.fl"), "firmware-latest.fl");
        assert_eq!(of("6.12.44-Zero-OS-on-6.12.44-Zero-OS.fl"), "\"$1\"-on-\"$1\".fl");
        // Another kernel's version is not this one's.
        assert_eq!(of("modules-6.12.4.fl"), "modules-6.12.4.fl");
    }

    #[test]
    fn any_other_brace_is_refused() {
        for text in ["/{release}", "/a{", "/{kernel}}", "}{kernel}"] {
            let error = KernelText::parse(text).unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` has a brace that is not part of {{kernel}}"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}", kernel in "[0-9.a-z]{0,6}") {
            if let Ok(parsed) = KernelText::parse(&text) {
                prop_assert_eq!(parsed.to_string(), text);
                let _ = (parsed.with(&kernel), parsed.word("K"));
            }
        }
    }
}
