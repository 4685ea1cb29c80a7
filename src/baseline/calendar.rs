//! Hours of the week where the people live.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::mention::Timestamp;

/// Hours in a week.
pub const SLOTS: usize = 168;

/// An hour of the week: 0 is Monday 00:00 to 01:00, 167 is Sunday 23:00 to 24:00.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u8")]
pub struct Slot(u8);

impl Slot {
    /// The hours of a week, from its first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..SLOTS as u8).map(Self)
    }

    /// The hour of day, 0..24.
    pub const fn hour(self) -> usize {
        self.0 as usize % 24
    }

    /// The weekday, 0 (Monday) ..7.
    pub const fn weekday(self) -> usize {
        self.0 as usize / 24
    }

    /// The hour of the week, 0..168.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The hour of the week that begins `hours` after this one.
    pub(super) const fn after(self, hours: i16) -> Self {
        Self((self.0 as i16 + hours).rem_euclid(SLOTS as i16) as u8)
    }
}

impl TryFrom<u8> for Slot {
    type Error = String;

    fn try_from(hour: u8) -> Result<Self, Self::Error> {
        if usize::from(hour) < SLOTS {
            Ok(Self(hour))
        } else {
            Err(format!("{hour} is no hour of the week"))
        }
    }
}

/// Tells the slot of a moment in one time zone, daylight saving included.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of `zone`.
    pub const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// The hour of the week in which `at` lies. When clocks are set back the same slot comes twice;
    /// when they are set forward one is left out.
    pub fn slot(&self, at: Timestamp) -> Slot {
        self.slot_and_into(at).0
    }

    /// The hour of the week in which `at` lies, and how much of that hour had passed by then, 0..1.
    pub fn slot_and_into(&self, at: Timestamp) -> (Slot, f64) {
        let local = self.zone.to_datetime(at.to_jiff());
        let weekday = local.weekday().to_monday_zero_offset();
        let hour = i16::from(weekday) * 24 + i16::from(local.hour());
        let into = (f64::from(local.minute()) * 60.0 + f64::from(local.second())) / 3_600.0;
        (Slot(u8::try_from(hour).unwrap_or(0)), into)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn slot(zone: &str, at: &str) -> usize {
        let at: jiff::Timestamp = at.parse().unwrap();
        let calendar = Calendar::new(TimeZone::get(zone).unwrap());
        calendar.slot(Timestamp::from_millis(at.as_millisecond())).index()
    }

    #[test]
    fn slots_follow_local_time_and_daylight_saving() {
        assert_eq!(slot("UTC", "2015-02-16T00:00:00Z"), 0, "a Monday");
        assert_eq!(slot("America/New_York", "2015-02-16T00:00:00Z"), 6 * 24 + 19, "still Sunday");
        // Clocks go forward on 8 March 2015 at 07:00 UTC: 02:00 to 03:00 does not exist.
        assert_eq!(slot("America/New_York", "2015-03-08T06:59:00Z"), 6 * 24 + 1);
        assert_eq!(slot("America/New_York", "2015-03-08T07:00:00Z"), 6 * 24 + 3);
        assert_eq!(slot("Asia/Kolkata", "2015-02-16T00:00:00Z"), 5, "half-hour zones too");
    }

    #[test]
    fn a_week_ends_where_it_begins() {
        let calendar = Calendar::new(TimeZone::get("Asia/Kolkata").unwrap());
        let monday: jiff::Timestamp = "2015-02-15T18:45:00Z".parse().unwrap();
        let monday = Timestamp::from_millis(monday.as_millisecond());
        let (slot, into) = calendar.slot_and_into(monday);
        assert_eq!((slot.index(), into), (0, 0.25));
        assert_eq!((slot.after(-1).index(), slot.after(-1).after(2).index()), (167, 1));
    }
}
