//! Text from files and plugins, made safe for a terminal.

use std::fmt;

/// Shows text without anything that a terminal would obey: control characters, and those that change the direction of the
/// text after them, are written as escapes. Whoever made a manifest must not control the reader's terminal.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for c in self.0.chars() {
            if c.is_control() || is_direction(c) { write!(f, "{}", c.escape_default())? } else { f.write_char(c)? }
        }
        Ok(())
    }
}

/// The bidirectional formatting characters of Unicode, and the line and paragraph separators.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::Printable;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let shown = |text| Printable(text).to_string();
        assert_eq!(shown("ünïcode-名前 'x'"), "ünïcode-名前 'x'");
        assert_eq!(shown("\x1b[31mred\n+ /forged\u{202e}"), "\\u{1b}[31mred\\n+ /forged\\u{202e}");
    }
}
