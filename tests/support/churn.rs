//! A stream without an end in which little is ever seen again.

use std::collections::VecDeque;

use groundswell::mention::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::Record;

const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 60;

/// How often a brand changes between much and little, in minutes.
const SEASON: i64 = 9 * HOUR;
/// How far apart the crises of one brand begin, in minutes; each lasts an hour.
const BETWEEN_CRISES: i64 = 31 * HOUR;
/// How far apart the brands' first crises begin, in minutes.
const STAGGER: i64 = 5 * HOUR;

/// How many mentions later one may be sent again: minutes, so that it is known and not too late.
const AGAIN_AFTER: usize = 100;

const CHANNELS: [&str; 4] = ["twitter", "facebook", "news", "reddit"];
const COUNTRIES: [&str; 4] = ["US", "DE", "IL", "BR"];

/// Mentions made on the fly, minute by minute of event time; it remembers a hundred of them, however long it runs.
/// The same seed gives the same mentions.
///
/// Nearly every author, hashtag, link, post and campaign is new. Brands are loud and quiet in turns, and each has an
/// hour of crisis again and again: angry, and of one link, one hashtag and one post that is shared. Some mentions come
/// late, some too late, some twice, and some cannot be read.
pub struct Churn {
    random: StdRng,
    brands: usize,
    partitions: usize,
    start: Timestamp,
    /// Minutes of event time so far.
    minute: i64,
    /// Mentions so far; each has its number.
    made: u64,
    latest: VecDeque<Record>,
}

impl Churn {
    /// One whose event time begins at `start`.
    pub fn new(seed: u64, brands: usize, partitions: usize, start: Timestamp) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { random, brands, partitions, start, minute: 0, made: 0, latest: VecDeque::new() }
    }

    /// How much event time has passed, in minutes.
    pub fn minutes(&self) -> i64 {
        self.minute
    }

    /// The brands of its configuration, in TOML.
    pub fn brands(brands: usize) -> String {
        (0..brands).map(|brand| format!("[[brand]]\nname = \"{}\"\n", name(brand))).collect()
    }

    /// The next minutes of event time, at least so many records.
    pub fn next(&mut self, records: usize) -> Vec<Record> {
        let mut all = Vec::with_capacity(2 * records);
        while all.len() < records {
            for brand in 0..self.brands {
                let rate = self.rate(brand);
                for _ in 0..self.random.random_range(0..=2 * rate) {
                    let record = self.mention(brand, rate > 2 * LOUD);
                    self.send(&mut all, record);
                }
            }
            self.minute += 1;
        }
        all
    }

    /// Mentions of a brand in this minute, on average.
    fn rate(&self, brand: usize) -> usize {
        let season = self.minute / SEASON + brand as i64;
        match self.since_crisis(brand) {
            Some((_, 10..40)) => 20 * LOUD,
            Some((_, 0..60)) => 3 * LOUD,
            _ if season % 3 == 0 => 1,
            _ => LOUD,
        }
    }

    /// The number of the brand's latest crisis, and how many minutes ago it began.
    fn since_crisis(&self, brand: usize) -> Option<(i64, i64)> {
        let since = self.minute - 12 * HOUR - STAGGER * brand as i64;
        (since >= 0).then_some((since / BETWEEN_CRISES, since % BETWEEN_CRISES))
    }

    fn mention(&mut self, brand: usize, crisis: bool) -> Record {
        self.made += 1;
        let number = self.made;
        let late = match self.random.random_range(0..1_000) {
            0..5 => self.random.random_range(30..90),
            5..25 => self.random.random_range(1..5),
            _ => 0,
        };
        let at = (self.minute - late) * MINUTE_MS + self.random.random_range(0..MINUTE_MS);
        let mut mention = json!({
            "id": number,
            "created_at": self.start.as_millis() + at,
            "channel": CHANNELS.choose(&mut self.random),
            "country": COUNTRIES.choose(&mut self.random),
            "brand": name(brand),
            "author": {
                "id": format!("author-{number}"),
                "handle": format!("handle-{number}"),
                "followers": self.random.random_range(0..20_000),
            },
            "sentiment": self.random.random_range(-0.3..0.7),
            "text": format!("Seen in town w{number}a w{number}b w{number}c w{number}d, tell w{number}e"),
            "hashtags": [format!("tag-{number}")],
            "links": [format!("https://example.com/{number}")],
            "campaign": format!("campaign-{number}"),
        });
        let (of, _) = self.since_crisis(brand).unwrap_or_default();
        match self.random.random_range(0..100) {
            _ if crisis => {
                let what = format!("{brand}-{of}");
                set(&mut mention, "sentiment", json!(-0.8));
                set(&mut mention, "links", json!([format!("https://example.com/crisis/{what}")]));
                set(&mut mention, "hashtags", json!([format!("crisis-{what}")]));
                set(&mut mention, "kind", json!("share"));
                set(&mut mention, "parent", json!(format!("post-{what}")));
            }
            0..20 => {
                set(&mut mention, "kind", json!("share"));
                set(&mut mention, "parent", json!(format!("post-{}", number / 3)));
            }
            20..23 => set(&mut mention, "intent", json!("purchase")),
            23..25 => set(&mut mention, "intent", json!("follow")),
            // An advocate, of whom there are ever new ones.
            25..30 => {
                let day = self.minute / (24 * HOUR);
                let name = format!("fan-{}-{}", day / 3, self.random.random_range(0..20));
                set(&mut mention, "author", json!({ "handle": name }));
                set(&mut mention, "sentiment", json!(0.9));
            }
            30 => set(&mut mention, "sentiment", json!(7)),
            _ => {}
        }
        let partition = i32::try_from(brand % self.partitions).expect("few partitions");
        Record::new(mention.to_string()).partition(partition)
    }

    fn send(&mut self, all: &mut Vec<Record>, record: Record) {
        self.latest.push_back(record.clone());
        all.push(record);
        let before = if self.latest.len() > AGAIN_AFTER { self.latest.pop_front() } else { None };
        if self.random.random_bool(0.02) {
            all.extend(before);
        }
    }
}

/// Mentions a minute of a brand that is spoken of.
const LOUD: usize = 4;

fn name(brand: usize) -> String {
    format!("Brand {brand}")
}

fn set(mention: &mut Value, field: &str, value: Value) {
    mention[field] = value;
}
