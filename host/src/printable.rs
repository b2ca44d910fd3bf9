//! Text from files and plugins, made safe for a terminal. Whoever made a manifest must not control its reader's terminal.
//!
//! | shown as | what is written as an escape |
//! |---|---|
//! | [`Printable`] | all that a terminal would obey, and all that nobody sees |
//! | [`PrintableLines`] | the same, but the lines of a message stay lines |
//! | [`PrintableText`] | the same, but lines and colours stay: what a command prints |
//! | [`printable_json`] | the same, as JSON has it |

use std::fmt::{self, Write};

/// One piece of text without anything that a terminal would obey: control characters, and the characters of Unicode that have
/// no shape of their own, such as those that change the direction of the text after them.
pub struct Printable<'a>(pub &'a str);

/// A message of several lines, each but the first one indented. Other line breaks are not the message's own.
pub struct PrintableLines<'a>(pub &'a str);

/// Lines with colours, as `anstyle` writes them. Any other escape sequence is not the program's own.
pub struct PrintableText<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| write_char(f, c))
    }
}

impl fmt::Display for PrintableLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.0.char_indices() {
            match self.0[at..].starts_with("\n  ") {
                true => f.write_char(c)?,
                false => write_char(f, c)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for PrintableText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.0.char_indices() {
            match c == '\n' || is_colour(&self.0[at..]) {
                true => f.write_char(c)?,
                false => write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// JSON in which all that [`Printable`] escapes is escaped as JSON does. It says the same.
pub fn printable_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // A line break is between two values: within a text it is escaped already.
        if c == '\n' || !is_unprintable(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a string takes all");
            }
        }
    }
    text
}

fn write_char(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match is_unprintable(c) {
        true => write!(f, "{}", c.escape_default()),
        false => f.write_char(c),
    }
}

/// Whether text begins with the escape sequence of a colour.
fn is_colour(text: &str) -> bool {
    let numbers =
        text.strip_prefix("\x1b[").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
    numbers.is_some_and(|rest| rest.starts_with('m'))
}

/// Whether a terminal would obey a character, or nobody would see it: control characters, the separators of lines and
/// paragraphs, and the format characters of Unicode (category Cf).
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let shown = |text| Printable(text).to_string();
        assert_eq!(shown("ünïcode-名前 'x'"), "ünïcode-名前 'x'");
        assert_eq!(shown("\x1b[31mred\n+ /forged\u{202e}"), "\\u{1b}[31mred\\n+ /forged\\u{202e}");
    }

    #[test]
    fn what_has_no_shape_is_escaped() {
        let ranges = [0x202a..=0x202e, 0x2066..=0x2069, 0x200b..=0x200f, 0x2028..=0x2029, 0xfeff..=0xfeff, 0x80..=0x9f];
        for code in ranges.into_iter().flatten().chain([0xad, 0x61c, 0x2060, 0xe0041]) {
            let c = char::from_u32(code).unwrap();
            assert_eq!(Printable(&format!("a{c}b")).to_string(), format!("a\\u{{{code:x}}}b"));
            let json = format!("{{\n  \"a{c}\": 1\n}}");
            let escaped = printable_json(&json);
            assert!(!escaped.contains(c) && escaped.starts_with("{\n  \"a\\u"), "{escaped}");
            let same = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(same(&escaped), same(&json));
        }
    }

    #[test]
    fn lines_stay_lines_and_colours_colours() {
        let message = "two are wrong:\n  a\rb\n  c\nerror: forged\u{2028}";
        assert_eq!(PrintableLines(message).to_string(), "two are wrong:\n  a\\rb\n  c\\nerror: forged\\u{2028}");
        let text = "\x1b[1;32mgood\x1b[0m\n\x1b]0;title\x07\x1b[2J\u{202e}";
        let shown = "\x1b[1;32mgood\x1b[0m\n\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{202e}";
        assert_eq!(PrintableText(text).to_string(), shown);
    }
}
