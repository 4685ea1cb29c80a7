//! A series' own record: how far out its windows have been before.
//!
//! Real mention counts have heavier tails than any distribution fitted to their bulk: a brand of
//! which every rumour reaches z 9 would page at every rumour. So the last word on how unusual a
//! window is comes from the largest z of each day of its own past (the block maxima of extreme
//! value theory). Beyond the largest of them the tail goes on as a power:
//!
//! ```text
//! days until z comes again = n / k x (z / u)^α
//! ```
//!
//! where `u` is the level of the largest of `n` days and `k` its rank (Weissman 1978, Journal of the
//! American Statistical Association 73). `1/α` is the mean log excess of the largest days over the
//! least of them (Hill 1975, Annals of Statistics 3), shrunk towards a prior while there are few.
//!
//! What follows from one cause is one event, however many days it lasts (declustering; Leadbetter
//! 1991, Statistics & Probability Letters 12): the time of an incident belongs to the day on which it
//! began.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// So many of the largest days tell where the tail begins and how fast it falls.
const LARGEST: usize = 7;
/// Days that are remembered.
const MEMORY: usize = 91;
/// No day counts for less: next to the largest of a calm week no smaller one is remarkable.
const FLOOR: f64 = 4.0;
/// No day counts for more than this many times the level so far: a crisis must not hide the next.
const WINSOR: f64 = 2.0;
/// The index of the tail before there is a record...
const PRIOR_INDEX: f64 = 6.0;
/// ...and how many excesses that is worth.
const PRIOR_WEIGHT: f64 = 3.0;
/// The record counts as much as the fitted distribution once it is this many days long, and soon
/// after for much more.
const PRIOR_DAYS: f64 = 14.0;

/// How fast the record's weight grows as its level passes the floor: at 1.1 times the floor it is
/// half, at 1.5 times nearly whole.
const CONTRADICTION: i32 = 8;

/// The largest z of each of the last days, of one window in one direction.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Record {
    days: VecDeque<f64>,
    today: f64,
    panes: usize,
    tail: Option<Tail>,
    /// The tail of all days but the largest: what has happened once is no habit.
    habit: Option<Tail>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Tail {
    level: f64,
    /// In how many days the level is reached once.
    days: f64,
    index: f64,
}

impl Record {
    /// Takes the z of a pane that was watched; a day is `panes_per_day` of them. No time passes
    /// `within` an incident.
    pub fn observe(&mut self, z: f64, panes_per_day: usize, within: bool) {
        let most = self.tail.map_or(f64::INFINITY, |tail| WINSOR * tail.level);
        self.today = self.today.max(z.min(most));
        self.panes += usize::from(!within);
        if self.panes < panes_per_day {
            return;
        }
        self.days.push_back(self.today.max(FLOOR));
        if self.days.len() > MEMORY {
            self.days.pop_front();
        }
        (self.today, self.panes) = (0.0, 0);
        let mut days: Vec<f64> = self.days.iter().copied().collect();
        days.sort_by(|a, b| b.total_cmp(a));
        self.tail = Tail::of(&days);
        self.habit = Tail::of(&days[1..]);
    }

    /// Takes the day that is not over yet, of which so many `panes` have passed, as a whole.
    pub fn resume_day(&mut self, z: f64, panes: usize) {
        self.observe(z, usize::MAX, true);
        self.panes = panes;
    }

    /// Strikes out the day that is not over yet: its incident was no swing but a new level.
    pub fn forget_today(&mut self) {
        (self.today, self.panes) = (0.0, 0);
    }

    /// In how many days a window lies as far out as `z` once, going by the record alone; `None`
    /// before its first day is over.
    pub fn return_days(&self, z: f64) -> Option<f64> {
        self.tail.map(|tail| tail.days * (z.max(0.0) / tail.level).powf(tail.index))
    }

    /// [`return_days`](Self::return_days) that may be told to people: of a record that is long enough
    /// to speak for itself, finite and above 0.
    pub fn told_days(&self, z: f64) -> Option<f64> {
        let days = self.return_days(z).filter(|days| days.is_finite() && *days > 0.0);
        days.filter(|_| self.days.len() as f64 >= PRIOR_DAYS)
    }

    /// The z that comes once in `days`, going by the record alone.
    pub fn level(&self, days: f64) -> Option<f64> {
        self.tail.map(|tail| tail.reached_in(days))
    }

    /// The z a window must reach that may signal once in `days`, where `fitted` is the limit by the
    /// fitted distribution: never below that, and above it the more the longer the record is and
    /// the further its largest days lie beyond those of a calm series. One that has never been
    /// beyond them, or once only, says nothing against the fitted distribution.
    pub fn limit(&self, fitted: f64, days: f64) -> f64 {
        let Some(habit) = self.habit else { return fitted };
        let known = (self.days.len() as f64 / PRIOR_DAYS).powi(2);
        let beyond = 1.0 - (FLOOR / habit.level).powi(CONTRADICTION);
        let weight = known / (known + 1.0) * beyond;
        fitted * (habit.reached_in(days) / fitted).max(1.0).powf(weight)
    }
}

impl Tail {
    /// Of `days`, the largest first.
    fn of(days: &[f64]) -> Option<Self> {
        let largest: Vec<f64> = days.iter().take(LARGEST).map(|z| z.ln()).collect();
        let (least, ranks) = (*largest.last()?, largest.len() as f64);
        let excess: f64 = largest.iter().map(|z| z - least).sum();
        Some(Self {
            level: (largest.iter().sum::<f64>() / ranks).exp(),
            days: days.len() as f64 / ((ranks + 1.0) / 2.0),
            index: (PRIOR_WEIGHT + ranks - 1.0) / (PRIOR_WEIGHT / PRIOR_INDEX + excess),
        })
    }

    /// The z that comes once in `days`.
    fn reached_in(&self, days: f64) -> f64 {
        self.level * (days / self.days).powf(1.0 / self.index)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// A record of days with these maxima, of two panes each.
    fn record(maxima: impl IntoIterator<Item = f64>) -> Record {
        let mut record = Record::default();
        for z in maxima {
            record.observe(1.0, 2, false);
            record.observe(z, 2, false);
        }
        record
    }

    #[test]
    fn nothing_is_said_before_the_first_day_is_over() {
        let mut record = Record::default();
        record.observe(9.0, 2, false);
        assert_eq!((record.return_days(5.0), record.limit(4.4, 100.0)), (None, 4.4));
        record.observe(1.0, 2, false);
        let once = record.return_days(9.0).unwrap();
        assert!((once - 1.0).abs() < 1e-9, "once in the one day there was: {once}");
    }

    #[test]
    fn people_are_told_of_two_weeks_and_no_less() {
        let short = record((0..13).map(|day| 6.0 + f64::from(day % 3)));
        assert_eq!(short.told_days(9.0), None);
        let long = record((0..14).map(|day| 6.0 + f64::from(day % 3)));
        assert_eq!(long.told_days(9.0), long.return_days(9.0));
        assert_eq!((long.told_days(0.0), long.told_days(f64::MAX)), (None, None));
    }

    #[test]
    fn the_tail_follows_its_formulas() {
        // Seven largest of 14: 8 x 1.1^0..=6, so the mean log excess over the least is 3 ln 1.1.
        let record = record((0..14).map(|at| 8.0 * 1.1_f64.powi(at - 7)));
        let index = (3.0 + 6.0) / (3.0 / 6.0 + 21.0 * 1.1_f64.ln());
        let level = 8.0 * 1.1_f64.powi(3);
        assert!((record.return_days(level).unwrap() - 14.0 / 4.0).abs() < 1e-9);
        assert!((record.return_days(2.0 * level).unwrap() - 3.5 * 2_f64.powf(index)).abs() < 1e-6);
        assert!((record.level(3.5 * 2_f64.powf(index)).unwrap() - 2.0 * level).abs() < 1e-9);
    }

    #[test]
    fn a_calm_series_keeps_nearly_the_fitted_limit_and_a_wild_one_does_not() {
        let (fitted, days) = (4.4, 7.0 * 12.0);
        let calm = record((0..28).map(|day| 2.8 + f64::from(day % 5) / 5.0)).limit(fitted, days);
        let wild = record((0..28).map(|day| 4.0 + 2.0 * f64::from(day % 4))).limit(fitted, days);
        assert!((fitted..1.15 * fitted).contains(&calm), "{calm}");
        assert!((7.0..13.0).contains(&wild), "{wild}");
    }

    #[test]
    fn no_limit_lies_below_the_fitted_one_and_no_day_below_the_floor() {
        let record = record([0.5; 28]);
        assert_eq!(record.limit(8.0, 84.0), 8.0);
        assert_eq!(record.limit(4.4, 84.0), 4.4);
    }

    #[test]
    fn the_longer_the_record_the_more_it_counts() {
        let limits = [1, 7, 28, 91]
            .map(|days| record((0..days).map(|day| 6.0 + f64::from(day % 3))).limit(4.4, 84.0));
        assert!(limits.is_sorted() && limits[3] > 7.0, "{limits:?}");
    }

    #[test]
    fn a_crisis_of_three_days_counts_as_one_and_one_is_no_habit() {
        let calm = || (0..25).map(|day| 3.0 + f64::from(day % 5) / 3.0);
        let before = record(calm()).limit(4.4, 84.0);
        let mut after = record(calm());
        (0..6).for_each(|_| after.observe(60.0, 2, true));
        assert_eq!(after.days.len(), 25, "it is not over");
        after.observe(1.0, 2, false);
        after.observe(1.0, 2, false);
        assert!(after.days.len() == 26 && after.tail.unwrap().level > after.habit.unwrap().level);
        let after = after.limit(4.4, 84.0);
        assert!((0.95 * before..1.05 * before).contains(&after), "{before} {after}");
    }

    #[test]
    fn a_level_that_has_become_normal_is_struck_out() {
        let calm = || (0..25).map(|day| 3.0 + f64::from(day % 5) / 3.0);
        let mut record = record(calm());
        (0..9).for_each(|_| record.observe(60.0, 2, true));
        record.forget_today();
        record.observe(1.0, 2, false);
        record.observe(1.0, 2, false);
        assert_eq!(record.limit(4.4, 84.0), self::record(calm().chain([1.0])).limit(4.4, 84.0));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let record = record((0..300).map(|day| if day < 100 { 40.0 } else { 4.0 }));
        assert_eq!(record.days.len(), MEMORY);
        assert!(record.limit(4.4, 84.0) < 6.0, "forgotten: {}", record.limit(4.4, 84.0));
    }

    proptest! {
        #[test]
        fn whatever_the_record_further_out_is_rarer_and_finite(
            maxima in prop::collection::vec(prop_oneof![Just(0.0), 0.0_f64..10.0, Just(1_000.0)], 1..120),
            z in 0.0_f64..1_000.0,
            days in 1.0_f64..1e7,
        ) {
            let record = record(maxima);
            let (near, far) = (record.return_days(z).unwrap(), record.return_days(z + 1.0).unwrap());
            prop_assert!(near < far && far.is_finite(), "{near} {far}");
            let limit = record.limit(4.4, days);
            prop_assert!(limit.is_finite() && limit >= 4.4 && limit <= record.limit(4.4, 2.0 * days));
        }
    }
}
