//! Text with placeholders: `{flist}`, `{kernel}`, `{date}`, and `{release}`, which is `FIRMWARE_TAG`, else the date.

use crate::Facts;

/// Replaces the placeholders.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn expand(text: &str, facts: &Facts) -> Result<String, String> {
    replace(text, |value| value(facts))
}

/// Looks whether [`expand`] will succeed, before there are facts.
///
/// # Errors
/// The same as [`expand`]'s.
pub fn check(text: &str) -> Result<(), String> {
    replace(text, |_| "").map(|_| ())
}

type Value = fn(&Facts) -> &str;

fn replace<'a>(text: &str, value: impl Fn(Value) -> &'a str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        let inner = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (placeholder, after) = inner.ok_or_else(|| format!("`{text}` has a brace without its other half"))?;
        expanded.push_str(before);
        expanded.push_str(value(match placeholder {
            "flist" => |facts| &facts.flist,
            "kernel" => |facts| &facts.kernel,
            "date" => |facts| &facts.date,
            "release" => Facts::release,
            other => {
                return Err(format!(
                    "`{text}` has the unknown placeholder `{{{other}}}`: there are {{flist}}, {{kernel}}, {{date}} and {{release}}"
                ));
            }
        }));
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced() {
        let facts = Facts {
            flist: "tools".to_owned(),
            contents: "plain".to_owned(),
            kernel: "6.12.44-Zero-OS".to_owned(),
            date: "20250610".to_owned(),
            variables: vec![("FIRMWARE_TAG".to_owned(), "v3".to_owned())],
            figures: Vec::new(),
        };
        assert_eq!(expand("{flist}-{kernel}", &facts).unwrap(), "tools-6.12.44-Zero-OS");
        assert_eq!(expand("a{release}b{date}c", &facts).unwrap(), "av3b20250610c");
        assert_eq!(expand("plain", &facts).unwrap(), "plain");
    }

    #[test]
    fn each_mistake_has_its_message() {
        assert_eq!(
            check("m-{kern}.fl").unwrap_err(),
            "`m-{kern}.fl` has the unknown placeholder `{kern}`: there are {flist}, {kernel}, {date} and {release}"
        );
        for text in ["m-{kernel.fl", "m-}.fl"] {
            assert_eq!(check(text).unwrap_err(), format!("`{text}` has a brace without its other half"));
        }
    }
}
