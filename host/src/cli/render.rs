//! The one place where results and errors are written: for people or for machines.

use std::io::{ErrorKind, Write};

use flistry::error::{Error, ExitCode};
use flistry::printable::{PrintableText, printable_json};

use super::outcome::{Failure, Format, Outcome, Versioned};
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
            Err(error) => return self.show_failure(&Failure { file: None, error: &error }),
        };
        if let Err(error) = print(&outcome, self.format) {
            write(Message::Error(&format!("cannot print the result: {error}")), None, self.format);
            return ExitCode::Failed;
        }
        let failures = outcome.failures();
        failures.iter().map(|failure| self.show_failure(failure)).fold(outcome.exit_code(), Ord::max)
    }

    fn show_failure(&self, Failure { file, error }: &Failure<'_>) -> ExitCode {
        let message = error.to_string();
        let message = match file {
            Some(file) if !message.contains(&*file.to_string_lossy()) => format!("{}: {message}", file.display()),
            _ => message,
        };
        write(Message::Error(&message), error.hint().as_deref(), self.format);
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
