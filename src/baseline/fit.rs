//! The fit of a rate and its seasonal factors to the hours of the past.

use std::collections::VecDeque;

use super::calendar::{SLOTS, Slot};
use super::expected::Scale;
use super::{Bucket, Elements};

/// How far seasonal factors may lie from 1 before there is a record.
///
/// The strengths, in mentions, are those with which each factor shrinks towards 1; the inverse of a
/// strength is the prior variance of its factor.
#[derive(Debug)]
struct Prior {
    hour: f64,
    weekday: f64,
    slot: f64,
    /// Squared relative error of an hour of the day never seen yet, taken to be like the last one
    /// seen before it...
    unseen: f64,
    /// ...and how much it grows with every hour between the two.
    unseen_per_hour: f64,
    /// Its upper bound: nights differ from days about that much.
    unseen_most: f64,
}

/// Counts: hours of the day differ a lot (100 %), weekdays some (20 %), and an hour of the week
/// from what its hour and its weekday suggest little (14 %).
const COUNT: Prior = Prior {
    hour: 1.0,
    weekday: 25.0,
    slot: 50.0,
    unseen: 2.5,
    unseen_per_hour: 0.25,
    unseen_most: 4.0,
};

/// Shares: people complain by day as by night, give or take 20 %.
const SHARE: Prior = Prior {
    hour: 25.0,
    weekday: 50.0,
    slot: 100.0,
    unseen: 0.04,
    unseen_per_hour: 0.0,
    unseen_most: 0.04,
};

/// Backfitting rounds; the fit starts from the previous one, so few are needed.
const ROUNDS: usize = 4;
/// An hour counts at most as if it lay this many standard deviations off, and three mentions.
const CLIP: f64 = 3.0;
const CLIP_MENTIONS: f64 = 3.0;

/// Hours.
const WEEK: i64 = SLOTS as i64;

/// `rate x factor`, with what is not known about either.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    scale: Scale,
    elements: Elements,
    prior: &'static Prior,
    /// Mentions per unit of exposure.
    rate: f64,
    /// Effective number of mentions the rate was learnt from; its inverse is the squared relative
    /// error of the rate.
    shape: f64,
    hours: [Factor; 24],
    weekdays: [Factor; 7],
    slots: Vec<Factor>,
}

/// A seasonal factor and its squared relative error.
#[derive(Debug, Clone, Copy)]
struct Factor {
    value: f64,
    doubt: f64,
}

/// What a factor is learnt from: mentions counted and mentions expected without it.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    counted: f64,
    expected: f64,
}

impl Tally {
    fn add(&mut self, counted: f64, expected: f64) {
        self.counted += counted;
        self.expected += expected;
    }

    fn factor(self, strength: f64) -> Factor {
        Factor {
            value: (self.counted + strength) / (self.expected + strength),
            doubt: 1.0 / (self.counted + strength),
        }
    }
}

/// An hour as the fit sees it: weighted and winsorised.
struct Weighted {
    slot: Slot,
    counted: f64,
    exposure: f64,
}

impl Fit {
    pub(super) fn new(scale: Scale, elements: Elements) -> Self {
        let prior = match scale {
            Scale::Count => &COUNT,
            Scale::Share => &SHARE,
        };
        let unknown = |strength: f64| Tally::default().factor(strength);
        Self {
            scale,
            elements,
            prior,
            rate: 0.0,
            shape: 0.5,
            hours: [unknown(prior.hour); 24],
            weekdays: [unknown(prior.weekday); 7],
            slots: vec![unknown(prior.slot); SLOTS],
        }
    }

    /// Mentions expected for `exposure` in `slot`.
    pub(super) fn mean(&self, slot: Slot, exposure: f64) -> f64 {
        let mean = self.rate * self.factor(slot) * exposure;
        match self.scale {
            Scale::Count => mean,
            // A share cannot pass 1, nor be sure of it.
            Scale::Share => mean.min(0.995 * exposure),
        }
    }

    /// The mean over a whole shape, and the squared relative error of that mean. What is not known
    /// of a weekday is off for all of its hours alike, and much the same for the day beside it:
    /// those errors add up, all others average out.
    pub(super) fn predict(&self, shape: &[(Slot, f64)]) -> (f64, f64) {
        let (mut mean, mut weekdays, mut others) = (0.0, 0.0, 0.0);
        for &(slot, exposure) in shape {
            let part = self.mean(slot, exposure);
            mean += part;
            weekdays += part * self.weekdays[slot.weekday()].doubt.sqrt();
            let doubt = self.hours[slot.hour()].doubt + self.slots[slot.index()].doubt;
            others += part * part * doubt;
        }
        let rate = 1.0 / self.shape;
        if mean <= 0.0 || !self.elements.seasonality {
            return (mean, rate);
        }
        (mean, (weekdays * weekdays + others) / (mean * mean) + rate)
    }

    /// Multiplies the rate: the level has moved.
    pub(super) fn scale_by(&mut self, ratio: f64) {
        self.rate *= ratio;
    }

    /// Fits `past` anew, starting from what was fitted before. `dispersion` is that of an hour.
    pub(super) fn refit(&mut self, past: &VecDeque<Bucket>, half_life_hours: f64, dispersion: f64) {
        if self.rate == 0.0 {
            let (counted, exposure) = past
                .iter()
                .fold((0.5, 0.0), |sum, bucket| (sum.0 + bucket.count, sum.1 + bucket.exposure));
            self.rate = if exposure > 0.0 { counted / exposure } else { 0.0 };
        }
        for _ in 0..ROUNDS {
            let hours = self.weigh(past, half_life_hours, dispersion);
            self.fit_rate(&hours);
            if self.elements.seasonality {
                self.fit_factors(&hours);
            }
        }
    }

    /// The count of an hour, pulled in to where an hour may lie.
    pub(super) fn winsorised(&self, bucket: &Bucket, dispersion: f64) -> f64 {
        if !self.elements.robust {
            return bucket.count;
        }
        let mean = self.mean(bucket.slot, bucket.exposure);
        let doubt = 1.0 / self.shape + self.seasonal_doubt(bucket.slot);
        let spread = (mean + (dispersion + doubt) * mean * mean).sqrt();
        let reach = CLIP * spread + CLIP_MENTIONS;
        bucket.count.clamp((mean - reach).max(0.0), mean + reach)
    }

    fn factor(&self, slot: Slot) -> f64 {
        self.hours[slot.hour()].value
            * self.weekdays[slot.weekday()].value
            * self.slots[slot.index()].value
    }

    fn seasonal_doubt(&self, slot: Slot) -> f64 {
        if !self.elements.seasonality {
            return 0.0;
        }
        self.hours[slot.hour()].doubt
            + self.weekdays[slot.weekday()].doubt
            + self.slots[slot.index()].doubt
    }

    fn weigh(&self, past: &VecDeque<Bucket>, half_life: f64, dispersion: f64) -> Vec<Weighted> {
        let now = past.back().map_or(0, |bucket| bucket.hour);
        past.iter()
            .filter(|bucket| !bucket.held || recurs(past, bucket.hour))
            .map(|bucket| {
                let mean = self.mean(bucket.slot, bucket.exposure);
                let counted = self.winsorised(bucket, dispersion);
                let age = (now - bucket.hour) as f64;
                let weight = (-age / half_life).exp2() / (1.0 + dispersion * mean);
                Weighted {
                    slot: bucket.slot,
                    counted: weight * counted,
                    exposure: weight * bucket.exposure,
                }
            })
            .collect()
    }

    fn fit_rate(&mut self, hours: &[Weighted]) {
        let mut tally = Tally { counted: 0.5, expected: 0.0 };
        for hour in hours {
            tally.add(hour.counted, self.factor(hour.slot) * hour.exposure);
        }
        if tally.expected > 0.0 {
            self.rate = tally.counted / tally.expected;
            self.shape = tally.counted;
        }
    }

    fn fit_factors(&mut self, hours: &[Weighted]) {
        let mut tallies = [Tally::default(); 24];
        for hour in hours {
            let others =
                self.weekdays[hour.slot.weekday()].value * self.slots[hour.slot.index()].value;
            tallies[hour.slot.hour()].add(hour.counted, self.rate * others * hour.exposure);
        }
        let strength = self.prior.hour;
        self.hours = tallies.map(|tally| tally.factor(strength));
        self.guess_unseen(&tallies);

        let mut tallies = [Tally::default(); 7];
        for hour in hours {
            let others = self.hours[hour.slot.hour()].value * self.slots[hour.slot.index()].value;
            tallies[hour.slot.weekday()].add(hour.counted, self.rate * others * hour.exposure);
        }
        let strength = self.prior.weekday;
        self.weekdays = tallies.map(|tally| tally.factor(strength));

        let mut tallies = [Tally::default(); SLOTS];
        for hour in hours {
            let others =
                self.hours[hour.slot.hour()].value * self.weekdays[hour.slot.weekday()].value;
            tallies[hour.slot.index()].add(hour.counted, self.rate * others * hour.exposure);
        }
        for (factor, tally) in self.slots.iter_mut().zip(tallies) {
            *factor = tally.factor(self.prior.slot);
        }
    }

    /// An hour of the day never seen is taken to be like the last one seen before it.
    fn guess_unseen(&mut self, tallies: &[Tally; 24]) {
        let seen = |hour: usize| tallies[hour % 24].expected > 0.0;
        for hour in (0..24).filter(|&hour| !seen(hour)) {
            let Some(distance) = (1..24).find(|distance| seen(hour + 24 - distance)) else {
                return;
            };
            let doubt = self.prior.unseen + self.prior.unseen_per_hour * (distance - 1) as f64;
            self.hours[hour] = Factor {
                value: self.hours[(hour + 24 - distance) % 24].value,
                doubt: doubt.min(self.prior.unseen_most),
            };
        }
    }
}

/// Whether an hour that is held out was so, too, in the week before or after: what recurs is the
/// rhythm of the week, not a crisis.
fn recurs(past: &VecDeque<Bucket>, hour: i64) -> bool {
    let held = |hour: i64| {
        let at = past.binary_search_by_key(&hour, |bucket| bucket.hour);
        at.is_ok_and(|at| past[at].held)
    };
    held(hour - WEEK) || held(hour + WEEK)
}
