//! What flists are called: the naming stage that is built in. A naming plugin can take its place.
//!
//! A [`NameTemplate`] is text with `{kernel}` and `{release}` in it; both are known before anything is packed.

use std::fmt;

use crate::kernel::KernelVersion;

/// Bytes of the longest file name; leaves room for `.report.json` and a temporary's suffix within a file system's 255.
const MAX_LEN: usize = 200;

/// The file name of an flist or of an alias: safe in a path, a URL and a shell script, ends in `.fl`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlistName(String);

/// A name with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Kernel,
    Release,
}

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct NamingFacts<'a> {
    /// `{kernel}`: the full version.
    pub kernel: &'a KernelVersion,
    /// `{release}`: `FIRMWARE_TAG`, else the build's date.
    pub release: &'a str,
}

/// A name that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
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
    /// Not a [`FlistName`].
    #[error("`{0}` cannot be the name of an flist")]
    Invalid(String),
}

impl NameError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            NameError::UnknownPlaceholder { .. } | NameError::Brace(_) => "the placeholders are {kernel} and {release}",
            NameError::Invalid(_) => {
                "a name ends in .fl, has at most 200 letters, digits, `.`, `_`, `+` and `-`, and starts with none of `.` and `-`"
            }
        }
    }
}

impl FlistName {
    /// Accepts a file name.
    pub fn new(text: &str) -> Result<FlistName, NameError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
        let valid = text.bytes().all(plain) && text.ends_with(".fl") && !text.starts_with(['.', '-']);
        match valid && text.len() <= MAX_LEN {
            true => Ok(FlistName(text.to_owned())),
            false => Err(NameError::Invalid(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlistName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl NameTemplate {
    /// Takes the text apart.
    pub fn parse(text: &str) -> Result<NameTemplate, NameError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(open);
            let (placeholder, after) = brace
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .ok_or_else(|| NameError::Brace(text.to_owned()))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match placeholder {
                "kernel" => Part::Kernel,
                "release" => Part::Release,
                other => {
                    let (template, placeholder) = (text.to_owned(), other.to_owned());
                    return Err(NameError::UnknownPlaceholder { template, placeholder });
                }
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(NameTemplate(parts))
    }

    /// The name that `facts` give.
    pub fn expand(&self, facts: &NamingFacts<'_>) -> Result<FlistName, NameError> {
        FlistName::new(&self.expand_text(facts))
    }

    /// The same for what is no flist's name: a source candidate.
    pub(crate) fn expand_text(&self, facts: &NamingFacts<'_>) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Kernel => facts.kernel.to_string(),
            Part::Release => facts.release.to_owned(),
        };
        self.0.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expand(template: &str) -> Result<String, (String, &'static str)> {
        let kernel = KernelVersion::new("6.12.44-Zero-OS").unwrap();
        let facts = NamingFacts { kernel: &kernel, release: "20250610" };
        let name = NameTemplate::parse(template).and_then(|template| template.expand(&facts));
        name.map(|name| name.to_string()).map_err(|e| (e.to_string(), e.hint()))
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(expand("modules-{kernel}.fl").unwrap(), "modules-6.12.44-Zero-OS.fl");
        assert_eq!(expand("firmware-{release}.fl").unwrap(), "firmware-20250610.fl");
        assert_eq!(expand("{release}{kernel}.fl").unwrap(), "202506106.12.44-Zero-OS.fl");
        assert_eq!(expand("plain.fl").unwrap(), "plain.fl");
    }

    #[test]
    fn each_mistake_has_its_message() {
        let known = "the placeholders are {kernel} and {release}";
        assert_eq!(
            expand("m-{date}.fl").unwrap_err(),
            ("`m-{date}.fl` has the unknown placeholder `{date}`".to_owned(), known)
        );
        for text in ["m-{kernel.fl", "m-}.fl"] {
            assert_eq!(expand(text).unwrap_err(), (format!("`{text}` has a brace without its other half"), known));
        }
        let long = format!("{}.fl", "x".repeat(198));
        for text in ["m", ".fl", "-m.fl", ".m.fl", "a/b.fl", "a b.fl", "é.fl", "", &long] {
            let (what, hint) = expand(text).unwrap_err();
            assert_eq!(what, format!("`{text}` cannot be the name of an flist"));
            assert!(hint.starts_with("a name ends in .fl, has at most 200"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", braces in "[{}a-z]{0,20}(\\{kernel\\})?") {
            let _ = (expand(&text), expand(&braces));
        }
    }
}
