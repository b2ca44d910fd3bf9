//! Paths with placeholders: `{kernel}` and `{release}`, both known before anything is looked at.

use flistry_common::placeholders::{Piece, UnmatchedBrace, split_braces};

use crate::kernel::KernelVersion;

/// A path with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate(Vec<PathPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum PathPart {
    Text(String),
    Kernel,
    Release,
}

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathTemplateError {
    /// `{…}` with something else in it.
    #[error("`{template}` has the unknown placeholder `{{{placeholder}}}`")]
    UnknownPlaceholder {
        /// The whole text.
        template: String,
        /// What is between the braces.
        placeholder: String,
    },
    /// A brace that is part of no placeholder.
    #[error(transparent)]
    Brace(UnmatchedBrace),
}

impl PathTemplateError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "the placeholders are {kernel} and {release}"
    }
}

impl PathTemplate {
    /// Parses the text.
    ///
    /// # Errors
    /// An unmatched brace, or another placeholder.
    pub fn parse(text: &str) -> Result<PathTemplate, PathTemplateError> {
        let part = |piece: Piece<'_>| match piece {
            Piece::Text(text) => Ok(PathPart::Text(text.to_owned())),
            Piece::Placeholder { name: "kernel", .. } => Ok(PathPart::Kernel),
            Piece::Placeholder { name: "release", .. } => Ok(PathPart::Release),
            Piece::Placeholder { name, .. } => {
                Err(PathTemplateError::UnknownPlaceholder { template: text.to_owned(), placeholder: name.to_owned() })
            }
        };
        let pieces = split_braces(text).map_err(PathTemplateError::Brace)?;
        Ok(PathTemplate(pieces.into_iter().map(part).collect::<Result<_, _>>()?))
    }

    /// The path for a kernel and a release.
    pub fn expand(&self, kernel: &KernelVersion, release: &str) -> String {
        let text = |part: &PathPart| match part {
            PathPart::Text(text) => text.clone(),
            PathPart::Kernel => kernel.to_string(),
            PathPart::Release => release.to_owned(),
        };
        self.0.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expand(template: &str) -> Result<String, String> {
        let kernel = KernelVersion::new("6.12.44-Zero-OS").unwrap();
        PathTemplate::parse(template).map(|t| t.expand(&kernel, "20250610")).map_err(|e| e.to_string())
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(expand("/lib/modules/{kernel}").unwrap(), "/lib/modules/6.12.44-Zero-OS");
        assert_eq!(expand("{release}{kernel}/x").unwrap(), "202506106.12.44-Zero-OS/x");
        assert_eq!(expand("firmware").unwrap(), "firmware");
    }

    #[test]
    fn each_mistake_has_its_message() {
        assert_eq!(expand("m-{date}").unwrap_err(), "`m-{date}` has the unknown placeholder `{date}`");
        for text in ["m-{kernel", "m-}"] {
            assert_eq!(expand(text).unwrap_err(), format!("`{text}` has an unmatched brace"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", braces in "[{}a-z]{0,20}(\\{kernel\\})?") {
            let _ = (expand(&text), expand(&braces));
        }
    }
}
