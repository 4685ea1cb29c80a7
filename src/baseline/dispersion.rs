//! How restless a series is by itself, window length by window length.

use serde::{Deserialize, Serialize};

use super::expected::{Expected, Scale};

/// What is assumed of a series before there is a record.
#[derive(Debug)]
struct Prior {
    /// Squared relative deviation of an hour from what hour and weekday suggest.
    hour: f64,
    /// How it falls with a window's length: with this power.
    power: f64,
    /// Correlation of the deviations of neighbouring hours.
    correlation: f64,
}

/// Counts: about 35 %, lasting for some hours, so that a day is steadier; five minutes are wilder.
const COUNT: Prior = Prior { hour: 0.12, power: 0.3, correlation: 0.85 };
/// Shares: about 6 %, whatever the window.
const SHARE: Prior = Prior { hour: 0.004, power: 0.0, correlation: 1.0 };
const fn count() -> &'static Prior {
    &COUNT
}

/// How many fully informative windows that is worth.
const PRIOR_WINDOWS: f64 = 2.5;
/// No hour says more than one of a series that is steadier than assumed by this factor: what is not
/// known of an hour is misjudged by more than that...
const STEADIEST_HOUR: f64 = 0.02;
/// ...nor any other window than one by this. A steady series' first days, when its level was hardly
/// known, must not outweigh all that follow.
const STEADIEST: f64 = 0.001;
/// No series is more restless than this...
const CEILING: f64 = 4.0;
/// ...nor steadier than 0.01 %: below, the model is at fault.
pub const FLOOR: f64 = 1e-8;
/// A window that is shorter sees some hours of the day, of which little may be known, and not others.
const DAY: f64 = 24.0;
/// A prior that follows from the hours is surer the steadier they are, down to this part of what is
/// assumed.
const STEADIEST_PRIOR: f64 = 0.35;
/// A single window counts at most as if it lay this many standard deviations off.
const CLIP: f64 = 3.25;
/// Restlessness is a trait: it is forgotten so many times more slowly than the level.
const PATIENCE: f64 = 6.0;

/// The over-dispersion `φ` in `variance = noise + φ mean²` of windows of every length.
///
/// Moment estimates from what was predicted and what came. Each window gives
/// `r = ((x - mean)² - noise) / mean² - doubt`, weighted by its inverse variance (windows of few
/// mentions, or of which little was known, say little) and, if shorter than a day, by the part of its
/// spread that is not doubt (what is overstated there would be learnt as calm, by all hours of a
/// first week), and winsorised, which is made up for by what a window so expected loses by it. What a window of
/// several hours is taken for follows from the record of hours, a sum of deviations that die away
/// from hour to hour (an autoregressive process of order one), and from its own record, which begins
/// with what is assumed. An estimate may lie below zero, where a window's own record shows that
/// doubt was overstated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restlessness {
    #[serde(skip, default = "count")]
    prior: &'static Prior,
    hour: Moment,
    /// Of neighbouring hours: the product of their deviations.
    lagged: Moment,
    last: Option<Deviation>,
    windows: Vec<(f64, Moment)>,
}

/// How far an hour lay off, relative to what was expected, and what that is worth.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Deviation {
    hour: i64,
    off: f64,
    weight: f64,
}

/// A weighted mean that forgets as time passes, seen or not.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Moment {
    weighted: f64,
    weight: f64,
    /// When it was last told.
    hour: Option<i64>,
}

impl Moment {
    fn learn(&mut self, value: f64, weight: f64, (hour, half_life): (i64, f64)) {
        let passed = self.hour.map_or(0, |last| hour - last);
        let keep = (-(passed as f64) / half_life).exp2();
        self.weighted = keep * self.weighted + weight * value;
        self.weight = keep * self.weight + weight;
        self.hour = Some(hour);
    }

    fn value(&self, prior: f64, prior_weight: f64) -> f64 {
        (self.weighted + prior * prior_weight) / (self.weight + prior_weight)
    }
}

impl Prior {
    fn of(&self, hours: f64) -> f64 {
        self.hour * hours.powf(-self.power)
    }

    fn weight(&self, hours: f64) -> f64 {
        PRIOR_WINDOWS / self.of(hours).powi(2)
    }

    /// The prior as if it had been seen: it is forgotten in time.
    fn moment(&self, hours: f64) -> Moment {
        let weight = self.weight(hours);
        Moment { weighted: weight * self.of(hours), weight, hour: None }
    }
}

impl Restlessness {
    /// No record yet, for windows of these lengths in hours.
    pub fn new(scale: Scale, window_hours: impl Iterator<Item = f64>) -> Self {
        let prior = match scale {
            Scale::Count => &COUNT,
            Scale::Share => &SHARE,
        };
        Self {
            prior,
            hour: Moment::default(),
            lagged: Moment::default(),
            last: None,
            windows: window_hours.map(|hours| (hours, prior.moment(hours))).collect(),
        }
    }

    /// What this has learnt of the windows of `fresh`; `None` when it is of others.
    pub fn resume(self, fresh: &Self) -> Option<Self> {
        let hours = |it: &Self| it.windows.iter().map(|window| window.0).collect::<Vec<_>>();
        (hours(&self) == hours(fresh)).then_some(Self { prior: fresh.prior, ..self })
    }

    /// The estimate for an hour.
    pub fn of_an_hour(&self) -> f64 {
        self.hour.value(self.prior.hour, self.prior.weight(1.0)).min(CEILING)
    }

    /// The estimate for the window at `window`, an index into the lengths, in whose hours so many
    /// mentions are expected (in the order of time, either way).
    pub fn of(&self, window: usize, means: impl Iterator<Item = f64>) -> f64 {
        let by_hours = self.of_hours(means);
        let Some((hours, own)) = self.windows.get(window) else { return by_hours };
        if is_an_hour(*hours) {
            return by_hours;
        }
        let prior = by_hours.max(0.0) * hours.min(1.0).powf(-self.prior.power);
        let assumed = self.prior.of(*hours);
        let steadier = prior.max(STEADIEST_PRIOR * assumed) / assumed;
        own.value(prior, self.prior.weight(*hours) / (steadier * steadier)).min(CEILING)
    }

    /// Learns from the window at `window`, which ended with `hour` and of which `expected` was
    /// predicted and `observed` mentions came; `half_life` is that of the level, in hours.
    pub fn learn(
        &mut self,
        (window, hour): (usize, i64),
        expected: &Expected,
        observed: f64,
        half_life: f64,
    ) {
        let Some((hours, own)) = self.windows.get_mut(window) else { return };
        let (mean, noise) = (expected.mean, expected.noise() / expected.mean.powi(2));
        let most = CLIP * expected.variance().sqrt() / mean;
        if !most.is_finite() {
            // So little was expected that it says nothing, not even in double precision.
            return;
        }
        let off = ((observed - mean) / mean).clamp(-most, most);
        // What is not known skews nothing: the rate is what it is.
        let known = (expected.dispersion - expected.doubt).max(0.0);
        let left = Expected { dispersion: known, ..*expected }.part_within(most * mean);
        let relative = off * off / left - noise - expected.doubt;
        let steadiest = if is_an_hour(*hours) { STEADIEST_HOUR } else { STEADIEST };
        let proper = noise + known.max(steadiest * self.prior.of(*hours));
        let spread = proper + expected.doubt;
        let informed = if *hours < DAY { proper / spread } else { 1.0 };
        let weight = informed * spread.powi(-2);
        if !(weight > 0.0 && relative.is_finite()) {
            return;
        }
        let at = (hour, PATIENCE * half_life);
        if !is_an_hour(*hours) {
            own.learn(relative, weight, at);
            return;
        }
        self.hour.learn(relative, weight, at);
        let before = self.last.replace(Deviation { hour, off, weight });
        if let Some(before) = before.filter(|before| before.hour == hour - 1) {
            self.lagged.learn(off * before.off, (weight * before.weight).sqrt(), at);
        }
    }

    /// `φ` of a sum of hours: `φ₁ Σᵢⱼ mᵢ mⱼ ρ^|i-j| / (Σ m)²`.
    fn of_hours(&self, means: impl Iterator<Item = f64>) -> f64 {
        let correlation = self.correlation();
        let (mut sum, mut squares, mut before) = (0.0, 0.0, 0.0);
        for mean in means {
            squares += mean * mean + 2.0 * mean * before;
            sum += mean;
            before = correlation * (before + mean);
        }
        self.of_an_hour() * if sum > 0.0 { squares / (sum * sum) } else { 1.0 }
    }

    fn correlation(&self) -> f64 {
        let prior = self.prior.correlation * self.prior.hour;
        let product = self.lagged.value(prior, self.prior.weight(1.0));
        let hour = self.of_an_hour();
        if hour > 0.0 { (product / hour).clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn is_an_hour(hours: f64) -> bool {
    (hours - 1.0).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rand_distr::{Distribution, Gamma, Poisson};

    use super::*;

    const HALF_LIFE: f64 = 168.0;
    const FIVE_MINUTES: usize = 0;
    const HOUR: usize = 1;
    const DAY: usize = 2;

    fn restlessness(scale: Scale) -> Restlessness {
        Restlessness::new(scale, [1.0 / 12.0, 1.0, 24.0].into_iter())
    }

    fn expected(mean: f64, dispersion: f64, doubt: f64) -> Expected {
        Expected { doubt, ..Expected::count(mean, dispersion) }
    }

    fn of(restlessness: &Restlessness, window: usize) -> f64 {
        let hours = if window == DAY { 24 } else { 1 };
        restlessness.of(window, std::iter::repeat_n(1.0, hours))
    }

    /// Learns `hours` hours of which `mean` was expected and `observed(hour)` came.
    fn learn(
        restlessness: &mut Restlessness,
        hours: i64,
        mean: f64,
        mut observed: impl FnMut(i64) -> f64,
    ) {
        for hour in 0..hours {
            let expected = expected(mean, of(restlessness, HOUR).max(0.0), 0.0);
            restlessness.learn((HOUR, hour), &expected, observed(hour), HALF_LIFE);
        }
    }

    /// What is learnt from hours of this mean and dispersion.
    fn learnt(mean: f64, truth: f64, hours: i64) -> Restlessness {
        let mut rng = StdRng::seed_from_u64(9);
        let mut restlessness = restlessness(Scale::Count);
        learn(&mut restlessness, hours, mean, |_| {
            let rate = Gamma::new(1.0 / truth, truth).unwrap().sample(&mut rng);
            Poisson::new(mean * rate).unwrap().sample(&mut rng)
        });
        restlessness
    }

    #[test]
    fn the_prior_holds_until_there_is_a_record() {
        let new = restlessness(Scale::Count);
        assert_eq!(of(&new, HOUR), COUNT.hour);
        assert!(of(&new, DAY) < COUNT.hour / 2.0 && of(&new, FIVE_MINUTES) > 2.0 * COUNT.hour);
        let share = restlessness(Scale::Share);
        assert!((of(&share, DAY) / SHARE.hour - 1.0).abs() < 1e-9, "whatever the window");
        // Windows of a twentieth of a mention say nothing about restlessness.
        assert!((of(&learnt(0.05, 0.5, 50), HOUR) / COUNT.hour - 1.0).abs() < 0.2);
    }

    #[test]
    fn the_truth_is_found_from_a_few_hundred_hours() {
        for truth in [0.001, 0.02, 0.05, 0.25, 0.6] {
            let got = of(&learnt(10_000.0, truth, 800), HOUR);
            assert!((got / truth - 1.0).abs() < 0.3, "{truth}: {got}");
        }
        let steady = of(&learnt(10_000.0, 1e-7, 800), HOUR);
        assert!(steady.abs() < 2e-5, "no more than chance: {steady}");
    }

    #[test]
    fn a_day_is_as_restless_as_its_hours_go_together() {
        let by_hours = |observed: fn(i64) -> f64| {
            let mut restlessness = restlessness(Scale::Count);
            learn(&mut restlessness, 1_200, 10_000.0, observed);
            restlessness.of_hours(std::iter::repeat_n(1.0, 24)) / restlessness.of_an_hour()
        };
        let apart = by_hours(|hour| if hour % 2 == 0 { 12_000.0 } else { 8_000.0 });
        let half_days = by_hours(|hour| if hour / 12 % 2 == 0 { 12_000.0 } else { 8_000.0 });
        assert!((apart * 24.0 - 1.0).abs() < 0.3, "deviations that cancel: {apart}");
        assert!((0.3..0.7).contains(&half_days), "deviations that last: {half_days}");
    }

    #[test]
    fn a_window_with_a_record_of_its_own_goes_by_it() {
        let mut restlessness = learnt(10_000.0, 0.05, 800);
        let before = of(&restlessness, DAY);
        for day in 0..60 {
            let observed = if day % 2 == 0 { 288_000.0 } else { 192_000.0 };
            let expected = expected(240_000.0, of(&restlessness, DAY), 0.0);
            restlessness.learn((DAY, 24 * day), &expected, observed, HALF_LIFE);
        }
        let after = of(&restlessness, DAY);
        assert!(before < 0.03 && (after / 0.04 - 1.0).abs() < 0.25, "{before} {after}");
    }

    #[test]
    fn one_storm_counts_as_a_few_deviations_and_restlessness_is_forgotten() {
        let mut restlessness = restlessness(Scale::Count);
        learn(&mut restlessness, 300, 100.0, |hour| if hour % 2 == 0 { 115.0 } else { 85.0 });
        let before = of(&restlessness, HOUR);
        learn(&mut restlessness, 1, 100.0, |_| 1e9);
        let after = of(&restlessness, HOUR);
        assert!(after < before + 0.01, "{before} {after}");
        learn(&mut restlessness, 300, 100.0, |_| 180.0);
        assert!(of(&restlessness, HOUR) > 5.0 * before);
        learn(&mut restlessness, 3_000, 100.0, |_| 100.0);
        assert!(of(&restlessness, HOUR) < before, "{}", of(&restlessness, HOUR));
    }

    #[test]
    fn a_miss_that_was_to_be_expected_from_ignorance_is_no_restlessness() {
        let learnt = |doubt: f64| {
            let mut restlessness = restlessness(Scale::Count);
            for hour in 0..40 {
                let expected = expected(100.0, 0.12 + doubt, doubt);
                restlessness.learn((HOUR, hour), &expected, 160.0, HALF_LIFE);
            }
            of(&restlessness, HOUR)
        };
        assert!(learnt(0.0) > 0.3 && learnt(0.36) < 0.1, "{} {}", learnt(0.0), learnt(0.36));
    }

    #[test]
    fn it_stays_finite_whatever_comes() {
        let mut restlessness = restlessness(Scale::Share);
        for (hour, (mean, observed)) in
            [(0.0, 5.0), (1e-200, 1e9), (1e-9, 0.0), (1e9, 0.0), (1e12, 1e12)]
                .into_iter()
                .enumerate()
        {
            let expected =
                Expected { scale: Scale::Share, of: 2.0 * mean, ..expected(mean, 0.1, 0.0) };
            for window in [FIVE_MINUTES, HOUR, DAY] {
                restlessness.learn((window, hour as i64), &expected, observed, HALF_LIFE);
                let value = of(&restlessness, window);
                assert!(value.is_finite() && value <= CEILING, "{mean} {observed}: {value}");
            }
        }
    }
}
