//! The one place where results and errors are written: for people or for machines.

use std::io::{ErrorKind, Write};

use flistry::error::{Error, ExitCode};
use flistry::printable::{PrintableText, printable_json};

use super::outcome::{Format, Outcome, Versioned};
use super::stderr::{Message, write};
use super::terminal::Terminal;

pub struct Renderer<'a> {
    pub terminal: &'a Terminal,
    pub format: Format,
}

impl Renderer<'_> {
    /// Writes the result of a command, and returns how the process ends.
    pub fn show<T: Outcome>(&self, result: Result<T, Error>) -> ExitCode {
        self.terminal.finish();
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => return self.show_error(&error),
        };
        match (print(&outcome, self.format), outcome.error()) {
            (Err(error), _) => {
                write(Message::Error(&format!("cannot print the result: {error}")), None, self.format);
                ExitCode::Failed
            }
            (Ok(()), Some(error)) => self.show_error(error),
            (Ok(()), None) => outcome.exit_code(),
        }
    }

    fn show_error(&self, error: &Error) -> ExitCode {
        write(Message::Error(&error.to_string()), error.hint().as_deref(), self.format);
        error.exit_code()
    }
}

/// Writes to standard output. A reader who went away, such as `head`, is not an error.
fn print(outcome: &impl Outcome, format: Format) -> std::io::Result<()> {
    let text = match format {
        Format::Text => PrintableText(&outcome.to_string()).to_string(),
        Format::Json => {
            let json = serde_json::to_string_pretty(&Versioned::new(outcome));
            printable_json(&json.expect("an outcome has no map with other keys than strings")) + "\n"
        }
    };
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
