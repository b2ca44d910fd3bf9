//! Text with a place for the version of the node's own kernel: a script asks `uname -r` what it mounts, and where.

use std::fmt;

use flistry_common::placeholders;

use super::quote;
use crate::manifest::name::FlistName;

const PLACEHOLDER: &str = "{kernel}";

/// Text in which a kernel's version may stand any number of times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelText(Vec<KernelPiece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum KernelPiece {
    Text(String),
    Kernel,
}

impl KernelText {
    /// Parses a template, whose one placeholder is `{kernel}`.
    ///
    /// # Errors
    /// Any other brace.
    pub fn parse(template: &str) -> Result<KernelText, KernelTextError> {
        let error = || KernelTextError(template.to_owned());
        let piece = |piece: &placeholders::Piece<'_>| match piece {
            placeholders::Piece::Text(text) => Ok(KernelPiece::Text((*text).to_owned())),
            placeholders::Piece::Placeholder { name: "kernel", .. } => Ok(KernelPiece::Kernel),
            placeholders::Piece::Placeholder { .. } => Err(error()),
        };
        let pieces = placeholders::split_braces(template).map_err(|_| error())?;
        Ok(KernelText(pieces.iter().map(piece).collect::<Result<_, _>>()?))
    }

    /// An flist's name, in which the version of the kernel that it was built for becomes the node's own.
    pub fn from_name(name: &FlistName, kernel: &str) -> KernelText {
        let text = |text: &str| KernelPiece::Text(text.to_owned());
        let mut parts = match kernel.is_empty() {
            true => return KernelText(vec![text(name.as_str())]),
            false => name.as_str().split(kernel),
        };
        let mut pieces: Vec<KernelPiece> = parts.next().map(text).into_iter().collect();
        for part in parts {
            pieces.extend([KernelPiece::Kernel, text(part)]);
        }
        pieces.retain(|piece| *piece != text(""));
        KernelText(pieces)
    }

    /// The text for one kernel.
    pub fn with(&self, kernel: &str) -> String {
        let text = |piece: &KernelPiece| match piece {
            KernelPiece::Text(text) => text.clone(),
            KernelPiece::Kernel => kernel.to_owned(),
        };
        self.0.iter().map(text).collect()
    }

    /// One word of a shell script; `parameter` is the name of the shell parameter that holds the version.
    pub fn word(&self, parameter: &str) -> String {
        let text = |piece: &KernelPiece| match piece {
            KernelPiece::Text(text) => quote::word(text),
            KernelPiece::Kernel => format!("\"${parameter}\""),
        };
        self.0.iter().map(text).collect()
    }
}

impl fmt::Display for KernelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(PLACEHOLDER))
    }
}

/// A template with another placeholder, or with half of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has a brace that is not part of {{kernel}}")]
pub struct KernelTextError(String);

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
        let of = |name: &str| KernelText::from_name(&FlistName::new(name).unwrap(), "6.12.44-Zero-OS").word("1");
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
