//! The axis of time: ticks at round local times, with the date where the day changes.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::series::Extent;
use crate::mention::Timestamp;

/// A mark on the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Its moment.
    pub at: Timestamp,
    /// What stands below it: a time of day, a weekday, a month.
    pub label: String,
    /// What stands below that, where it changes: the date, or the year.
    pub below: Option<String>,
    /// Whether a day begins here, among ticks that are closer than days.
    pub new_day: bool,
}

/// The time between two ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// Of the day.
    Minutes(i64),
    Days(i64),
    Months(i64),
}

const STEPS: [Step; 25] = {
    use Step::{Days, Minutes, Months};
    [
        Minutes(1),
        Minutes(2),
        Minutes(5),
        Minutes(10),
        Minutes(15),
        Minutes(30),
        Minutes(60),
        Minutes(120),
        Minutes(180),
        Minutes(360),
        Minutes(720),
        Days(1),
        Days(2),
        Days(7),
        Days(14),
        Months(1),
        Months(3),
        Months(6),
        Months(12),
        Months(24),
        Months(60),
        Months(120),
        Months(1200),
        Months(12_000),
        Months(60_000),
    ]
};

const MINUTE: f64 = 60_000.0;

/// The ticks of `extent` in `time_zone`, at most `most` of them (and one, where clocks change).
///
/// They lie where a clock on the wall shows a round time, be the day 23, 24 or 25 hours long: an hour that
/// clocks skip has no tick, and of one that they repeat the first has it.
pub fn ticks(extent: Extent, time_zone: &TimeZone, most: usize) -> Vec<Tick> {
    let needed = extent.until.millis_since(extent.from) as f64 / most.max(1) as f64;
    let step =
        STEPS.into_iter().find(|step| step.millis() >= needed).unwrap_or(Step::Months(60_000));
    let local = |at: Timestamp| time_zone.to_datetime(at.to_jiff());

    let mut ticks: Vec<Tick> = Vec::new();
    let mut next = step.at_or_before(local(extent.from));
    // One more at either end: the first may lie before the extent, and clocks may be set back in it.
    for _ in 0..most.saturating_add(2) {
        let Some(civil) = next else { break };
        next = step.after(civil);
        let Ok(zoned) = civil.to_zoned_datetime(time_zone.clone()) else {
            break;
        };
        let at = Timestamp::from_millis(zoned.timestamp().as_millisecond());
        if at > extent.until {
            break;
        }
        if at >= extent.from && ticks.last().is_none_or(|last| last.at < at) {
            let previous = ticks.last().map(|last| local(last.at));
            ticks.push(step.tick(at, zoned.datetime(), previous));
        }
    }
    ticks
}

impl Step {
    /// About how long it is.
    fn millis(self) -> f64 {
        match self {
            Self::Minutes(minutes) => minutes as f64 * MINUTE,
            Self::Days(days) => days as f64 * 1440.0 * MINUTE,
            Self::Months(months) => months as f64 * 30.44 * 1440.0 * MINUTE,
        }
    }

    /// The last round time that is not after `civil`; weeks begin on Mondays.
    fn at_or_before(self, civil: DateTime) -> Option<DateTime> {
        let date = civil.date();
        match self {
            Self::Minutes(step) => {
                let minute = i64::from(civil.hour()) * 60 + i64::from(civil.minute());
                date.to_datetime(Time::midnight())
                    .checked_add((minute / step * step).minutes())
                    .ok()
            }
            Self::Days(step) => {
                let monday = Date::constant(1970, 1, 5);
                let days = i64::from((date - monday).get_days());
                date.checked_sub(days.rem_euclid(step).days()).ok().map(DateTime::from)
            }
            Self::Months(step) => {
                let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
                let (first, gone) = (date.first_of_month(), month.rem_euclid(step));
                let before = first.checked_sub(gone.months());
                // A calendar may begin amid an age.
                before
                    .or_else(|_| first.checked_add((step - gone).months()))
                    .ok()
                    .map(DateTime::from)
            }
        }
    }

    /// The next round time.
    fn after(self, civil: DateTime) -> Option<DateTime> {
        match self {
            Self::Minutes(step) => civil.checked_add(step.minutes()),
            Self::Days(step) => civil.checked_add(step.days()),
            Self::Months(step) => civil.checked_add(step.months()),
        }
        .ok()
    }

    fn tick(self, at: Timestamp, civil: DateTime, previous: Option<DateTime>) -> Tick {
        let changed = |same: fn(DateTime, DateTime) -> bool| {
            previous.is_none_or(|previous| !same(previous, civil))
        };
        let (label, below) = match self {
            Self::Minutes(_) => {
                ("%H:%M", changed(|a, b| a.date() == b.date()).then_some("%a %-d %b"))
            }
            Self::Days(_) => ("%a", Some("%-d %b")),
            Self::Months(step) if step < 12 => {
                ("%b", changed(|a, b| a.year() == b.year()).then_some("%Y"))
            }
            Self::Months(_) => ("%Y", None),
        };
        Tick {
            at,
            label: civil.strftime(label).to_string(),
            below: below.map(|form| civil.strftime(form).to_string()),
            new_day: matches!(self, Self::Minutes(_)) && previous.is_some() && below.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn told(zone: &str, from: &str, until: &str, most: usize) -> Vec<String> {
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_millis(at.as_millisecond())
        };
        let extent = Extent { from: at(from), until: at(until) };
        ticks(extent, &TimeZone::get(zone).unwrap(), most)
            .into_iter()
            .map(|tick| match tick.below {
                Some(below) => format!("{} {below}", tick.label),
                None => tick.label,
            })
            .collect()
    }

    #[test]
    fn the_date_stands_where_the_day_changes() {
        assert_eq!(
            told("Asia/Jerusalem", "2026-11-24T16:10:00Z", "2026-11-24T22:10:00Z", 6),
            ["19:00 Tue 24 Nov", "20:00", "21:00", "22:00", "23:00", "00:00 Wed 25 Nov"]
        );
    }

    #[test]
    fn an_hour_that_clocks_skip_has_no_tick() {
        assert_eq!(
            told("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z", 4),
            ["00:00 Sun 8 Mar", "01:00", "03:00", "04:00", "05:00"]
        );
    }

    #[test]
    fn of_an_hour_that_clocks_repeat_the_first_has_a_tick() {
        assert_eq!(
            told("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z", 4),
            ["00:00 Sun 1 Nov", "01:00", "02:00", "03:00"]
        );
    }

    #[test]
    fn days_begin_at_midnight_though_one_of_them_is_longer() {
        let extent = Extent {
            from: "2026-10-29T12:00:00Z".parse::<jiff::Timestamp>().map(of_jiff).unwrap(),
            until: "2026-11-04T12:00:00Z".parse::<jiff::Timestamp>().map(of_jiff).unwrap(),
        };
        let zone = TimeZone::get("America/New_York").unwrap();
        let ticks = ticks(extent, &zone, 8);
        assert_eq!(ticks.len(), 6);
        for tick in ticks {
            assert_eq!(zone.to_datetime(tick.at.to_jiff()).time(), Time::midnight());
        }
    }

    fn of_jiff(at: jiff::Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millisecond())
    }

    #[test]
    fn years_and_ages_have_ticks_too() {
        assert_eq!(
            told("UTC", "2025-08-01T00:00:00Z", "2026-05-01T00:00:00Z", 5),
            ["Oct 2025", "Jan 2026", "Apr"]
        );
        let ages = told("UTC", "-009000-01-01T00:00:00Z", "9000-01-01T00:00:00Z", 10);
        assert!((2..12).contains(&ages.len()), "{ages:?}");
    }
}
