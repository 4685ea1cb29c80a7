//! A made-up stream of mentions whose contents are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundswell::classify::Classifier;
use groundswell::config::Config;
use groundswell::decode::Format;
use groundswell::incident::Change;
use groundswell::mention::Timestamp;
use groundswell::pipeline::Intake;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use super::Record;

const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 60;

/// How long it lasts, in minutes: every hour of the day is known before the first crisis, and hours follow the last.
const LASTS: i64 = 48 * HOUR;

/// Each market's brands; each has its crisis.
const BRANDS: [&str; 2] = ["Acme", "Apex"];

/// When a brand's crisis begins in its market, in minutes from the start.
fn crisis(market: usize, brand: usize) -> i64 {
    (26 + 2 * market as i64 + 9 * brand as i64) * HOUR
}

/// Mentions a minute, on average: an hour of crisis is at its worst in the middle.
fn rate(minutes_into_crisis: i64) -> usize {
    match minutes_into_crisis {
        20..40 => 24,
        0..60 => 3,
        _ => 1,
    }
}

const CHANNELS: [&str; 3] = ["twitter", "facebook", "news"];

/// The records of some markets, and what is in them. The same arguments give the same bytes.
pub struct Stream {
    /// All records in the order of their sending; each market has its partition and its key.
    pub records: Vec<Record>,
    /// Mentions that count: neither copies nor too late.
    pub mentions: usize,
    /// Copies of one that was sent before.
    pub duplicates: usize,
    /// Mentions that come more than the allowed lateness after others of their time.
    pub late: usize,
}

/// What a partition's records come to, counted in their order by the library itself.
#[derive(Debug)]
pub struct Expected {
    /// Its state at the end.
    pub intake: Intake,
    /// Each change of an incident, as it is told.
    pub changes: Vec<Change>,
    /// Records by what becomes of them: an outcome, or a dead letter's reason.
    pub outcomes: BTreeMap<&'static str, usize>,
}

impl Stream {
    /// Two days that end at `end`, of up to four markets: every brand has a crisis of an hour, and hours of
    /// calm after it.
    pub fn new(seed: u64, markets: usize, partitions: usize, end: Timestamp) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut stream = Self { records: Vec::new(), mentions: 0, duplicates: 0, late: 0 };
        for (minute, (market, brand)) in
            (0..LASTS).flat_map(|minute| brands(markets).map(move |brand| (minute, brand)))
        {
            let rate = rate(minute - crisis(market, brand));
            for number in 0..random.random_range(0..=2 * rate) {
                let offset = (minute - LASTS) * MINUTE_MS + random.random_range(0..MINUTE_MS);
                let mention = Made {
                    id: format!("{market}-{brand}-{minute}-{number}"),
                    brand: name(market, brand),
                    at: end.plus_millis(offset),
                    angry: rate > 1 && random.random_bool(0.9),
                };
                let record = Record::new(mention.json(&mut random).to_string())
                    .key(format!("market-{market}"))
                    .partition(i32::try_from(market % partitions).expect("few partitions"));
                stream.send(&mut random, (mention.at, end), &record);
            }
        }
        stream.records.sort_by_key(|record| record.timestamp);
        stream
    }

    /// Most arrive at once, some a little late, a few too late, and some twice.
    fn send(&mut self, random: &mut StdRng, (at, end): (Timestamp, Timestamp), record: &Record) {
        let mut arrive = |delay_ms: i64| {
            self.records
                .push(Record { timestamp: Some(at.as_millis() + delay_ms), ..record.clone() });
        };
        match random.random_range(0..1_000) {
            // At the end, nothing would follow that makes it late.
            0..5 if end.millis_since(at) > 2 * HOUR * MINUTE_MS => {
                arrive(random.random_range(30..90) * MINUTE_MS);
                self.late += 1;
                return;
            }
            5..25 => arrive(random.random_range(1..5) * MINUTE_MS),
            25..45 => {
                arrive(0);
                arrive(random.random_range(0..8 * MINUTE_MS));
                self.duplicates += 1;
            }
            _ => arrive(random.random_range(0..3_000)),
        }
        self.mentions += 1;
    }

    /// The brands of its configuration, in TOML.
    pub fn brands(markets: usize) -> String {
        let table = |(market, brand)| {
            format!("[[brand]]\nname = \"{}\"\nmarket = \"market-{market}\"\n", name(market, brand))
        };
        brands(markets).map(table).collect()
    }

    /// What each partition comes to under a configuration.
    pub fn expected(&self, config: &Config) -> BTreeMap<i32, Expected> {
        let classifier = Arc::new(Classifier::new(&config.rules).expect("sound word lists"));
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let mut partitions = BTreeMap::new();
        for record in &self.records {
            let Expected { intake, changes, outcomes } =
                partitions.entry(record.partition.expect("a partition")).or_insert_with(|| {
                    let intake = Intake::new(config, &config.feed, Arc::clone(&classifier));
                    Expected { intake, changes: Vec::new(), outcomes: BTreeMap::new() }
                });
            let payload = record.payload.as_deref().expect("a mention");
            let outcome = match intake.take(Format::Json, payload, None, now, changes) {
                Ok(taken) => taken.outcome.name(),
                Err(rejected) => rejected.reason.name(),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        partitions
    }
}

struct Made {
    id: String,
    brand: String,
    at: Timestamp,
    angry: bool,
}

impl Made {
    fn json(&self, random: &mut StdRng) -> serde_json::Value {
        let (text, links, sentiment) = if self.angry {
            ("They let us down, look at this", &["https://example.com/what-happened"][..], -0.8)
        } else {
            ("Seen in town today", &[][..], random.random_range(-0.1..0.6))
        };
        json!({
            "id": self.id,
            "created_at": self.at.as_millis(),
            "channel": CHANNELS[random.random_range(0..CHANNELS.len())],
            "brand": self.brand,
            "author": { "handle": format!("author-{}", random.random_range(0..5_000)) },
            "text": text,
            "links": links,
            "sentiment": sentiment,
        })
    }
}

fn brands(markets: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..markets).flat_map(|market| (0..BRANDS.len()).map(move |brand| (market, brand)))
}

fn name(market: usize, brand: usize) -> String {
    format!("{} {market}", BRANDS[brand])
}
