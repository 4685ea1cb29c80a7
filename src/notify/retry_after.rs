//! The `Retry-After` header: RFC 9110, section 10.2.3.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// A receiver that asks for more is asked again after this long.
const LONGEST: Duration = Duration::from_secs(3600);

/// The three forms of an HTTP date (RFC 9110, section 5.6.7); all are in GMT.
const DATE_FORMS: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// How long the receiver asks to wait from `now` on, at most an hour. `None` when it asks nothing
/// or nothing understandable.
pub(super) fn wait(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are more than an hour.
        value.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        // A date in the past means now.
        Duration::try_from(date(value)?.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST))
}

fn date(value: &str) -> Option<jiff::Timestamp> {
    DATE_FORMS.iter().find_map(|form| {
        let civil = jiff::civil::DateTime::strptime(form, value).ok()?;
        Some(civil.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// The moment RFC 9110 uses in its examples, a minute before.
    const NOW: &str = "1994-11-06T08:48:37Z";

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        wait(&headers, NOW.parse().unwrap())
    }

    #[test]
    fn seconds() {
        assert_eq!(asked("0"), Some(Duration::ZERO));
        assert_eq!(asked(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(asked("86400"), Some(LONGEST));
        assert_eq!(asked("99999999999999999999999"), Some(LONGEST));
    }

    #[test]
    fn all_three_forms_of_a_date() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(asked(date), Some(Duration::from_secs(60)), "{date}");
        }
        assert_eq!(asked("Sun, 06 Nov 1994 07:49:37 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_asks_nothing() {
        for value in ["", "soon", "-5", "1.5", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(value), None, "{value}");
        }
        assert_eq!(wait(&HeaderMap::new(), jiff::Timestamp::UNIX_EPOCH), None);
    }
}
