//! Progress: a bar on a terminal, elsewhere a line for each step.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use flistry::progress::{Progress, Step, Warning};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::outcome::Format;
use super::stderr::{self, Message};
use super::style::bytes;

/// Standard error, as a place for progress.
pub struct Terminal {
    quiet: bool,
    bars: bool,
    format: Format,
    bar: Mutex<Option<ProgressBar>>,
    /// Which flist is being worked on, in front of every line.
    subject: Mutex<String>,
}

impl Terminal {
    /// Shows progress to people only, and not with `quiet`.
    pub fn new(quiet: bool, format: Format) -> Self {
        let quiet = quiet || format == Format::Json;
        let bars = !quiet && std::io::stderr().is_terminal();
        Terminal { quiet, bars, format, bar: Mutex::new(None), subject: Mutex::new(String::new()) }
    }

    /// Takes the bar away before the result is printed.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.lock().expect("no holder panics").take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Terminal {
    fn about(&self, subject: &str) {
        *self.subject.lock().expect("no holder panics") = subject.to_owned();
    }

    fn begin(&self, step: Step, total: u64) {
        self.finish();
        if self.quiet {
            return;
        }
        let subject = self.subject.lock().expect("no holder panics").clone();
        let subject = if subject.is_empty() { subject } else { format!("{subject}: ") };
        let (what, unit) = words(step);
        if self.bars {
            let template = match unit {
                Unit::None => "{spinner} {msg}",
                Unit::AtOnce => "{spinner} {msg} {decimal_total_bytes}",
                Unit::Bytes => "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
                Unit::Blobs => "{msg} {wide_bar} {pos}/{len} {eta}",
            };
            let style = ProgressStyle::with_template(template).expect("the template is fixed");
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
            bar.set_message(format!("{subject}{what}"));
            bar.enable_steady_tick(Duration::from_millis(100));
            *self.bar.lock().expect("no holder panics") = Some(bar);
        } else {
            let amount = match unit {
                Unit::None => String::new(),
                Unit::Bytes | Unit::AtOnce => format!(" {}", bytes(total)),
                Unit::Blobs => format!(" {total} blobs"),
            };
            stderr::write_text(&format!("{subject}{what}{amount}\n"));
        }
    }

    fn advance(&self, units: u64) {
        if let Some(bar) = &*self.bar.lock().expect("no holder panics") {
            bar.inc(units);
        }
    }

    fn warn(&self, warning: Warning) {
        let bar = self.bar.lock().expect("no holder panics");
        let print = || stderr::write(Message::Warning(&warning.what), warning.hint.as_deref(), self.format);
        match &*bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// What a step counts.
enum Unit {
    None,
    Bytes,
    Blobs,
    /// Bytes, of which none is done before all are.
    AtOnce,
}

/// What a step is called, and what it counts.
fn words(step: Step) -> (&'static str, Unit) {
    match step {
        Step::Compile => ("compiling", Unit::AtOnce),
        Step::Scan => ("scanning", Unit::None),
        Step::Indexes => ("making module indexes", Unit::None),
        Step::Pack => ("packing", Unit::Bytes),
        Step::Presence => ("checking for", Unit::Blobs),
        Step::ReadBack => ("reading back", Unit::Blobs),
        Step::Compare => ("comparing with the source", Unit::Bytes),
        Step::Unpack => ("unpacking", Unit::Bytes),
        Step::Publish => ("publishing", Unit::None),
        Step::Units => ("writing units", Unit::None),
        _ => ("working", Unit::None),
    }
}
