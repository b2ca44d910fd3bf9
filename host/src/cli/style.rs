//! Colours, and numbers and lists as people read them.

use std::fmt::{self, Display, Formatter};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const HINT: Style = AnsiColor::Cyan.on_default();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// When to use colours.
#[derive(Clone, Copy, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes it the choice for everything that the process prints. `no_color` is what NO_COLOR says.
    pub fn apply(self, no_color: bool) {
        match self {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto if no_color => anstream::ColorChoice::Never,
            Color::Auto => anstream::ColorChoice::Auto,
        }
        .write_global();
    }
}

/// A word that reports success.
pub fn good(text: &str) -> String {
    format!("{GOOD}{text}{GOOD:#}")
}

/// A word that reports damage.
pub fn bad(text: &str) -> String {
    format!("{ERROR}{text}{ERROR:#}")
}

/// One line of a summary: a name in a column of its own, and a value.
pub fn field(f: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {name:<10} {value}")
}

/// Bytes for people: `93.4 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A line for each of the first `most` items, and one that says how many more there are.
pub fn first<T>(most: usize, items: &[T], line: impl Fn(&T) -> String, more: impl Fn(usize) -> String) -> Vec<String> {
    let rest = items.len().saturating_sub(most);
    items.iter().take(most).map(line).chain((rest > 0).then(|| more(rest))).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_shown_with_one_decimal() {
        assert_eq!(
            [0, 999, 1000, 93_400_000, 999_960].map(super::bytes),
            ["0 B", "999 B", "1.0 kB", "93.4 MB", "1.0 MB"]
        );
    }
}
