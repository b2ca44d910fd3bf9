//! What a command gives back, and how it is printed.

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use flistry::error::{Error, ExitCode};
use serde_json::{Value, json};

use super::{Color, Format};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// The result of a command, for people and for machines.
pub struct Outcome {
    /// Lines for people, each with its end.
    pub text: String,
    /// The same for machines.
    pub json: Value,
    /// How the process ends.
    pub code: ExitCode,
    /// What ended the command after it had done some of its work.
    pub error: Option<Error>,
}

impl Outcome {
    /// What was asked for was done.
    pub fn done(text: String, json: Value) -> Self {
        Outcome { text, json, code: ExitCode::Done, error: None }
    }

    /// Prints to standard output. A reader who went away, such as `head`, is no error.
    pub fn print(self, format: Format) -> ExitCode {
        let text = match format {
            Format::Text => self.text,
            Format::Json => format!("{:#}\n", self.json),
        };
        let mut out = anstream::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                to_stderr(&format!("{ERROR}error{ERROR:#}: cannot print the result: {error}\n"));
                ExitCode::Failed
            }
            _ => self.error.map_or(self.code, |error| print_error(&error, format)),
        }
    }
}

/// Prints an error with its remedy.
pub fn print_error(error: &Error, format: Format) -> ExitCode {
    match format {
        Format::Json => to_stderr(&json_line("error", &error.to_string(), error.hint().as_deref())),
        Format::Text => {
            to_stderr(&format!("{ERROR}error{ERROR:#}: {error}\n"));
            if let Some(hint) = error.hint() {
                to_stderr(&format!("  {HINT}hint{HINT:#}: {hint}\n"));
            }
        }
    }
    error.exit_code()
}

/// A warning's text, with colour.
pub fn warning(text: &impl Display) -> String {
    format!("{WARNING}warning{WARNING:#}: {text}\n")
}

/// A word that says that something is good.
pub fn good(text: &impl Display) -> String {
    format!("{GOOD}{text}{GOOD:#}")
}

/// A word that says that something is broken.
pub fn bad(text: &impl Display) -> String {
    format!("{ERROR}{text}{ERROR:#}")
}

/// A warning or an error of the command line, for machines.
pub fn json_line(kind: &str, what: &str, hint: Option<&str>) -> String {
    format!("{}\n", json!({ kind: what, "hint": hint }))
}

/// Prints to standard error; if that can't be written to, there is nobody left to tell.
pub fn to_stderr(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

pub fn choose_color(color: Color, no_color: bool) {
    match color {
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
        Color::Auto if no_color => anstream::ColorChoice::Never,
        Color::Auto => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// Lets the library's own log through: retries and requests with `-v`, everything with `-vv`.
pub fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    // Only flistry's own: an HTTP library's log could show a header with a signature.
    let filter = tracing_subscriber::filter::Targets::new().with_target("flistry", level);
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).without_time();
    tracing_subscriber::registry().with(filter).with(layer).init();
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
