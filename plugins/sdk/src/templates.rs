//! Text with placeholders: `{flist}`, `{kernel}`, `{date}`, and `{release}`, which is `FIRMWARE_TAG`, else the date.

use flistry_common::placeholders::{Piece, split_braces};

use crate::Facts;

/// Replaces the placeholders.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn expand(text: &str, facts: &Facts) -> Result<String, String> {
    replace(text, |value| value(facts))
}

/// Checks that [`expand`] will succeed, before there are facts.
///
/// # Errors
/// The same as [`expand`]'s.
pub fn check(text: &str) -> Result<(), String> {
    replace(text, |_| "").map(|_| ())
}

type Value = fn(&Facts) -> &str;

fn replace<'a>(text: &'a str, value: impl Fn(Value) -> &'a str) -> Result<String, String> {
    let pieces = split_braces(text).map_err(|unmatched| unmatched.to_string())?;
    let replaced = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Ok(text),
        Piece::Placeholder { name: "flist", .. } => Ok(value(|facts| &facts.flist)),
        Piece::Placeholder { name: "kernel", .. } => Ok(value(|facts| &facts.kernel)),
        Piece::Placeholder { name: "date", .. } => Ok(value(|facts| &facts.date)),
        Piece::Placeholder { name: "release", .. } => Ok(value(Facts::release)),
        Piece::Placeholder { name, .. } => Err(format!(
            "`{text}` has the unknown placeholder `{{{name}}}`: use {{flist}}, {{kernel}}, {{date}} or {{release}}"
        )),
    });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Build;

    #[test]
    fn placeholders_are_replaced() {
        let facts = Build::plain("tools").variable("FIRMWARE_TAG", "v3").facts();
        assert_eq!(expand("{flist}-{kernel}", &facts).unwrap(), "tools-6.12.44-Zero-OS");
        assert_eq!(expand("a{release}b{date}c", &facts).unwrap(), "av3b20250610c");
        assert_eq!(expand("plain", &facts).unwrap(), "plain");
    }

    #[test]
    fn each_mistake_has_its_message() {
        assert_eq!(
            check("m-{kern}.fl").unwrap_err(),
            "`m-{kern}.fl` has the unknown placeholder `{kern}`: use {flist}, {kernel}, {date} or {release}"
        );
        for text in ["m-{kernel.fl", "m-}.fl"] {
            assert_eq!(check(text).unwrap_err(), format!("`{text}` has an unmatched brace"));
        }
    }
}
