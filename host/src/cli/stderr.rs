//! Standard error: errors, warnings and the log.

use std::io::Write;

use flistry::printable::{Printable, PrintableLines, printable_json};
use serde::Serialize;

use super::outcome::{Format, Versioned};
use super::style::{ERROR, HINT, WARNING};

/// What is said on standard error.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Message<'a> {
    Error(&'a str),
    Warning(&'a str),
}

/// A message as one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    hint: Option<&'a str>,
}

/// Writes a message and what to do about it. If standard error is closed, there is nobody left to tell.
pub fn write(message: Message<'_>, hint: Option<&str>, format: Format) {
    let text = match format {
        Format::Text => to_text(message, hint),
        Format::Json => printable_json(&to_json(message, hint)),
    };
    write_text(&text);
}

/// Writes text as it is.
pub fn write_text(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Paths and what servers and plugins say stand in messages, so each is made printable here, whoever wrote it.
fn to_text(message: Message<'_>, hint: Option<&str>) -> String {
    let hint = hint.map(PrintableLines);
    let (Message::Error(what) | Message::Warning(what)) = message;
    let what = PrintableLines(what);
    match (message, hint) {
        (Message::Error(_), None) => format!("{ERROR}error{ERROR:#}: {what}\n"),
        (Message::Error(_), Some(hint)) => format!("{ERROR}error{ERROR:#}: {what}\n  {HINT}hint{HINT:#}: {hint}\n"),
        (Message::Warning(_), None) => format!("{WARNING}warning{WARNING:#}: {what}\n"),
        (Message::Warning(_), Some(hint)) => format!("{WARNING}warning{WARNING:#}: {what} ({hint})\n"),
    }
}

fn to_json(message: Message<'_>, hint: Option<&str>) -> String {
    let line = Versioned::new(Line { message, hint });
    serde_json::to_string(&line).expect("a message has only texts") + "\n"
}

/// Shows the library's own log: retries and requests with `-v`, everything with `-vv`.
pub fn show_log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    // Only flistry's own: an HTTP library's log could show a header with a signature.
    let filter = tracing_subscriber::filter::Targets::new().with_target("flistry", level);
    use tracing_subscriber::field::MakeExt;
    use tracing_subscriber::fmt::format;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    // What is logged comes from servers, files and plugins.
    let printable = format::debug_fn(|writer, field, value| {
        let value = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", Printable(&value)),
            name => write!(writer, "{name}={}", Printable(&value)),
        }
    });
    // The same choice as for everything else that goes there: `--color`, NO_COLOR, and whether it is a terminal.
    let colors = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colors).with_target(false);
    let layer = layer.without_time().fmt_fields(printable.delimited(" "));
    tracing_subscriber::registry().with(filter).with(layer).init();
}
