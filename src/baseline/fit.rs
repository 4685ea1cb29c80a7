//! The fit of a rate and its seasonal factors to the hours of the past.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::calendar::{SLOTS, Slot};
use super::expected::Scale;
use super::{Bucket, Elements, Part, within};

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

const fn count() -> &'static Prior {
    &COUNT
}

/// A rate of which nothing has been seen is worth half a mention (Jeffreys' prior).
const NOTHING: f64 = 0.5;
/// Backfitting rounds; the fit starts from the previous one, so few are needed.
const ROUNDS: usize = 4;
/// An hour counts at most as if it lay this many standard deviations off, and three mentions.
const CLIP: f64 = 3.0;
const CLIP_MENTIONS: f64 = 3.0;

/// Hours.
const WEEK: i64 = SLOTS as i64;

/// `rate x factor`, with what is not known about either.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fit {
    #[serde(skip)]
    scale: Scale,
    #[serde(skip)]
    elements: Elements,
    #[serde(skip, default = "count")]
    prior: &'static Prior,
    /// Mentions per unit of exposure.
    rate: Factor,
    hours: [Factor; 24],
    weekdays: [Factor; 7],
    slots: Vec<Factor>,
}

/// What is predicted of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    /// Expected mentions.
    pub mean: f64,
    /// Squared relative error of that mean.
    pub doubt: f64,
    /// The part of `doubt` that comes from having learnt from restless hours.
    pub error: f64,
}

/// A rate or a seasonal factor, and its squared relative error.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Factor {
    value: f64,
    doubt: f64,
    /// The part of `doubt` that comes from having learnt from restless hours.
    error: f64,
}

/// The squared error of a sum of hours' means: what is off for each by itself, and what is off for all
/// alike.
#[derive(Debug, Clone, Copy, Default)]
struct SquaredError {
    apart: f64,
    alike: f64,
}

impl SquaredError {
    fn add(&mut self, mean: f64, apart: f64, alike: f64) {
        self.apart += mean * mean * apart;
        self.alike += mean * alike.sqrt();
    }

    fn relative_to(self, mean: f64) -> f64 {
        (self.alike * self.alike + self.apart) / (mean * mean)
    }
}

/// What a factor is learnt from: mentions counted and mentions expected without it.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    counted: f64,
    expected: f64,
    /// The variance of `counted`...
    variance: f64,
    /// ...and the part of it that is restlessness, not chance.
    restless: f64,
}

impl Tally {
    fn add(&mut self, seen: &Seen, rate: f64) {
        self.counted += seen.counted;
        self.expected += rate * seen.exposure;
        self.variance += seen.variance;
        self.restless += seen.restless;
    }

    fn factor(self, strength: f64) -> Factor {
        self.learnt(strength, self.expected + strength)
    }

    /// What has been counted and a prior worth `strength` mentions, over what was expected.
    fn learnt(self, strength: f64, expected: f64) -> Factor {
        let known = self.counted + strength;
        Factor {
            value: known / expected,
            doubt: (self.variance + strength) / (known * known),
            error: self.restless / (known * known),
        }
    }
}

/// What has been seen in one hour of the week: weighted, winsorised and summed.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    counted: f64,
    exposure: f64,
    /// The variance of `counted`...
    variance: f64,
    /// ...and the part of it that is restlessness, not chance.
    restless: f64,
}

type Week = [Seen; SLOTS];

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
            rate: Factor { value: 0.0, ..unknown(NOTHING) },
            hours: [unknown(prior.hour); 24],
            weekdays: [unknown(prior.weekday); 7],
            slots: vec![unknown(prior.slot); SLOTS],
        }
    }

    /// What this has learnt, with the settings of `fresh`; `None` when it is of no week.
    pub(super) fn resume(self, fresh: &Self) -> Option<Self> {
        let Self { scale, elements, prior, .. } = *fresh;
        (self.slots.len() == SLOTS).then_some(Self { scale, elements, prior, ..self })
    }

    /// Mentions expected in `part`.
    pub(super) fn mean(&self, part: &Part) -> f64 {
        self.mean_of(part, self.spread_evenly(part))
    }

    /// Mentions expected in `part`, whose exposure is worth `spread` spread evenly over its hour.
    fn mean_of(&self, part: &Part, spread: f64) -> f64 {
        let mean = self.rate.value * self.factor(part.slot) * spread;
        match self.scale {
            Scale::Count => mean,
            // A share cannot pass 1, nor be sure of it.
            Scale::Share => mean.min(0.995 * part.exposure),
        }
    }

    /// The exposure that would hold as much as `part`, were it spread evenly over the hour.
    fn spread_evenly(&self, part: &Part) -> f64 {
        if !self.elements.seasonality || !self.elements.within_hour || part.is_even() {
            return part.exposure;
        }
        let around = [-2, -1, 0, 1, 2].map(|hours| self.factor(part.slot.after(hours)));
        part.exposure + within::beyond_even(around, part.lean, part.bend) / around[2]
    }

    /// What is predicted of a shape in whose parts `means` are expected. What is not known of a
    /// weekday is off for all of its hours alike, and much the same for the day beside it: those errors add up, all others average out.
    pub(super) fn predict(&self, shape: &[Part], means: &[f64]) -> Prediction {
        let (mut mean, mut doubt, mut error) =
            (0.0, SquaredError::default(), SquaredError::default());
        for (part, &expected) in shape.iter().zip(means) {
            let (hour, weekday, own) = self.factors(part.slot);
            mean += expected;
            doubt.add(expected, hour.doubt + own.doubt, weekday.doubt);
            error.add(expected, hour.error + own.error, weekday.error);
        }
        let seasonal = mean > 0.0 && self.elements.seasonality;
        let of_factors = |it: SquaredError| if seasonal { it.relative_to(mean) } else { 0.0 };
        Prediction {
            mean,
            doubt: self.rate.doubt + of_factors(doubt),
            error: self.rate.error + of_factors(error),
        }
    }

    /// Multiplies the rate: the level has moved.
    pub(super) fn scale_by(&mut self, ratio: f64) {
        self.rate.value *= ratio;
    }

    /// Fits `past` anew, starting from what was fitted before. `dispersion` is that of an hour.
    pub(super) fn refit(&mut self, past: &VecDeque<Bucket>, half_life_hours: f64, dispersion: f64) {
        if self.rate.value == 0.0 {
            let (counted, exposure) = past.iter().fold((NOTHING, 0.0), |sum, bucket| {
                (sum.0 + bucket.count, sum.1 + bucket.part.exposure)
            });
            self.rate.value = if exposure > 0.0 { counted / exposure } else { 0.0 };
        }
        let age_weights = age_weights(past, half_life_hours);
        for _ in 0..ROUNDS {
            let week = self.weigh(past, &age_weights, dispersion);
            self.fit_rate(&week);
            if self.elements.seasonality {
                self.fit_factors(&week);
            }
        }
    }

    /// The count of an hour of which `mean` was expected, pulled in to where an hour may lie.
    pub(super) fn winsorised(&self, bucket: &Bucket, mean: f64, dispersion: f64) -> f64 {
        if !self.elements.robust {
            return bucket.count;
        }
        let doubt = self.rate.doubt + self.seasonal_doubt(bucket.part.slot);
        let spread = (mean + (dispersion + doubt) * mean * mean).sqrt();
        let reach = CLIP * spread + CLIP_MENTIONS;
        bucket.count.clamp((mean - reach).max(0.0), mean + reach)
    }

    fn factor(&self, slot: Slot) -> f64 {
        let (hour, weekday, own) = self.factors(slot);
        hour.value * weekday.value * own.value
    }

    fn factors(&self, slot: Slot) -> (Factor, Factor, Factor) {
        (self.hours[slot.hour()], self.weekdays[slot.weekday()], self.slots[slot.index()])
    }

    fn seasonal_doubt(&self, slot: Slot) -> f64 {
        if !self.elements.seasonality {
            return 0.0;
        }
        let (hour, weekday, own) = self.factors(slot);
        hour.doubt + weekday.doubt + own.doubt
    }

    fn weigh(&self, past: &VecDeque<Bucket>, age_weights: &[f64], dispersion: f64) -> Week {
        let mut week = [Seen::default(); SLOTS];
        for (bucket, &age_weight) in past.iter().zip(age_weights) {
            let spread = self.spread_evenly(&bucket.part);
            let mean = self.mean_of(&bucket.part, spread);
            let restless = dispersion * mean / (1.0 + dispersion * mean);
            let weight = age_weight * (1.0 - restless);
            let counted = weight * self.winsorised(bucket, mean, dispersion);
            let seen = &mut week[bucket.part.slot.index()];
            seen.counted += counted;
            seen.exposure += weight * spread;
            seen.variance += age_weight * counted;
            seen.restless += age_weight * counted * restless;
        }
        week
    }

    fn fit_rate(&mut self, week: &Week) {
        let mut tally = Tally::default();
        for (slot, seen) in Slot::all().zip(week) {
            tally.add(seen, self.factor(slot));
        }
        if tally.expected > 0.0 {
            self.rate = tally.learnt(NOTHING, tally.expected);
        }
    }

    fn fit_factors(&mut self, week: &Week) {
        let mut tallies = [Tally::default(); 24];
        for (slot, seen) in Slot::all().zip(week) {
            let (_, weekday, own) = self.factors(slot);
            tallies[slot.hour()].add(seen, self.rate.value * weekday.value * own.value);
        }
        let strength = self.prior.hour;
        self.hours = tallies.map(|tally| tally.factor(strength));
        self.guess_unseen(&tallies);

        let mut tallies = [Tally::default(); 7];
        for (slot, seen) in Slot::all().zip(week) {
            let (hour, _, own) = self.factors(slot);
            tallies[slot.weekday()].add(seen, self.rate.value * hour.value * own.value);
        }
        let strength = self.prior.weekday;
        self.weekdays = tallies.map(|tally| tally.factor(strength));

        for (slot, seen) in Slot::all().zip(week) {
            let (hour, weekday, _) = self.factors(slot);
            let mut tally = Tally::default();
            tally.add(seen, self.rate.value * hour.value * weekday.value);
            self.slots[slot.index()] = tally.factor(self.prior.slot);
        }
    }

    /// An hour of the day never seen is taken to be like the last one seen before it.
    fn guess_unseen(&mut self, tallies: &[Tally; 24]) {
        let known = |hour: usize| tallies[hour % 24].expected > 0.0;
        for hour in (0..24).filter(|&hour| !known(hour)) {
            let Some(distance) = (1..24).find(|distance| known(hour + 24 - distance)) else {
                return;
            };
            let doubt = self.prior.unseen + self.prior.unseen_per_hour * (distance - 1) as f64;
            let like = self.hours[(hour + 24 - distance) % 24];
            self.hours[hour] = Factor { doubt: doubt.min(self.prior.unseen_most), ..like };
        }
    }
}

/// What each hour of the past counts for by its age; one that is held out counts for nothing.
fn age_weights(past: &VecDeque<Bucket>, half_life: f64) -> Vec<f64> {
    let now = past.back().map_or(0, |bucket| bucket.hour);
    let weight = |bucket: &Bucket| {
        if bucket.held && !recurs(past, bucket.hour) {
            return 0.0;
        }
        (-((now - bucket.hour) as f64) / half_life).exp2()
    };
    past.iter().map(weight).collect()
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
