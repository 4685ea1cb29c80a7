//! Hours of the week: a rota, or hours in which nobody wants to be woken.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::mention::Timestamp;

/// Days of the week, Monday first.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_A_DAY: u16 = 24 * 60;

/// From a time of day to another on some days of the week. What ends earlier than it begins ends on the
/// next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// On which days it begins, Monday first.
    days: [bool; 7],
    /// Minutes of the day.
    from: u16,
    until: u16,
}

/// A text that says no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected hours of the week, e.g. \"Mon-Fri 09:00-17:30\", \"22:00-07:00\" (every night) or \"Sat,Sun\""
)]
pub struct NoHours;

impl Hours {
    /// Whether `at` lies in them, in `zone`.
    pub fn contain(&self, at: Timestamp, zone: &TimeZone) -> bool {
        self.end(at, zone).is_some()
    }

    /// When those hours end that `at` lies in, in `zone`.
    pub fn end(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = at.to_jiff().to_zoned_datetime(zone.clone());
        let (today, minute) = (local.date(), minute_of(local.time()));
        let yesterday = today.yesterday().ok();
        let over_night = self.until <= self.from;
        let end = if self.begins_on(today)
            && minute >= self.from
            && (over_night || minute < self.until)
        {
            if over_night { today.tomorrow().ok()? } else { today }
        } else if over_night
            && minute < self.until
            && yesterday.is_some_and(|it| self.begins_on(it))
        {
            today
        } else {
            return None;
        };
        moment(end, self.until, zone)
    }

    fn begins_on(&self, date: Date) -> bool {
        self.days[weekday(date.weekday())]
    }
}

/// When those of `all` end that `at` lies in: what follows without a gap is one. `None` when it lies in
/// none.
pub fn end_of(all: &[Hours], at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let mut end = None;
    let mut moment = at;
    // A week of hours that touch is as good as for ever.
    for _ in 0..=2 * DAYS.len() {
        let Some(later) = all.iter().filter_map(|it| it.end(moment, zone)).max() else { break };
        (end, moment) = (Some(later), later);
    }
    end
}

fn minute_of(time: Time) -> u16 {
    time.hour().unsigned_abs() as u16 * 60 + time.minute().unsigned_abs() as u16
}

fn weekday(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

/// `minute` of `date`; where the clocks skip it, as far after.
fn moment(date: Date, minute: u16, zone: &TimeZone) -> Option<Timestamp> {
    let (date, minute) = match minute {
        MINUTES_A_DAY => (date.tomorrow().ok()?, 0),
        minute => (date, minute),
    };
    let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned_datetime(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

impl FromStr for Hours {
    type Err = NoHours;

    fn from_str(text: &str) -> Result<Self, NoHours> {
        let mut words = text.split_whitespace();
        let (first, second) = (words.next().ok_or(NoHours)?, words.next());
        if words.next().is_some() {
            return Err(NoHours);
        }
        let is_time = first.starts_with(|it: char| it.is_ascii_digit());
        let (days, times) = match (is_time, second) {
            (true, None) => ([true; 7], Some(first)),
            (false, times) => (days(first)?, times),
            (true, Some(_)) => return Err(NoHours),
        };
        let (from, until) = match times {
            Some(times) => {
                let (from, until) = times.split_once('-').ok_or(NoHours)?;
                (minute(from)?, minute(until)?)
            }
            None => (0, MINUTES_A_DAY),
        };
        if from == MINUTES_A_DAY || from == until {
            return Err(NoHours);
        }
        Ok(Self { days, from, until })
    }
}

/// `Mon-Fri`, `Sat,Sun` or `Wed`.
fn days(text: &str) -> Result<[bool; 7], NoHours> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let mut at = first;
        loop {
            days[at] = true;
            if at == last {
                break;
            }
            at = (at + 1) % DAYS.len();
        }
    }
    Ok(days)
}

fn day(text: &str) -> Result<usize, NoHours> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text)).ok_or(NoHours)
}

/// `07:30`, up to `24:00`.
fn minute(text: &str) -> Result<u16, NoHours> {
    let (hour, minute) = text.split_once(':').ok_or(NoHours)?;
    let number = |text: &str| match text.len() {
        2 if text.bytes().all(|it| it.is_ascii_digit()) => text.parse::<u16>().map_err(|_| NoHours),
        _ => Err(NoHours),
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let whole = hour * 60 + minute;
    if minute < 60 && whole <= MINUTES_A_DAY { Ok(whole) } else { Err(NoHours) }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != [true; 7] {
            let days = DAYS.iter().zip(self.days).filter(|(_, is)| *is).map(|(day, _)| *day);
            write!(f, "{} ", days.collect::<Vec<_>>().join(","))?;
        }
        let Self { from, until, .. } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_millis(at.as_millisecond())
    }

    fn end(hours: &[&str], zone: &str, moment: &str) -> Option<String> {
        let hours: Vec<Hours> = hours.iter().map(|it| it.parse().unwrap()).collect();
        let zone = TimeZone::get(zone).unwrap();
        end_of(&hours, at(moment), &zone).map(|it| it.to_string())
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = ["Mon-Fri 22:00-07:00"];
        // 28 November 2026 is a Saturday.
        let told = |moment| end(&night, "UTC", moment);
        assert_eq!(told("2026-11-27T22:00:00Z").unwrap(), "2026-11-28T07:00:00Z", "Friday's night");
        assert_eq!(told("2026-11-28T06:59:59Z").unwrap(), "2026-11-28T07:00:00Z");
        assert_eq!(told("2026-11-28T07:00:00Z"), None);
        assert_eq!(told("2026-11-28T23:00:00Z"), None, "Saturday's is not meant");
        assert_eq!(told("2026-11-30T06:00:00Z"), None, "nor Sunday's");
    }

    #[test]
    fn hours_that_touch_are_one() {
        let quiet = ["22:00-07:00", "Sat,Sun"];
        let told = end(&quiet, "UTC", "2026-11-27T23:00:00Z");
        assert_eq!(told.unwrap(), "2026-11-30T07:00:00Z", "the whole weekend, and the night after");
        let always = ["00:00-24:00"];
        assert!(end(&always, "UTC", "2026-11-27T23:00:00Z").is_some());
    }

    #[test]
    fn hours_are_those_of_the_zone_and_its_daylight_saving() {
        let night = ["22:00-07:00"];
        let told = |moment| end(&night, "Asia/Jerusalem", moment);
        assert_eq!(told("2026-11-27T20:00:00Z").unwrap(), "2026-11-28T05:00:00Z");
        // Clocks go forward on Friday 27 March 2026 at 02:00.
        assert_eq!(told("2026-03-26T21:00:00Z").unwrap(), "2026-03-27T04:00:00Z");
        // 02:30 is skipped that night: what ends then ends as far after.
        let skipped = end(&["22:00-02:30"], "Asia/Jerusalem", "2026-03-26T21:00:00Z");
        assert_eq!(skipped.unwrap(), "2026-03-27T00:30:00Z");
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_refused() {
        for (text, shown) in [
            ("Mon-Fri 09:00-17:30", "Mon,Tue,Wed,Thu,Fri 09:00-17:30"),
            ("22:00-07:00", "22:00-07:00"),
            ("sat,SUN", "Sat,Sun 00:00-24:00"),
            ("Fri-Mon 00:00-24:00", "Mon,Fri,Sat,Sun 00:00-24:00"),
        ] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "Mon-",
            "9:00-17:00",
            "09:00",
            "09:00-09:00",
            "24:00-07:00",
            "09:60-10:00",
            "25:00-26:00",
            "Mon 09:00-17:00 x",
            "09:00-17:00 Mon",
            "Moon",
            "Mon 09-17",
        ] {
            assert_eq!(text.parse::<Hours>(), Err(NoHours), "{text}");
        }
    }

    proptest! {
        #[test]
        fn hours_end_after_they_are_asked_about_and_never_panic(
            millis in -62_135_596_800_000_i64..253_402_207_200_000,
            from in 0_u16..1_440, length in 1_u16..1_440, days in any::<[bool; 7]>(),
        ) {
            prop_assume!(days.contains(&true));
            let hours = Hours { days, from, until: (from + length) % 1_440 };
            let (moment, zone) = (Timestamp::from_millis(millis), TimeZone::get("Asia/Kolkata").unwrap());
            if let Some(end) = hours.end(moment, &zone) {
                prop_assert!(end > moment);
                prop_assert!(end.millis_since(moment) <= 25 * 3_600_000);
            }
            prop_assert_eq!(hours.to_string().parse::<Hours>(), Ok(hours));
        }
    }
}
