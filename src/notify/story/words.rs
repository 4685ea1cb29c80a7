//! Numbers, spans and moments in words that people read at three in the morning.
//!
//! Nothing here fails: a value that is not finite becomes "unknown".

use jiff::tz::TimeZone;

use crate::incident::{Measure, Unit};
use crate::mention::Timestamp;

/// Below this many expected mentions a ratio says nothing: what happened came from nothing.
pub const NOTHING: f64 = 0.05;

/// A number of mentions: `1,204`, or `3.2` when it is small and not whole.
pub fn count(value: f64) -> String {
    if !value.is_finite() {
        return "an unknown number of".into();
    }
    if value.abs() < 10.0 && (value - value.round()).abs() >= NOTHING {
        return format!("{value:.1}");
    }
    // The cast saturates; a count is never negative.
    thousands(value.round().max(0.0) as u64)
}

/// A whole number with a comma between each three digits.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of which only the size matters: exact below a thousand, else three digits of it.
pub fn about(value: f64) -> String {
    if !value.is_finite() {
        return "an unknown number".into();
    }
    match value {
        v if v < 1e3 => thousands(v.round() as u64),
        v if v < 1e6 => {
            let step = 10_f64.powf(v.log10().floor() - 2.0);
            thousands(((v / step).round() * step) as u64)
        }
        v if v < 1e9 => format!("{} million", decimals(v / 1e6)),
        v => format!("{} billion", decimals(v / 1e9)),
    }
}

/// Three significant digits of a value of at least 1, without trailing zeros.
fn decimals(value: f64) -> String {
    let text = match value {
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    };
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').into();
    }
    text
}

/// A share in 0..=1 as `86 %`; what lies outside is brought to the nearer end.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        return "an unknown share".into();
    }
    let percent = share.clamp(0.0, 1.0) * 100.0;
    if percent > 0.0 && percent < 1.0 {
        return "under 1 %".into();
    }
    format!("{percent:.0} %")
}

/// A sentiment in -1..=1 as `-0.42`; what lies outside is brought to the nearer end.
pub fn sentiment(value: f64) -> String {
    if value.is_nan() {
        return "unknown".into();
    }
    // No "-0.00".
    format!("{:.2}", (value.clamp(-1.0, 1.0) * 100.0).round() / 100.0 + 0.0)
}

/// `value` in the unit of `measure`.
pub fn value(measure: Measure, value: f64) -> String {
    match measure.unit() {
        Unit::Mentions => count(value),
        Unit::Persons => about(value),
        Unit::Share => percent(value),
        Unit::Sentiment => sentiment(value),
    }
}

/// What a rise of a count is called: `{feeling} at 6.2x its usual level`.
pub const fn feeling(measure: Measure) -> &'static str {
    match measure {
        Measure::NegativeMentions => "anger",
        Measure::PositiveMentions => "praise",
        Measure::Shares => "sharing",
        Measure::PurchaseIntent => "intent to buy",
        Measure::NewFollowers => "the number of new followers",
        Measure::PostShares => "the sharing of one post",
        Measure::Activation => "a hashtag or campaign",
        Measure::Advocates => "the number of advocates",
        Measure::Mentions | Measure::NegativeShare | Measure::Sentiment | Measure::Audience => {
            "attention"
        }
    }
}

/// What `measure` is in the middle of a sentence: a count in the plural, anything else in the
/// singular.
pub const fn noun(measure: Measure) -> &'static str {
    match measure {
        Measure::NegativeShare => "share of negative mentions",
        other => other.noun(),
    }
}

/// One of what a count counts.
pub const fn one(measure: Measure) -> &'static str {
    match measure {
        Measure::NegativeMentions => "negative mention",
        Measure::PositiveMentions => "positive mention",
        Measure::Shares => "share",
        Measure::PostShares => "share of one post",
        Measure::Activation => "mention with one hashtag or campaign",
        Measure::PurchaseIntent => "mention with intent to buy",
        Measure::Advocates => "advocate heard",
        Measure::NewFollowers => "new follower",
        Measure::Mentions | Measure::NegativeShare | Measure::Sentiment | Measure::Audience => {
            "mention"
        }
    }
}

/// How many times `expected` has become `observed`: `6.2x`. `None` when there is nothing to
/// compare with, or the result says nothing.
pub fn times(observed: f64, expected: f64) -> Option<String> {
    if !observed.is_finite() || !expected.is_finite() || expected < NOTHING {
        return None;
    }
    match observed / expected {
        r if r < 0.0 => None,
        r if r < 9.95 => Some(format!("{r:.1}x")),
        r if r < 1000.0 => Some(format!("{r:.0}x")),
        _ => Some("more than 1,000x".into()),
    }
}

/// A span in its two largest units: `3 h 10 min`, `2 d 4 h`, `45 s`.
pub fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    if days > 0 {
        two(days, "d", hours, "h")
    } else if hours > 0 {
        two(hours, "h", minutes, "min")
    } else if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{seconds} s")
    }
}

/// The length of a window, after "in the last": `hour`, `5 minutes`.
pub fn window(seconds: u64) -> String {
    match seconds {
        60 => "minute".into(),
        3600 => "hour".into(),
        s if s > 86_400 && s.is_multiple_of(86_400) => format!("{} days", thousands(s / 86_400)),
        s if s > 0 && s.is_multiple_of(3600) => format!("{} hours", thousands(s / 3600)),
        s if s > 0 && s.is_multiple_of(60) => format!("{} minutes", thousands(s / 60)),
        1 => "second".into(),
        s => format!("{} seconds", thousands(s)),
    }
}

/// `1 mention`, `2 mentions`.
pub fn plural<'a>(count: &str, one: &'a str, many: &'a str) -> &'a str {
    if count == "1" { one } else { many }
}

/// Tells moments in one time zone.
#[derive(Debug, Clone)]
pub struct Clock {
    time_zone: TimeZone,
}

impl Clock {
    /// A clock of `time_zone`.
    pub fn new(time_zone: &TimeZone) -> Self {
        Self { time_zone: time_zone.clone() }
    }

    /// `14:20` when `at` is on the day of `now`, else `22 Feb 14:20`, or with the year if that
    /// differs too.
    pub fn short(&self, at: Timestamp, now: Timestamp) -> String {
        let (at, now) = (self.zoned(at), self.zoned(now));
        let format = if at.date() == now.date() {
            "%H:%M"
        } else if at.year() == now.year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y %H:%M"
        };
        at.strftime(format).to_string()
    }

    /// `Sun 22 Feb 2015, 14:20 EST (America/New_York)`.
    pub fn full(&self, at: Timestamp) -> String {
        let mut text = self.zoned(at).strftime("%a %-d %b %Y, %H:%M %Z").to_string();
        if let Some(name) = self.time_zone.iana_name()
            && name != "UTC"
        {
            text.push_str(&format!(" ({name})"));
        }
        text
    }

    fn zoned(&self, at: Timestamp) -> jiff::ZonedDateTime {
        at.to_jiff().to_zoned_datetime(self.time_zone.clone())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::incident::fixtures::ONSET;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(3.24), "3.2");
        assert_eq!(count(3.0), "3");
        assert_eq!(count(9.97), "10");
        assert_eq!(count(1204.4), "1,204");
        assert_eq!(count(f64::NAN), "an unknown number of");
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(about(740.8), "741");
        assert_eq!(about(31_574.4), "31,600");
        assert_eq!(about(3_488_555.8), "3.49 million");
        assert_eq!(about(1_200_000.0), "1.2 million");
        assert_eq!(about(100e6), "100 million");
        assert_eq!(about(f64::INFINITY), "an unknown number");
    }

    #[test]
    fn shares_and_ratios_have_no_infinities() {
        assert_eq!(percent(0.857), "86 %");
        assert_eq!(percent(0.002), "under 1 %");
        assert_eq!(percent(f64::INFINITY), "100 %");
        assert_eq!(percent(f64::NAN), "an unknown share");
        assert_eq!(sentiment(-0.424), "-0.42");
        assert_eq!(sentiment(-0.001), "0.00");
        assert_eq!(sentiment(f64::NEG_INFINITY), "-1.00");
        assert_eq!(times(186.0, 30.0).as_deref(), Some("6.2x"));
        assert_eq!(times(186.0, 3.0).as_deref(), Some("62x"));
        assert_eq!(times(99.6, 10.0).as_deref(), Some("10x"));
        assert_eq!(times(1e12, 1.0).as_deref(), Some("more than 1,000x"));
        assert_eq!(times(5.0, 0.0), None);
        assert_eq!(times(f64::NAN, 1.0), None);
        assert_eq!(times(f64::INFINITY, 1.0), None);
    }

    #[test]
    fn spans_and_windows_have_the_right_units() {
        assert_eq!(span(190 * 60_000), "3 h 10 min");
        assert_eq!(span(52 * 3_600_000), "2 d 4 h");
        assert_eq!(span(7_200_000), "2 h");
        assert_eq!(span(45_999), "45 s");
        assert_eq!(span(-5), "0 s");
        assert_eq!(window(3600), "hour");
        assert_eq!(window(300), "5 minutes");
        assert_eq!(window(86_400), "24 hours");
        assert_eq!(window(604_800), "7 days");
        assert_eq!(window(5400), "90 minutes");
        assert_eq!(window(0), "0 seconds");
    }

    #[test]
    fn moments_name_their_zone() {
        let new_york = Clock::new(&TimeZone::get("America/New_York").unwrap());
        assert_eq!(new_york.full(ONSET), "Sun 22 Feb 2015, 14:20 EST (America/New_York)");
        assert_eq!(Clock::new(&TimeZone::UTC).full(ONSET), "Sun 22 Feb 2015, 19:20 UTC");
        assert_eq!(new_york.short(ONSET, ONSET.plus_millis(60_000)), "14:20");
        assert_eq!(new_york.short(ONSET, ONSET.plus_millis(10 * 3_600_000)), "22 Feb 14:20");
        assert_eq!(new_york.short(ONSET, ONSET.plus_millis(400 * 86_400_000)), "22 Feb 2015 14:20");
        new_york.full(Timestamp::from_millis(i64::MAX));
        new_york.full(Timestamp::from_millis(i64::MIN));
    }
}
