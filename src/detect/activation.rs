//! A hashtag or a campaign that goes far beyond its own usual.
//!
//! Each is a series of its own, too many and too small for a baseline with a rhythm: what is usual
//! is its mean over all hours, old ones fading, and how restless it is comes from their variance,
//! which takes in the rhythm of the day. The last hour (the hour so far, and of the one before as
//! much as is missing, as if it had come evenly) is held against a negative binomial of that
//! mean and dispersion. The brand's part of the budget is divided over all values that are watched
//! (Bonferroni; Dunn 1961, Journal of the American Statistical Association 56), and new values come
//! in bursts more often than any of that says, so that the brand's own [`Record`] of the largest z
//! of each day has the last word, as for windows.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Record;
use crate::attribute::{LONGEST_VALUE, hashtags};
use crate::baseline::Expected;
use crate::mention::{Mention, Timestamp};

const HOUR_MS: i64 = 3_600_000;
/// Values remembered; beyond that the rarest makes room, and what takes its place is taken to have
/// been as usual as it was (Space-Saving).
const VALUES: usize = 256;
/// An hour of the past counts half after a week, and each hour so much less than the one after it.
const HALF_LIFE_HOURS: f64 = 168.0;
const KEEP_PER_HOUR: f64 = 0.995_882_6;
/// Nothing is told before so many hours have been learnt: what is usual is not known.
const WARM_UP_HOURS: f64 = 24.0;
/// Hours are learnt a day late: what comes to life does not become usual while it lives.
const DELAY_HOURS: usize = 24;
/// How restless hours are before there is a record, the square of the relative deviation, and how
/// many hours that is worth.
const PRIOR_DISPERSION: f64 = 1.0;
const PRIOR_HOURS: f64 = 24.0;

/// What the hashtags and campaigns of a brand usually are, and are now.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Activations {
    values: BTreeMap<Box<str>, Value>,
    /// The hour that is being counted, in hours since the Unix epoch.
    hour: i64,
    /// Hours that have passed and are not learnt yet, [`DELAY_HOURS`] at most.
    waiting: usize,
    /// Hours learnt, old ones fading.
    watched: f64,
    record: Record,
    /// The largest z since the last pane was closed.
    largest: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Value {
    since: Timestamp,
    /// Mentions by hour, the present one first; those of a day and more ago are learnt.
    recent: VecDeque<f64>,
    sum: f64,
    squares: f64,
}

/// A value in the last hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    /// `#hashtag`, or the name of a campaign.
    pub topic: String,
    /// Its first mention of the hour.
    pub since: Timestamp,
    /// Its mentions in the last hour.
    pub count: f64,
    /// What is usual for an hour.
    pub expected: Expected,
    /// How unusual that is.
    pub z: f64,
}

impl Activations {
    /// Takes a mention; the most unusual of the values it carries, if any has come `least` times in
    /// the last hour and there is something to hold it against.
    pub fn observe(&mut self, mention: &Mention<'_>, least: f64) -> Option<Activation> {
        let topics = topics(mention);
        if topics.is_empty() {
            return None;
        }
        let hour = mention.created_at.as_millis().div_euclid(HOUR_MS);
        self.turn_to(hour);
        // What comes late belongs to an hour that is over.
        if hour < self.hour {
            return None;
        }
        let into = mention.created_at.as_millis().rem_euclid(HOUR_MS) as f64;
        let missing = 1.0 - into / HOUR_MS as f64;
        let mut most: Option<Activation> = None;
        for topic in topics {
            let (value, watched) = self.value(&topic, mention.created_at);
            let count = value.count(missing);
            if watched < WARM_UP_HOURS || count < least {
                continue;
            }
            let expected = value.expected(watched);
            let (z, since) = (expected.z(count), value.since);
            if most.as_ref().is_none_or(|most| z > most.z) {
                most = Some(Activation { topic, since, count, expected, z });
            }
        }
        self.largest = self.largest.max(most.as_ref().map_or(0.0, |most| most.z));
        most
    }

    /// A pane that was watched is over; a day is `panes_per_day` of them.
    pub fn close(&mut self, panes_per_day: usize) {
        self.record.observe(std::mem::take(&mut self.largest), panes_per_day, false);
    }

    /// The z a value must reach that may page for nothing once in `days`, where `fitted` is the
    /// limit by the fitted distribution.
    pub fn limit(&self, fitted: f64, days: f64) -> f64 {
        self.record.limit(fitted, days)
    }

    /// Values remembered now.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether none was ever seen.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Begins `hour`, and learns the hours that were over a day before it.
    fn turn_to(&mut self, hour: i64) {
        if self.values.is_empty() && self.watched == 0.0 && self.waiting == 0 {
            self.hour = hour;
        }
        // After so long nothing of what was known is left.
        for _ in self.hour..hour.min(self.hour + 10 * HALF_LIFE_HOURS as i64) {
            if self.waiting < DELAY_HOURS {
                self.waiting += 1;
            } else {
                self.watched = self.watched * KEEP_PER_HOUR + 1.0;
            }
            self.values.values_mut().for_each(Value::turn);
            self.values.retain(|_, value| !value.is_forgotten());
        }
        self.hour = hour.max(self.hour);
    }

    fn value(&mut self, topic: &str, at: Timestamp) -> (&mut Value, f64) {
        let mut new = Value { since: at, recent: VecDeque::from([0.0]), sum: 0.0, squares: 0.0 };
        if !self.values.contains_key(topic) && self.values.len() >= VALUES {
            let rarest = self.values.iter().min_by(|a, b| a.1.weight().total_cmp(&b.1.weight()));
            if let Some(name) = rarest.map(|(name, _)| name.clone())
                && let Some(rarest) = self.values.remove(&name)
            {
                (new.sum, new.squares) = (rarest.sum, rarest.squares);
            }
        }
        let value = self.values.entry(topic.into()).or_insert(new);
        if value.now() == 0.0 {
            value.since = at;
        }
        (value, self.watched)
    }
}

impl Value {
    fn now(&self) -> f64 {
        self.recent.front().copied().unwrap_or(0.0)
    }

    /// Counts a mention; returns those of the last hour, of which `missing` lies in the hour before.
    fn count(&mut self, missing: f64) -> f64 {
        let before = self.recent.get(1).copied().unwrap_or(0.0);
        match self.recent.front_mut() {
            Some(now) => *now += 1.0,
            None => self.recent.push_front(1.0),
        }
        (self.now() + before * missing).round()
    }

    /// An hour is over; the one that was over a day ago is learnt.
    fn turn(&mut self) {
        self.recent.push_front(0.0);
        let learnt = if self.recent.len() > DELAY_HOURS { self.recent.pop_back() } else { None };
        let learnt = learnt.unwrap_or(0.0);
        self.sum = self.sum * KEEP_PER_HOUR + learnt;
        self.squares = self.squares * KEEP_PER_HOUR + learnt * learnt;
    }

    fn weight(&self) -> f64 {
        self.sum + self.recent.iter().sum::<f64>()
    }

    fn is_forgotten(&self) -> bool {
        self.weight() < 0.01
    }

    fn expected(&self, watched: f64) -> Expected {
        // Half a mention: what has never been seen is not impossible (Jeffreys' prior).
        let mean = (self.sum + 0.5) / watched;
        let variance = (self.squares / watched - (self.sum / watched).powi(2)).max(0.0);
        let own = ((variance - mean) / (mean * mean)).clamp(0.0, 100.0);
        let weight = PRIOR_HOURS / (PRIOR_HOURS + self.sum);
        let dispersion = weight * PRIOR_DISPERSION + (1.0 - weight) * own;
        let doubt = 1.0 / (self.sum + 0.5);
        Expected { doubt, ..Expected::count(mean, dispersion + doubt) }
    }
}

/// The hashtags and the campaign of a mention, each once.
fn topics(mention: &Mention<'_>) -> Vec<String> {
    let mut topics: Vec<String> =
        hashtags(mention).into_iter().map(|tag| format!("#{tag}")).collect();
    topics.extend(mention.campaign.as_deref().map(str::to_owned));
    topics.retain(|topic| topic.len() <= LONGEST_VALUE);
    topics.sort_unstable();
    topics.dedup();
    topics
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn tagged(hour: i64, tag: &str) -> Mention<'_> {
        let created_at = Timestamp::from_millis(hour * HOUR_MS + HOUR_MS - 1);
        Mention { created_at, hashtags: vec![tag.into()], ..Mention::default() }
    }

    /// `hours` in each of which `tag` comes `count(hour)` times.
    fn lived(hours: i64, tag: &str, count: impl Fn(i64) -> u32) -> Activations {
        let mut activations = Activations::default();
        for hour in 0..hours {
            activations.observe(&tagged(hour, "other"), 1.0);
            for _ in 0..count(hour) {
                activations.observe(&tagged(hour, tag), 1.0);
            }
        }
        activations
    }

    fn z_of(activations: &mut Activations, hour: i64, tag: &str, count: u32) -> f64 {
        let seen = (0..count).filter_map(|_| activations.observe(&tagged(hour, tag), 1.0));
        seen.last().map_or(f64::NAN, |it| it.z)
    }

    #[test]
    fn a_value_is_held_against_its_own_usual() {
        let mut calm = lived(200, "sale", |_| 10);
        assert!(z_of(&mut calm, 200, "sale", 12).abs() < 2.0);
        assert!(z_of(&mut calm, 201, "sale", 60) > 5.0);
        let mut wild = lived(200, "sale", |hour| if hour % 10 == 0 { 60 } else { 4 });
        assert!(z_of(&mut wild, 205, "sale", 60) < 3.0, "it is known for it");
        assert!(z_of(&mut wild, 206, "new", 20) > 6.0);
        assert!(z_of(&mut wild, 207, "new", 20) > 6.0, "it does not excuse itself");
    }

    #[test]
    fn the_rate_fades_by_half_in_a_week() {
        assert!((KEEP_PER_HOUR.powf(HALF_LIFE_HOURS) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn nothing_is_said_before_what_is_usual_is_known() {
        let mut young = lived(46, "sale", |_| 1);
        assert!(z_of(&mut young, 46, "sale", 50).is_nan());
        let mut old = lived(80, "sale", |_| 1);
        assert!(z_of(&mut old, 81, "sale", 50) > 4.0);
    }

    #[test]
    fn a_campaign_counts_beside_hashtags_and_each_once() {
        let mention = Mention {
            hashtags: vec!["Sale".into(), "sale".into(), "x".repeat(600).into()],
            campaign: Some("Spring Sale".into()),
            ..Mention::default()
        };
        assert_eq!(topics(&mention), ["#sale", "Spring Sale"]);
        assert_eq!(Activations::default().observe(&Mention::default(), 1.0), None);
    }

    #[test]
    fn gaps_count_as_hours_of_nothing() {
        let mut gap = lived(100, "sale", |_| 10);
        let mut none = lived(100, "sale", |_| 10);
        for hour in 100..200 {
            none.observe(&tagged(hour, "other"), 1.0);
        }
        let at = tagged(200, "sale");
        let (gap, none) = (gap.observe(&at, 1.0).unwrap(), none.observe(&at, 1.0).unwrap());
        assert!((gap.expected.mean - none.expected.mean).abs() < 1e-9, "{gap:?} {none:?}");
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_z_is_finite(
            seen in prop::collection::vec((0_i64..5, 0_u32..600), 1..900),
        ) {
            let mut activations = lived(60, "sale", |_| 2);
            let mut hour = 60;
            for (passed, tag) in seen {
                hour += passed;
                let most = activations.observe(&tagged(hour, &tag.to_string()), 1.0);
                prop_assert!(most.is_some_and(|it| it.z.is_finite() && it.expected.mean > 0.0));
                prop_assert!(activations.len() <= VALUES);
            }
        }
    }
}
