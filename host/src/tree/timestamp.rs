//! Points in time as text, in UTC.

use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

/// The day, as names hold it: `20261125`.
pub fn day(time: UtcDateTime) -> String {
    format!("{:04}{:02}{:02}", time.year(), u8::from(time.month()), time.day())
}

/// The second, as RFC 3339 writes it: `2026-11-25T16:38:28Z`; `None` of years that it has no form for.
pub fn second(time: UtcDateTime) -> Option<String> {
    time.truncate_to_second().format(&Rfc3339).ok()
}

/// The second that is `seconds` after 1970, like [`second`].
pub fn second_after_1970(seconds: i64) -> Option<String> {
    UtcDateTime::from_unix_timestamp(seconds).ok().and_then(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_and_to_the_second() {
        let time = UtcDateTime::from_unix_timestamp_nanos(1_764_088_708_900_000_000).unwrap();
        assert_eq!(day(time), "20251125");
        assert_eq!(second(time).unwrap(), "2025-11-25T16:38:28Z");
        assert_eq!(second_after_1970(-1).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(day(UtcDateTime::from_unix_timestamp(-62_000_000_000).unwrap()), "00050419");
    }

    #[test]
    fn a_year_without_a_form_has_none() {
        assert_eq!(second_after_1970(i64::MAX), None);
        assert_eq!(second_after_1970(-70_000_000_000), None);
    }
}
