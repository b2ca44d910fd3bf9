//! Progress on a terminal as a bar, elsewhere as one line a step.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use flistry::progress::{Progress, Step};
use flistry::warning::Warning;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// Standard error, as a place for progress.
pub struct Terminal {
    quiet: bool,
    bars: bool,
    bar: Mutex<Option<ProgressBar>>,
    /// Which flist is being worked on, in front of every line.
    subject: Mutex<String>,
}

impl Terminal {
    pub fn new(quiet: bool, text: bool) -> Self {
        let bars = !quiet && text && std::io::stderr().is_terminal();
        Terminal { quiet: quiet || !text, bars, bar: Mutex::new(None), subject: Mutex::new(String::new()) }
    }

    /// Names what the next steps are about.
    pub fn about(&self, subject: &str) {
        *self.subject.lock().expect("no holder panics") = subject.to_owned();
    }

    /// Takes the bar away before the result is printed.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.lock().expect("no holder panics").take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Terminal {
    fn begin(&self, step: Step, total: u64) {
        self.finish();
        if self.quiet {
            return;
        }
        let subject = self.subject.lock().expect("no holder panics").clone();
        let subject = if subject.is_empty() { subject } else { format!("{subject}: ") };
        let (what, is_bytes) = words(step);
        if self.bars {
            let units = if is_bytes { "{bytes}/{total_bytes} {bytes_per_sec}" } else { "{pos}/{len}" };
            let template =
                if total == 0 { "{spinner} {msg}".to_owned() } else { format!("{{msg}} {{bar:30}} {units} {{eta}}") };
            let style = ProgressStyle::with_template(&template).expect("the template is fixed");
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
            bar.set_message(format!("{subject}{what}"));
            bar.enable_steady_tick(Duration::from_millis(100));
            *self.bar.lock().expect("no holder panics") = Some(bar);
        } else {
            let amount = match (total, is_bytes) {
                (0, _) => String::new(),
                (n, true) => format!(" {}", output::bytes(n)),
                (n, false) => format!(" {n} blobs"),
            };
            output::to_stderr(&format!("{subject}{what}{amount}\n"));
        }
    }

    fn advance(&self, units: u64) {
        if let Some(bar) = &*self.bar.lock().expect("no holder panics") {
            bar.inc(units);
        }
    }

    fn warn(&self, warning: Warning) {
        let bar = self.bar.lock().expect("no holder panics");
        let print = || output::to_stderr(&output::warning(&warning));
        match &*bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// What a step is called, and whether its units are bytes.
fn words(step: Step) -> (&'static str, bool) {
    match step {
        Step::Scan => ("scanning", false),
        Step::Pack => ("packing", true),
        Step::Presence => ("looking for", false),
        Step::ReadBack => ("reading back", false),
        Step::Compare => ("comparing with the source", true),
        Step::Unpack => ("unpacking", true),
        Step::Publish => ("publishing", false),
    }
}
