//! How fast one post is shared, against how fast the brand's most shared posts ever were.
//!
//! The sizes of cascades have no typical value that a baseline could learn: most posts are shared
//! by nobody, a few by thousands, with a tail so heavy that a mean says little (Goel, Anderson,
//! Hofman & Watts 2016, Management Science 62(1)). So a post is held against the brand's own
//! [`Record`], the largest number of shares of one post within an hour of each day, and the power
//! tail beyond it. The record is made for z, whose tail is taken to fall with the power 6 while
//! little is known; shares are brought to that scale first, so that theirs falls with
//! [`PRIOR_INDEX`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::attribute::HeavyHitters;
use crate::mention::{Kind, Mention, Timestamp};
use crate::window::mention_key;

/// Shares within an hour are counted in buckets of five minutes.
const BUCKET_MS: i64 = 300_000;
const BUCKETS: i64 = 12;
/// Posts remembered in each (Space-Saving: the rarest makes room).
const POSTS: usize = 64;
/// The power with which the tail of a day's largest is taken to fall before there is a record: a
/// judgement, heavy enough that the largest of many days may be many times that of one.
const PRIOR_INDEX: f64 = 1.3;
/// What [`Record`] takes for the least a day reaches, and for the power of its tail.
const RECORD_FLOOR: f64 = 4.0;
const RECORD_INDEX: f64 = 6.0;
/// Words that tell posts apart: channels cut the rest.
const WORDS: usize = 10;
/// Fewer words tell nothing.
const LEAST_WORDS: usize = 3;

/// Days remembered with their most shared post.
const DAYS: usize = 91;

/// The shares of a brand's posts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Velocity {
    least: f64,
    /// The last hour, oldest first.
    buckets: VecDeque<(i64, HeavyHitters)>,
    record: Record,
    days: Days,
    /// Most shares of one post within an hour since the last pane was closed.
    largest: f64,
}

/// How often the most shared post of each day was shared within an hour: what [`Record`] is told, but
/// as it was.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Days {
    over: VecDeque<f64>,
    today: f64,
    panes: usize,
}

/// What the most shared posts of the days on record came to within an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// That of the day on which it was least.
    pub least: f64,
    /// That of the median day.
    pub typical: f64,
    /// That of the day on which it was most.
    pub most: f64,
}

/// How far a post has spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Its shares within the last hour.
    pub shares: f64,
    /// When the first of them came, to five minutes.
    pub since: Timestamp,
}

/// What `mention` shares, as a key: the post it names, or the words it repeats. `None` for what is
/// no share, or does not tell of what.
pub fn shared_post(mention: &Mention<'_>) -> Option<u64> {
    if mention.kind != Kind::Share {
        return None;
    }
    if let Some(parent) = &mention.parent {
        return Some(mention_key(&mention.channel, parent));
    }
    let words = repeated_words(&mention.text);
    let told = words.split(' ').count() >= LEAST_WORDS;
    told.then(|| mention_key("", &words))
}

/// The first words of what a text repeats: what stands after the last "RT @somebody", without
/// links, which are shortened anew by each channel.
fn repeated_words(text: &str) -> String {
    let repeated = text.rsplit_once("RT @").map_or(text, |(_, rest)| {
        rest.split_once(char::is_whitespace).map_or("", |(_, words)| words)
    });
    let words = repeated.split_whitespace().filter(|word| !word.contains("://"));
    words.take(WORDS).collect::<Vec<_>>().join(" ").to_lowercase()
}

impl Velocity {
    /// Nothing shared yet. Fewer than `least` shares of a post within an hour are never remarkable.
    pub fn new(least: f64) -> Self {
        Self {
            least: least.max(1.0),
            buckets: VecDeque::new(),
            record: Record::default(),
            days: Days::default(),
            largest: 0.0,
        }
    }

    /// What this has seen, with the settings of `fresh`; `None` when it cannot have been counted so.
    pub fn resume(mut self, fresh: &Self) -> Option<Self> {
        for (_, posts) in &mut self.buckets {
            *posts = std::mem::take(posts).resume(POSTS, 1)?;
        }
        if self.least != fresh.least {
            // The record is of shares as multiples of the least that is remarkable.
            self.least = fresh.least;
            self.record = Record::default();
            for &day in &self.days.over {
                self.record.observe(self.scaled(day), 1, false);
            }
            self.record.resume_day(self.scaled(self.days.today), self.days.panes);
        }
        Some(self)
    }

    /// Takes a share of `post` made at `at`; `None` when that is longer ago than an hour before the
    /// latest.
    pub fn observe(&mut self, at: Timestamp, post: u64) -> Option<Spread> {
        let number = at.as_millis().div_euclid(BUCKET_MS);
        let post = format!("{post:016x}");
        self.bucket(number)?.add(&post, [1.0]);
        let mut spread = Spread { shares: 0.0, since: at };
        for (number, posts) in self.buckets.iter().rev() {
            let shares = posts.get(&post, 0);
            if shares > 0.0 {
                spread.since = spread.since.min(Timestamp::from_millis(number * BUCKET_MS));
            }
            spread.shares += shares;
        }
        self.largest = self.largest.max(spread.shares);
        Some(spread)
    }

    /// A pane that was watched is over; a day is `panes_per_day` of them.
    pub fn close(&mut self, panes_per_day: usize) {
        self.record.observe(self.scaled(self.largest), panes_per_day, false);
        self.days.close(self.largest, panes_per_day);
        self.largest = 0.0;
    }

    /// What the most shared posts of the last 91 days came to, each day's own; `None` before the
    /// first day is over.
    pub fn best(&self) -> Option<Best> {
        let mut days: Vec<f64> = self.days.over.iter().copied().collect();
        days.sort_by(f64::total_cmp);
        let typical = *days.get(days.len() / 2)?;
        Some(Best { least: *days.first()?, typical, most: *days.last()? })
    }

    /// The shares within an hour that a post of this brand reaches once in `days`; `None` before
    /// the first day is over.
    pub fn level(&self, days: f64) -> Option<f64> {
        let level = self.record.level(days)? / RECORD_FLOOR;
        Some((self.least * level.powf(RECORD_INDEX / PRIOR_INDEX)).max(self.least))
    }

    /// In how many days a post reaches so many shares within an hour once.
    pub fn return_days(&self, shares: f64) -> Option<f64> {
        self.record.return_days(self.scaled(shares))
    }

    /// [`return_days`](Self::return_days) that may be told to people (see [`Record::told_days`]).
    pub fn told_days(&self, shares: f64) -> Option<f64> {
        self.record.told_days(self.scaled(shares))
    }

    /// Posts remembered now.
    pub fn len(&self) -> usize {
        self.buckets.iter().map(|(_, posts)| posts.len()).sum()
    }

    /// Whether no share is remembered.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn scaled(&self, shares: f64) -> f64 {
        RECORD_FLOOR * (shares / self.least).powf(PRIOR_INDEX / RECORD_INDEX)
    }

    fn bucket(&mut self, number: i64) -> Option<&mut HeavyHitters> {
        let latest = self.buckets.back().map_or(number, |latest| latest.0.max(number));
        self.buckets.retain(|bucket| latest - bucket.0 < BUCKETS);
        if latest - number >= BUCKETS {
            return None;
        }
        let at = match self.buckets.binary_search_by_key(&number, |bucket| bucket.0) {
            Ok(at) => at,
            Err(at) => {
                self.buckets.insert(at, (number, HeavyHitters::new(POSTS, 1)));
                at
            }
        };
        self.buckets.get_mut(at).map(|bucket| &mut bucket.1)
    }
}

impl Days {
    fn close(&mut self, largest: f64, panes_per_day: usize) {
        self.today = self.today.max(largest);
        self.panes += 1;
        if self.panes < panes_per_day {
            return;
        }
        self.over.push_back(std::mem::take(&mut self.today));
        self.panes = 0;
        if self.over.len() > DAYS {
            self.over.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn share(text: &str) -> Mention<'_> {
        Mention { kind: Kind::Share, text: text.into(), ..Mention::default() }
    }

    #[test]
    fn a_share_tells_its_post_by_name_or_by_words() {
        let post = |text| shared_post(&share(text));
        let fleek = post("RT @JetBlue: Our fleet's on fleek. http://t.co/o").unwrap();
        for text in [
            "💯 RT @JetBlue: Our fleet's on fleek. http://t.co/SrM13",
            "Why? 😒 RT @JetBlue Our fleet's on FLEEK. http://t.co/I7",
            "lol RT @x: no RT @JetBlue: Our fleet's on fleek.",
        ] {
            assert_eq!(post(text), Some(fleek), "{text}");
        }
        assert_ne!(post("RT @JetBlue: Our fleet is not on fleek"), Some(fleek));
        assert_eq!(post("RT @JetBlue: Hi http://t.co/x"), None, "too few words");
        assert_eq!(post("RT @JetBlue"), None);
        let reply = Mention { kind: Kind::Reply, ..share("Our fleet's on fleek.") };
        assert_eq!(shared_post(&reply), None);
        let of = |channel: &'static str, parent: &'static str| {
            let named =
                Mention { parent: Some(parent.into()), channel: channel.into(), ..share("") };
            shared_post(&named).unwrap()
        };
        assert_eq!(of("twitter", "1"), of("twitter", "1"));
        assert_ne!(of("twitter", "1"), of("twitter", "2"));
        assert_ne!(of("twitter", "1"), of("facebook", "1"));
    }

    #[test]
    fn shares_of_an_hour_are_counted_and_older_ones_are_not() {
        let mut velocity = Velocity::new(20.0);
        for minute in 0..50 {
            velocity.observe(at(minute), 7);
        }
        let spread = velocity.observe(at(50), 7).unwrap();
        assert_eq!((spread.shares, spread.since), (51.0, at(0)));
        assert_eq!(velocity.observe(at(51), 8).unwrap().shares, 1.0);
        let spread = velocity.observe(at(75), 7).unwrap();
        assert_eq!((spread.shares, spread.since), (32.0, at(20)));
        assert_eq!(velocity.observe(at(10), 7), None, "too late to count");
    }

    /// Days of two panes with these largest.
    fn lived(days: impl IntoIterator<Item = u32>) -> Velocity {
        lived_by(20.0, days)
    }

    fn lived_by(least: f64, days: impl IntoIterator<Item = u32>) -> Velocity {
        let mut velocity = Velocity::new(least);
        for (day, shares) in days.into_iter().enumerate() {
            for _ in 0..shares {
                velocity.observe(at(day as i64 * 1_440), 1);
            }
            velocity.close(2);
            velocity.close(2);
        }
        velocity
    }

    #[test]
    fn a_brand_that_is_never_shared_is_surprised_sooner_than_one_that_always_is() {
        assert_eq!(lived([]).level(100.0), None);
        let level = |days: &[u32]| lived(days.iter().copied()).level(100.0).unwrap();
        let (new, calm, loud) = (level(&[0]), level(&[0; 28]), level(&[200; 28]));
        assert!(new > 400.0, "one day says little: {new}");
        assert!((30.0..80.0).contains(&calm), "{calm}");
        assert!((300.0..800.0).contains(&loud), "{loud}");
        let wild: Vec<u32> = (0..28).map(|day| if day % 7 == 3 { 400 } else { 10 }).collect();
        assert!(level(&wild) > 800.0, "{}", level(&wild));
        let calm = lived([0; 28]);
        let days = calm.return_days(calm.level(100.0).unwrap()).unwrap();
        assert!((days - 100.0).abs() < 1e-6, "the inverse: {days}");
    }

    /// The floor that the record is judged with is nothing that ever happened.
    #[test]
    fn what_was_shared_most_is_told_as_it_was() {
        assert_eq!(lived([]).best(), None);
        let best = |least, typical, most| Some(Best { least, typical, most });
        assert_eq!(lived([0; 28]).best(), best(0.0, 0.0, 0.0));
        assert_eq!(lived([3, 0, 1, 12, 3]).best(), best(0.0, 3.0, 12.0));
        let long = lived((0..120).map(|day| if day < 20 { 500 } else { 2 }));
        assert_eq!(long.best(), best(2.0, 2.0, 2.0), "the first days are forgotten");
        assert_eq!(long.days.over.len(), DAYS);
    }

    /// The least that is remarkable is a setting, and the record is of multiples of it.
    #[test]
    fn a_record_goes_on_by_another_least() {
        let days = || (0..40_u32).map(|day| if day % 9 == 4 { 150 } else { day % 7 });
        let resumed = lived(days()).resume(&Velocity::new(5.0)).unwrap();
        let anew = lived_by(5.0, days());
        assert_eq!((resumed.level(100.0), resumed.best()), (anew.level(100.0), anew.best()));
        assert_ne!(resumed.level(100.0), lived(days()).level(100.0));
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_nothing_is_counted_twice(
            shares in prop::collection::vec((0_i64..200, 0_u64..500), 1..600),
        ) {
            let mut velocity = Velocity::new(20.0);
            let mut minutes: Vec<i64> = shares.iter().map(|share| share.0).collect();
            minutes.sort_unstable();
            for (minute, (_, post)) in minutes.into_iter().zip(&shares) {
                let spread = velocity.observe(at(minute), *post).unwrap();
                let told = shares.iter().filter(|share| share.1 == *post).count();
                prop_assert!((1.0..=told as f64).contains(&spread.shares));
                prop_assert!(velocity.len() <= POSTS * BUCKETS as usize);
            }
        }
    }
}
