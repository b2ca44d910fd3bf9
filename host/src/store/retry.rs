//! Trying again, with growing pauses, what may succeed a moment later.

use std::thread;
use std::time::Duration;

use super::error::{Fault, StoreError};

/// How patient a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a request is made, the first time included; 0 counts as 1.
    pub attempts: u32,
    /// The pause before the second attempt. Each further one is twice as long.
    pub first_delay: Duration,
    /// No pause is longer.
    pub max_delay: Duration,
}

/// How often a connection that never comes about is tried: a server that restarts is back soon, a wrong address
/// never is, and a user should not wait long to hear of it.
const MAX_CONNECTS: u32 = 3;

impl Default for Retry {
    /// Six attempts over about six seconds: enough for a server that sheds load.
    fn default() -> Self {
        Retry { attempts: 6, first_delay: Duration::from_millis(200), max_delay: Duration::from_secs(5) }
    }
}

impl Retry {
    /// No second attempt.
    pub const NEVER: Retry = Retry { attempts: 1, first_delay: Duration::ZERO, max_delay: Duration::ZERO };

    /// The pause after failed attempt `attempt` (from 1), or `None` to give up.
    fn pause(&self, attempt: u32, error: &StoreError) -> Option<Duration> {
        let attempts = match error {
            StoreError::Unreachable { fault: Fault::Connect, .. } => self.attempts.min(MAX_CONNECTS),
            _ => self.attempts,
        };
        if attempt >= attempts || !error.is_transient() {
            return None;
        }
        let factor = 1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
        Some(self.first_delay.saturating_mul(factor).min(self.max_delay))
    }
}

/// Calls `op` until it succeeds, fails for good, or `policy` gives up; returns what the last call did. Blocks the
/// thread in the pauses.
pub fn retry<T>(policy: &Retry, op: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    retry_with(policy, thread::sleep, op)
}

fn retry_with<T>(
    policy: &Retry,
    mut sleep: impl FnMut(Duration),
    mut op: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut attempt = 1;
    loop {
        let error = match op() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Some(pause) = policy.pause(attempt, &error) else {
            return Err(error);
        };
        tracing::debug!(attempt, ?pause, %error, "trying again");
        sleep(pause);
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Retry =
        Retry { attempts: 6, first_delay: Duration::from_millis(200), max_delay: Duration::from_secs(1) };

    fn server(status: u16) -> StoreError {
        StoreError::Server { store: "s3://h:1/b".into(), status, code: None }
    }

    /// Runs against an operation that always fails; the pauses in milliseconds, and the number of calls.
    fn failing(policy: &Retry, error: impl Fn() -> StoreError) -> (Vec<u128>, u32) {
        let (mut pauses, mut calls) = (Vec::new(), 0);
        let result: Result<(), _> = retry_with(
            policy,
            |pause| pauses.push(pause.as_millis()),
            || {
                calls += 1;
                Err(error())
            },
        );
        assert!(result.is_err());
        (pauses, calls)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!(failing(&POLICY, || server(503)), (vec![200, 400, 800, 1000, 1000], 6));
    }

    #[test]
    fn what_will_not_pass_is_tried_once() {
        assert_eq!(failing(&POLICY, || server(400)), (vec![], 1));
        assert_eq!(failing(&Retry::NEVER, || server(503)), (vec![], 1));
    }

    #[test]
    fn a_connection_that_never_comes_about_is_tried_three_times() {
        let refused =
            || StoreError::Unreachable { store: "s3://h:1/b".into(), fault: Fault::Connect, why: "refused".into() };
        assert_eq!(failing(&POLICY, refused).1, 3);
    }

    #[test]
    fn a_later_success_is_a_success() {
        let mut left = 2;
        let result = retry_with(
            &POLICY,
            |_| {},
            || {
                if left == 0 {
                    return Ok("done");
                }
                left -= 1;
                Err(server(503))
            },
        );
        assert_eq!(result.ok(), Some("done"));
    }
}
