//! How long each stage of a build took.

use std::time::Instant;

use crate::report::Stage;

/// Measures stages that follow each other.
pub(crate) struct Clock {
    last: Instant,
    pub stages: Vec<Stage>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock::after(Vec::new())
    }
}

impl Clock {
    /// Goes on where `stages` ended, from now.
    pub fn after(stages: Vec<Stage>) -> Clock {
        Clock { last: Instant::now(), stages }
    }

    /// A stage ends now; it began where the one before ended.
    pub fn stage(&mut self, name: &str) {
        let now = Instant::now();
        self.stages.push(Stage { name: name.to_owned(), seconds: (now - self.last).as_secs_f64() });
        self.last = now;
    }
}
