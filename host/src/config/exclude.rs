//! Patterns for what is left out of a comparison with a source.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

/// A glob on the path below the source, as it was written and compiled.
#[derive(Clone)]
pub struct ExcludePattern {
    text: String,
    matcher: GlobMatcher,
}

impl ExcludePattern {
    /// Compiles a glob: `*` and `?` cross no `/`, `**` does. The error says what is wrong with it.
    pub fn new(text: &str) -> Result<ExcludePattern, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        if text.starts_with('/') || text.ends_with('/') || text.split('/').any(|part| part == "." || part == "..") {
            return Err(format!("the pattern `{text}` can match no path below the source"));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let glob = glob.map_err(|error| format!("the pattern `{text}` is no glob: {}", error.kind()))?;
        Ok(ExcludePattern { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `path`, or a folder that it lies in, matches. The path is relative, without slashes at its ends.
    pub fn excludes(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        folders.chain([path]).any(|path| self.matcher.is_match(path))
    }
}

/// The glob alone: compiled, it fills pages.
impl fmt::Debug for ExcludePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExcludePattern({:?})", self.text)
    }
}

impl PartialEq for ExcludePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ExcludePattern {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_folder_takes_its_contents_along() {
        let excludes = |pattern, path| ExcludePattern::new(pattern).unwrap().excludes(path);
        assert!(excludes("build", "build") && excludes("build", "build/a/b"));
        assert!(!excludes("build", "kernel/build") && !excludes("build", "buildx"));
        assert!(excludes("**/*.ko", "a/b.ko") && excludes("**/*.ko", "b.ko"));
        assert!(!excludes("*.ko", "a/b.ko") && excludes("a/*", "a/b/c"));
        assert!(excludes("{x,y}", "y/z"));
    }

    #[test]
    fn each_mistake_has_its_message() {
        let message = |text| ExcludePattern::new(text).unwrap_err();
        assert_eq!(message(""), "an empty pattern matches nothing");
        for text in ["/a", "a/", "../a", "./a", "a/./b"] {
            assert_eq!(message(text), format!("the pattern `{text}` can match no path below the source"));
        }
        assert!(
            message("a[").starts_with("the pattern `a[` is no glob: unclosed character class"),
            "{}",
            message("a[")
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(pattern in ".{0,20}", path in ".{0,20}") {
            if let Ok(pattern) = ExcludePattern::new(&pattern) {
                pattern.excludes(&path);
            }
        }
    }
}
