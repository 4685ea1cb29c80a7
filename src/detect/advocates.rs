//! Authors who regularly speak well of a brand, and how many of them are heard.
//!
//! An advocate has been known for three weeks and has praised the brand on two days a week, on
//! average, old days fading. Once a day those who were heard at all in the last seven days, whatever
//! they said, are counted. Each is heard with a probability of its own, so that their number is
//! Poisson-binomial; its tail is summed exactly, one author after the other (the direct recursion
//! in Hong 2013, Computational Statistics & Data Analysis 59).
//!
//! An author counts once a day: who posts ten times on one day is no more regular for it. How often
//! an advocate is heard is only known from `n` of so many `watched` days, so that the probability
//! of a silent week is that of the gamma-Poisson predictive, `(watched / (watched + 7))^n`: larger
//! than `exp(-7 n / watched)`, and near it once much is known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attribute::LONGEST_VALUE;
use crate::baseline::tail;
use crate::mention::Timestamp;

/// Authors remembered; when one more comes, the eighth part of them with the least praise gives way.
const AUTHORS: usize = 512;
const KEPT: usize = AUTHORS / 8 * 7;
/// The days that are judged. They are learnt when they are over: no silence excuses itself.
const WINDOW: u32 = 7;
const WINDOW_DAYS: f64 = 7.0;
/// The last [`WINDOW`] days of a mask whose lowest bit is today.
const RECENT: u8 = 0b1111_1110;
/// A day of the past counts half after four weeks, and each day so much less than the one after it.
const KEEP_PER_DAY: f64 = 0.975_548_642;
/// An advocate has been known for so many days...
const KNOWN_DAYS: u32 = 21;
/// ...and praises on so many of them.
const PRAISE_PER_DAY: f64 = 2.0 / 7.0;
/// An author with less praise than this is forgotten, once old enough to tell.
const FORGOTTEN: f64 = 0.05;
/// The silence of fewer advocates is nothing to tell.
const LEAST_MISSING: f64 = 3.0;

/// The authors who have spoken well of a brand.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Advocates {
    authors: BTreeMap<u64, Author>,
    /// How many of the last [`WINDOW`] days were watched, without a break up to now.
    watched: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Author {
    name: Box<str>,
    last: Timestamp,
    /// Days on which praise came, and on which anything did; today is the lowest bit.
    praised: u8,
    heard: u8,
    /// Watched days since the first praise.
    age: u32,
    /// Days of the past, old ones fading: all of them, those with praise, those with anything.
    past: f64,
    past_praised: f64,
    past_heard: f64,
}

/// How many advocates were heard in the last seven days.
#[derive(Debug, Clone, PartialEq)]
pub struct Roll {
    /// Advocates there are.
    pub advocates: usize,
    /// Those of them who were heard.
    pub heard: usize,
    /// How many are, usually.
    pub expected: f64,
    /// Lower and upper edge of what is typical, in advocates.
    pub typical: (f64, f64),
    /// How unusual that is.
    pub z: f64,
    /// The others, those who are heard most surely first.
    pub silent: Vec<Silent>,
}

/// An advocate who was not heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Silent {
    /// The author.
    pub name: String,
    /// When the author was last heard.
    pub last: Timestamp,
    /// How likely the author was to be heard, 0..=1.
    pub chance: f64,
}

impl Advocates {
    /// Takes a mention at `at` by the author `name`, whom `key` tells from all others. Who has never
    /// praised the brand is not remembered.
    pub fn observe(&mut self, key: u64, name: &str, at: Timestamp, praises: bool) {
        if !self.authors.contains_key(&key) {
            if !praises || name.len() > LONGEST_VALUE {
                return;
            }
            self.make_room();
        }
        let author = self.authors.entry(key).or_insert_with(|| Author::new(name, at));
        author.last = author.last.max(at);
        author.heard |= 1;
        author.praised |= u8::from(praises);
    }

    /// A day is over. One that was not `watched` whole tells of nobody's silence: it is left out,
    /// and the days before it are not judged together with those after it.
    pub fn turn(&mut self, watched: bool) {
        self.watched = if watched { (self.watched + 1).min(WINDOW) } else { 0 };
        for author in self.authors.values_mut() {
            if watched {
                author.turn();
            } else {
                author.praised &= RECENT;
                author.heard &= RECENT;
            }
        }
        self.authors.retain(|_, it| it.praise() >= FORGOTTEN || it.age < KNOWN_DAYS);
    }

    /// The advocates of the last seven days; `None` when those were not all watched.
    pub fn roll(&self, typical_z: f64) -> Option<Roll> {
        if self.watched < WINDOW {
            return None;
        }
        let advocates = || self.authors.values().filter(|it| it.is_advocate());
        let chances: Vec<f64> = advocates().map(Author::chance).collect();
        let silent = advocates().filter(|it| it.heard & RECENT == 0);
        let mut silent: Vec<Silent> = silent.map(Author::silent).collect();
        silent.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.name.cmp(&b.name)));
        let heard = chances.len() - silent.len();
        let odds = poisson_binomial(&chances);
        Some(Roll {
            advocates: chances.len(),
            heard,
            expected: chances.iter().sum(),
            typical: (quantile(&odds, -typical_z), quantile(&odds, typical_z)),
            z: z_at(&odds, heard),
            silent,
        })
    }

    /// Authors remembered now.
    pub fn len(&self) -> usize {
        self.authors.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.authors.is_empty()
    }

    /// Makes room for one more: at the bound those with the least praise give way, of equals those
    /// with the largest key.
    fn make_room(&mut self) {
        if self.authors.len() < AUTHORS {
            return;
        }
        let mut least: Vec<(f64, u64)> =
            self.authors.iter().map(|(&key, author)| (author.praise(), key)).collect();
        least.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        for (_, key) in least.drain(KEPT..) {
            self.authors.remove(&key);
        }
    }
}

impl Author {
    fn new(name: &str, last: Timestamp) -> Self {
        let (past, past_praised, past_heard) = (0.0, 0.0, 0.0);
        Self {
            name: name.into(),
            last,
            praised: 0,
            heard: 0,
            age: 0,
            past,
            past_praised,
            past_heard,
        }
    }

    /// A watched day is over; the one that leaves the window is learnt. The first of all is not:
    /// without praise on it the author would not be known, so it says nothing of the others.
    fn turn(&mut self) {
        self.age += 1;
        if self.age > WINDOW + 1 {
            let learn = |past: &mut f64, day: bool| *past = *past * KEEP_PER_DAY + f64::from(day);
            learn(&mut self.past, true);
            learn(&mut self.past_praised, self.praised >> WINDOW == 1);
            learn(&mut self.past_heard, self.heard >> WINDOW == 1);
        }
        self.praised <<= 1;
        self.heard <<= 1;
    }

    /// Days with praise, old ones fading.
    fn praise(&self) -> f64 {
        self.past_praised + f64::from(self.praised.count_ones())
    }

    fn is_advocate(&self) -> bool {
        self.age >= KNOWN_DAYS && self.past_praised >= PRAISE_PER_DAY * self.past
    }

    /// How likely the author is to be heard in seven days.
    fn chance(&self) -> f64 {
        1.0 - (self.past / (self.past + WINDOW_DAYS)).powf(self.past_heard)
    }

    fn silent(&self) -> Silent {
        Silent { name: self.name.clone().into(), last: self.last, chance: self.chance() }
    }
}

impl Roll {
    /// How many are missing.
    pub fn missing(&self) -> f64 {
        self.expected - self.heard as f64
    }

    /// Whether so many are silent that it is no accident, by `z_limit`, and matters: half of those
    /// who are usually heard, and three at least.
    pub fn is_quiet(&self, z_limit: f64) -> bool {
        -self.z >= z_limit && self.missing() >= self.margin()
    }

    /// Whether they are back: neither unusual, by `calm_z`, nor off by half of the margin.
    pub fn is_calm(&self, calm_z: f64) -> bool {
        -self.z < calm_z && self.missing() < 0.5 * self.margin()
    }

    /// When the last of the silent was heard: none of them has been since.
    pub fn since(&self) -> Option<Timestamp> {
        self.silent.iter().map(|it| it.last).max()
    }

    fn margin(&self) -> f64 {
        LEAST_MISSING.max(0.5 * self.expected)
    }
}

/// The probabilities of 0, 1, ... of as many independent events as there are `chances`.
fn poisson_binomial(chances: &[f64]) -> Vec<f64> {
    let mut odds = vec![1.0];
    for chance in chances {
        odds.push(0.0);
        for count in (0..odds.len()).rev() {
            let one_less = if count == 0 { 0.0 } else { odds[count - 1] };
            odds[count] = odds[count] * (1.0 - chance) + one_less * chance;
        }
    }
    odds
}

/// z of `count`, by the nearer tail, half of `count` itself in it (mid-p).
fn z_at(odds: &[f64], count: usize) -> f64 {
    let half = 0.5 * odds.get(count).copied().unwrap_or(0.0);
    let below = half + odds.iter().take(count).sum::<f64>();
    let above = half + odds.iter().skip(count + 1).sum::<f64>();
    // What is rarer than a double can say is no rarer than the rarest it can.
    let z = |p: f64| tail::z_of_upper_tail(p.clamp(f64::MIN_POSITIVE, 0.5).ln());
    if below < above { -z(below) } else { z(above) }
}

/// The least count that is not exceeded with the probability of `z`.
fn quantile(odds: &[f64], z: f64) -> f64 {
    let wanted = 1.0 - tail::normal_upper_tail(z);
    let mut sum = 0.0;
    let reached = |&p: &f64| {
        sum += p;
        sum >= wanted
    };
    odds.iter().position(reached).unwrap_or(odds.len().saturating_sub(1)) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn day(day: u32) -> Timestamp {
        Timestamp::from_millis(i64::from(day) * 86_400_000)
    }

    /// `days` in which author `0..authors` speaks where `speaks(author, day)`, in praise if that is
    /// `Some(true)`.
    fn lived(
        authors: u64,
        days: std::ops::Range<u32>,
        advocates: &mut Advocates,
        speaks: impl Fn(u64, u32) -> Option<bool>,
    ) {
        for now in days {
            for author in 0..authors {
                if let Some(praises) = speaks(author, now) {
                    advocates.observe(author, &format!("author {author}"), day(now), praises);
                }
            }
            advocates.turn(true);
        }
    }

    fn every_other(author: u64, day: u32) -> Option<bool> {
        (u64::from(day) + author).is_multiple_of(2).then_some(true)
    }

    #[test]
    fn who_is_known_for_three_weeks_and_praises_twice_a_week_is_an_advocate() {
        let mut advocates = Advocates::default();
        lived(3, 0..20, &mut advocates, every_other);
        assert_eq!(advocates.roll(2.0).unwrap().advocates, 0);
        lived(3, 20..30, &mut advocates, every_other);
        let roll = advocates.roll(2.0).unwrap();
        assert_eq!((roll.advocates, roll.heard, roll.silent.len()), (3, 3, 0));
        // Once a week is too seldom, and ill words are no praise.
        let mut seldom = Advocates::default();
        lived(3, 0..60, &mut seldom, |author, day| {
            day.is_multiple_of(if author == 0 { 7 } else { 1 }).then_some(author == 0)
        });
        assert_eq!((seldom.len(), seldom.roll(2.0).unwrap().advocates), (1, 0));
        let mut harsh = Advocates::default();
        lived(1, 0..60, &mut harsh, |_, day| Some(day.is_multiple_of(7)));
        assert_eq!((harsh.len(), harsh.roll(2.0).unwrap().advocates), (1, 0));
    }

    #[test]
    fn ten_posts_on_one_day_are_one_day() {
        let mut advocates = Advocates::default();
        for now in 0..60 {
            for _ in 0..if now % 7 == 0 { 10 } else { 0 } {
                advocates.observe(1, "author", day(now), true);
            }
            advocates.turn(true);
        }
        assert_eq!(advocates.roll(2.0).unwrap().advocates, 0);
    }

    #[test]
    fn whoever_speaks_at_all_is_heard_and_silence_does_not_excuse_itself() {
        let mut advocates = Advocates::default();
        lived(10, 0..40, &mut advocates, every_other);
        let before = advocates.roll(2.0).unwrap();
        // One has turned critic, six say nothing.
        lived(10, 40..47, &mut advocates, |author, day| match author {
            0 => Some(false),
            1..=6 => None,
            _ => every_other(author, day),
        });
        let roll = advocates.roll(2.0).unwrap();
        assert_eq!((roll.advocates, roll.heard), (10, 4));
        assert!((roll.expected - before.expected).abs() < 0.3, "{roll:?} {before:?}");
        assert!(roll.is_quiet(3.0) && !roll.is_calm(2.0), "{roll:?}");
        assert!(before.is_calm(2.0) && !before.is_quiet(3.0), "{before:?}");
        assert_eq!(roll.silent.len(), 6);
        assert_eq!(roll.since(), Some(day(39)));
    }

    #[test]
    fn what_was_not_watched_is_not_judged() {
        let mut advocates = Advocates::default();
        lived(10, 0..40, &mut advocates, every_other);
        advocates.turn(false);
        for now in 0..6 {
            assert_eq!(advocates.roll(2.0), None);
            lived(10, now..now + 1, &mut advocates, every_other);
        }
        assert_eq!(advocates.roll(2.0), None);
        lived(10, 6..7, &mut advocates, every_other);
        assert_eq!(advocates.roll(2.0).unwrap().heard, 10);
    }

    #[test]
    fn praise_fades_by_half_in_four_weeks() {
        assert!((KEEP_PER_DAY.powi(28) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_probabilities_are_those_of_a_binomial_when_all_are_alike() {
        let odds = poisson_binomial(&[0.5; 4]);
        assert_eq!(odds, [0.0625, 0.25, 0.375, 0.25, 0.0625]);
        assert_eq!(poisson_binomial(&[]), [1.0]);
        assert_eq!(
            (quantile(&odds, -2.0), quantile(&odds, 0.0), quantile(&odds, 2.0)),
            (0.0, 2.0, 4.0)
        );
        assert!(z_at(&odds, 2).abs() < 1e-9);
        // Half of a sixteenth.
        assert!((tail::normal_upper_tail(-z_at(&odds, 0)) - 0.03125).abs() < 1e-9);
    }

    /// One who has praised on many days outlives any crowd of passers-by.
    #[test]
    fn at_the_bound_those_with_the_least_praise_give_way() {
        let mut advocates = Advocates::default();
        lived(3, 0..30, &mut advocates, every_other);
        for passer_by in 1_000..5_000 {
            advocates.observe(passer_by, "passer-by", day(30), true);
        }
        advocates.turn(true);
        assert_eq!(advocates.roll(2.0).unwrap().advocates, 3);
    }

    proptest! {
        #[test]
        fn it_stays_bounded_and_in_order(
            mentions in prop::collection::vec((0_u64..2_000, any::<bool>(), 0_u8..60), 0..2_500),
        ) {
            let (mut one, mut other) = (Advocates::default(), Advocates::default());
            for (author, praises, turn) in mentions {
                for advocates in [&mut one, &mut other] {
                    advocates.observe(author, "author", day(0), praises);
                    if turn < 2 {
                        advocates.turn(turn == 0);
                    }
                    prop_assert!(advocates.len() <= AUTHORS);
                }
            }
            prop_assert_eq!(one.roll(2.0), other.roll(2.0));
        }

        #[test]
        fn z_is_finite_and_grows_with_the_number_heard(
            chances in prop::collection::vec(0.0_f64..=1.0, 0..80),
        ) {
            let odds = poisson_binomial(&chances);
            prop_assert!((odds.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let mean: f64 = odds.iter().enumerate().map(|(count, p)| count as f64 * p).sum();
            prop_assert!((mean - chances.iter().sum::<f64>()).abs() < 1e-6);
            let z: Vec<f64> = (0..odds.len()).map(|count| z_at(&odds, count)).collect();
            prop_assert!(z.iter().all(|z| z.is_finite()));
            prop_assert!(z.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(quantile(&odds, -2.0) <= quantile(&odds, 2.0));
        }
    }
}
