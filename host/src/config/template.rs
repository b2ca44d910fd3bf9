//! Paths with placeholders: `{kernel}` and `{release}`, both known before anything is looked at.

use crate::kernel::KernelVersion;

/// A path with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Kernel,
    Release,
}

/// A template that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{…}` with something else in it.
    #[error("`{template}` has the unknown placeholder `{{{placeholder}}}`")]
    UnknownPlaceholder {
        /// The whole text.
        template: String,
        /// What stands between the braces.
        placeholder: String,
    },
    /// A brace without its other half.
    #[error("`{0}` has a brace without its other half")]
    Brace(String),
}

impl TemplateError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "the placeholders are {kernel} and {release}"
    }
}

impl PathTemplate {
    /// Takes the text apart.
    pub fn parse(text: &str) -> Result<PathTemplate, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(open);
            let (placeholder, after) = brace
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .ok_or_else(|| TemplateError::Brace(text.to_owned()))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match placeholder {
                "kernel" => Part::Kernel,
                "release" => Part::Release,
                other => {
                    let (template, placeholder) = (text.to_owned(), other.to_owned());
                    return Err(TemplateError::UnknownPlaceholder { template, placeholder });
                }
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(PathTemplate(parts))
    }

    /// The path for a kernel and a release.
    pub fn expand(&self, kernel: &KernelVersion, release: &str) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Kernel => kernel.to_string(),
            Part::Release => release.to_owned(),
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
            assert_eq!(expand(text).unwrap_err(), format!("`{text}` has a brace without its other half"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", braces in "[{}a-z]{0,20}(\\{kernel\\})?") {
            let _ = (expand(&text), expand(&braces));
        }
    }
}
