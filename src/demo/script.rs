//! The made mentions, in order.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::MARKET;
use super::rhythm::{arrivals, of_day, restless};
use super::swing::{OUTCRY, PRAISE, Swing};
use super::texts::{BRANDS, CRISIS};
use super::writer::{Scene, Told, Writer};
use crate::mention::Timestamp;

const MINUTE_MS: f64 = 60_000.0;
const HOUR: f64 = 60.0;

/// Ordinary minutes before the crisis: two days, and a little more, so that every hour of the day
/// has been seen twice when it breaks.
const ORDINARY: f64 = 50.0 * HOUR;
/// Minutes from its first word to the end: the crisis, its fading, and calm.
const AFTER: f64 = 7.0 * HOUR;
/// The hour of the made day at which the crisis breaks, whatever hour of UTC that is.
const BREAKS_AT: f64 = 14.0;
/// Minutes from then to the first word of praise for the competitor.
const PRAISE_AFTER: f64 = 45.0;
/// Minutes from the first word of the crisis after which some customers stay away, and how many of
/// them do not.
const HUSHED_AFTER: f64 = 80.0;
const HUSHED: f64 = 0.8;
/// Minutes after the first word at which those speak who have more to tell than the others.
const TOLD: [(f64, Told); 5] = [
    (0.0, Told::Journalist),
    (2.0, Told::Employee),
    (5.0, Told::Influencer),
    (48.0, Told::Statement),
    (95.0, Told::Apology),
];
/// The same for articles of the press, which takes longer.
const PRESS: [f64; 5] = [24.0, 37.0, 52.0, 66.0, 88.0];

/// One made mention on its way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it is made, in event time.
    pub created_at: Timestamp,
    /// The record's key: the market.
    pub key: &'static str,
    /// The mention in JSON.
    pub payload: Vec<u8>,
}

/// All made mentions, in event-time order.
#[derive(Debug)]
pub struct Script {
    start: Timestamp,
    crisis: Timestamp,
    end: Timestamp,
    events: Vec<Event>,
}

impl Script {
    /// The mentions of `seed` that end at `end`. The same arguments give the same bytes, as long as
    /// the version of `rand` is the same: its standard generator may change between versions.
    pub fn new(seed: u64, end: Timestamp) -> Self {
        let crisis = end.plus_millis(-millis(AFTER));
        let start = crisis.plus_millis(-millis(ORDINARY));
        let mut rng = StdRng::seed_from_u64(seed);
        let mut cues = cues(&mut rng);
        cues.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut writer = Writer::new(&mut rng);
        let events = cues
            .into_iter()
            .map(|(minute, scene)| {
                let created_at = start.plus_millis(millis(minute));
                let payload = writer.write(&mut rng, created_at, scene);
                Event { created_at, key: MARKET, payload }
            })
            .collect();
        Self { start, crisis, end, events }
    }

    /// When the first mention may come.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// When the crisis begins: the first word of it.
    pub const fn crisis_at(&self) -> Timestamp {
        self.crisis
    }

    /// When the competitor's hashtag begins.
    pub const fn praise_at(&self) -> Timestamp {
        self.crisis.plus_millis(millis(PRAISE_AFTER))
    }

    /// When the script ends; every mention comes before.
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// The mentions, in event-time order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// Every mention there will be: its minute since the start, and what it is about.
fn cues(rng: &mut StdRng) -> Vec<(f64, Scene)> {
    let mut cues = Vec::new();
    for brand in 0..BRANDS.len() {
        let scene = |minute| (minute, Scene::Ordinary(brand));
        cues.extend(ordinary(rng, brand).into_iter().map(scene));
    }
    let outcry = |minute| (ORDINARY + minute, Scene::Outcry);
    cues.extend(swing(rng, &OUTCRY, AFTER).into_iter().map(outcry));
    let from = ORDINARY + PRAISE_AFTER;
    let praise = |minute| (from + minute, Scene::Praise);
    cues.extend(swing(rng, &PRAISE, AFTER - PRAISE_AFTER).into_iter().map(praise));
    cues.extend(TOLD.map(|(minute, told)| (ORDINARY + minute, Scene::Told(told))));
    let article = |(number, minute): (usize, f64)| (ORDINARY + minute, Scene::Article(number));
    cues.extend(PRESS.into_iter().enumerate().map(article));
    cues
}

/// Minutes at which an ordinary brand is spoken of: a Poisson process whose rate follows the day
/// and strays from it.
fn ordinary(rng: &mut StdRng, brand: usize) -> Vec<f64> {
    const QUARTER: f64 = 15.0;
    let busiest = BRANDS[brand].busiest / HOUR;
    let length = ORDINARY + AFTER;
    let levels = restless(rng, (length / QUARTER).ceil() as usize);
    let level = |minute: f64| levels.get((minute / QUARTER) as usize).copied().unwrap_or(1.0);
    let hour_of_day = |minute: f64| BREAKS_AT + (minute - ORDINARY) / HOUR;
    let highest = levels.iter().copied().fold(1.0, f64::max);
    arrivals(rng, length, highest * busiest, |minute| {
        let hushed = brand == CRISIS && minute > ORDINARY + HUSHED_AFTER;
        let kept = if hushed { HUSHED } else { 1.0 };
        of_day(hour_of_day(minute)) * level(minute) * kept * busiest
    })
}

fn swing(rng: &mut StdRng, swing: &Swing, length: f64) -> Vec<f64> {
    arrivals(rng, length, swing.height, |minute| swing.rate(minute))
}

/// Milliseconds of `minutes`.
const fn millis(minutes: f64) -> i64 {
    (minutes * MINUTE_MS) as i64
}
