//! What is new: an alarm that tells no more than the one before it is none.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::mention::Timestamp;

/// How long an alarm holds back those after it.
const HOLD_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// An alarm within that time is new if it is so many times rarer: by the usual tail of a record,
/// about 1.8 times as far out.
const RARER: f64 = 32.0;
/// The power with which a record's tail usually falls.
const USUAL_INDEX: f64 = 6.0;

/// The alarms of the last day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct News {
    alarms: VecDeque<(Timestamp, f64)>,
    rarer: f64,
}

impl Default for News {
    fn default() -> Self {
        Self::of_so_many_times(RARER)
    }
}

impl News {
    /// What is so many times as rare, or as large, as the alarms of the last day is new.
    pub const fn of_so_many_times(rarer: f64) -> Self {
        Self { alarms: VecDeque::new(), rarer }
    }

    /// Whether something that comes once in `days` (or is so large) is new at `at`; if so it is an
    /// alarm itself. Times do not go back.
    pub fn is_new(&mut self, at: Timestamp, days: f64) -> bool {
        while self.alarms.front().is_some_and(|alarm| at.millis_since(alarm.0) > HOLD_MS) {
            self.alarms.pop_front();
        }
        let rarest = self.alarms.iter().fold(0.0, |rarest, alarm| alarm.1.max(rarest));
        let new = days > 0.0 && days >= self.rarer * rarest;
        if new {
            self.alarms.push_back((at, days));
        }
        new
    }
}

/// How far out a swing that goes on was when people were last told of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LastTold {
    at: Timestamp,
    z: f64,
    /// How far out it was since, by the hour, of the last day.
    hours: VecDeque<(i64, f64)>,
}

impl LastTold {
    /// People are told at `at` that it is as far out as `z`, whatever its direction; 0: of
    /// something else.
    pub fn new(at: Timestamp, z: f64) -> Self {
        Self { at, z: z.abs(), hours: VecDeque::new() }
    }

    /// Whether people have been told of any swing.
    pub fn is_of_a_swing(&self) -> bool {
        self.z > 0.0
    }

    /// How long ago people were told, in milliseconds.
    pub fn millis_ago(&self, at: Timestamp) -> i64 {
        at.millis_since(self.at)
    }

    /// Follows how far out it is now. What has been told counts for a day; then no more than the
    /// swing has reached in the last day, so that one which has come down may rise again and be
    /// told, and one that keeps its height is no news however long it lasts.
    pub fn follow(&mut self, at: Timestamp, z: f64) {
        let (hour, z) = (at.as_millis().div_euclid(HOUR_MS), z.abs());
        match self.hours.back_mut() {
            Some((last, furthest)) if *last == hour => *furthest = furthest.max(z),
            _ => self.hours.push_back((hour, z)),
        }
        while self.hours.front().is_some_and(|it| it.0 < hour - HOLD_MS / HOUR_MS) {
            self.hours.pop_front();
        }
        if self.millis_ago(at) > HOLD_MS {
            let furthest = self.hours.iter().map(|it| it.1).fold(0.0, f64::max);
            self.z = self.z.min(furthest);
        }
    }

    /// Whether a window as far out as `z` is further out than what was told.
    pub fn is_less_than(&self, z: f64) -> bool {
        z.abs() > self.z
    }

    /// Whether a window as far out as `z` is much rarer than what was told, by its own `record`, or
    /// by the tail that one usually has before there is any.
    pub fn is_surpassed(&self, z: f64, record: &Record) -> bool {
        let (now, told) = (z.abs(), self.z.max(1.0));
        let rarer = match (record.return_days(now), record.return_days(told)) {
            (Some(now), Some(told)) => now / told,
            _ => (now / told).powf(USUAL_INDEX),
        };
        rarer >= RARER
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour * HOUR_MS)
    }

    /// A record whose tail falls with the power 6: seven days as far out as each other would be
    /// steeper, so these differ.
    fn record() -> Record {
        let mut record = Record::default();
        for day in 0..28 {
            record.observe(6.0 * 1.11_f64.powi(day % 7), 1, false);
        }
        record
    }

    #[test]
    fn worse_is_much_rarer_than_what_was_told() {
        let told = LastTold::new(at(0), -10.0);
        let none = Record::default();
        assert!(!told.is_surpassed(17.5, &none) && told.is_surpassed(18.0, &none));
        assert!(told.is_surpassed(-18.0, &none), "a fall, too");
        assert!(!told.is_surpassed(9.0, &none) && !told.is_surpassed(0.0, &none));
        let index =
            (record().return_days(20.0).unwrap() / record().return_days(10.0).unwrap()).log2();
        let just = 10.0 * 32_f64.powf(1.0 / index);
        assert!(
            !told.is_surpassed(0.99 * just, &record()) && told.is_surpassed(1.01 * just, &record())
        );
    }

    #[test]
    fn what_was_told_counts_for_a_day_and_then_as_much_as_was_reached_since() {
        let none = Record::default();
        let mut steady = LastTold::new(at(0), 20.0);
        let mut fallen = steady.clone();
        for hour in 1..=72 {
            steady.follow(at(hour), 21.0);
            // It stays up for five hours.
            fallen.follow(at(hour), if hour < 5 { 20.0 } else { 8.0 });
            assert!(!steady.is_surpassed(21.0, &none), "hour {hour}");
            assert_eq!(fallen.is_surpassed(20.0, &none), hour > 28, "hour {hour}");
        }
        assert!(steady.hours.len() <= 25);
        assert!(steady.is_surpassed(36.0, &none));
    }

    #[test]
    fn an_alarm_holds_back_all_but_much_rarer_ones_for_a_day() {
        let mut news = News::default();
        let mut at =
            |hour: i64, days: f64| news.is_new(Timestamp::from_millis(hour * 3_600_000), days);
        assert!(!at(0, 0.0), "nothing is no news");
        assert!(at(1, 10.0));
        assert!(!at(2, 10.0) && !at(3, 319.0));
        assert!(at(4, 320.0), "much rarer");
        assert!(!at(25, 320.0) && !at(28, 9_000.0), "held by the second now");
        assert!(at(29, 1.0), "a day after the second");
    }
}
