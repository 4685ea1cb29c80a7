//! The made mentions, in order.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use super::texts::{ANGRY, CALM_ABOUT_IT, FIRST_WORD, FRIENDLY, ORDINARY};
use super::{CRISIS_BRAND, CRISIS_LINK};
use crate::mention::Timestamp;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Ordinary time before the crisis.
const ORDINARY_MS: i64 = 48 * HOUR_MS;
/// Crisis, decay and calm.
const AFTER_MS: i64 = 5 * HOUR_MS;
/// Minutes for which the crisis grows, and minutes in which it halves afterwards.
const GROWS: f64 = 90.0;
const HALVES: f64 = 15.0;
/// Crisis mentions a minute at the height.
const HEIGHT: f64 = 5.0;
/// The friendly hashtag: minutes after the crisis begins, how long, mentions a minute.
const FRIENDLY_FROM: f64 = 40.0;
const FRIENDLY_FOR: f64 = 30.0;
const FRIENDLY_HEIGHT: f64 = 4.0;

/// The brands, each with its mentions an hour at noon and its Hebrew name.
const BRANDS: [(&str, f64, &str); 3] = [
    (CRISIS_BRAND, 60.0, "מורוונטו"),
    ("Quillbay", 40.0, "קווילביי"),
    ("Zentrika", 25.0, "זנטריקה"),
];

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
    /// The mentions of `seed` that end at `end`.
    pub fn new(seed: u64, end: Timestamp) -> Self {
        let crisis = end.plus_millis(-AFTER_MS);
        let start = crisis.plus_millis(-ORDINARY_MS);
        let mut writer =
            Writer { rng: StdRng::seed_from_u64(seed), crisis, count: 0, events: Vec::new() };
        writer.ordinary(start, end);
        writer.crisis(end);
        writer.friendly();
        let mut events = writer.events;
        events.sort_by_key(|event| event.created_at);
        Self { start, crisis, end, events }
    }

    /// When the first mention may come.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// When the crisis begins.
    pub const fn crisis_at(&self) -> Timestamp {
        self.crisis
    }

    /// When the script ends.
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// The mentions, in event-time order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

struct Writer {
    rng: StdRng,
    crisis: Timestamp,
    count: u64,
    events: Vec<Event>,
}

/// What one mention says.
struct Saying {
    brand: usize,
    text: (&'static str, &'static str),
    kind: &'static str,
    link: bool,
    hashtag: Option<&'static str>,
    sentiment: Option<f64>,
}

impl Writer {
    /// Ordinary days: the crisis falls into an early afternoon, whatever the clock says.
    fn ordinary(&mut self, start: Timestamp, end: Timestamp) {
        let hours = end.millis_since(start) / HOUR_MS;
        for hour in 0..hours {
            let from = start.plus_millis(hour * HOUR_MS);
            let hour_of_day =
                (from.millis_since(self.crisis) as f64 / HOUR_MS as f64 + 14.0).rem_euclid(24.0);
            // From 10 % at four in the morning to 100 % at four in the afternoon.
            let rhythm = 0.55 - 0.45 * ((hour_of_day - 4.0) / 12.0 * std::f64::consts::PI).cos();
            for (brand, (_, at_noon, _)) in BRANDS.iter().enumerate() {
                let mood = 1.0 + 0.3 * (self.rng.random::<f64>() - 0.5);
                for _ in 0..self.poisson(at_noon * rhythm * mood) {
                    let at = from.plus_millis(self.rng.random_range(0..HOUR_MS));
                    let text = ORDINARY[self.rng.random_range(0..ORDINARY.len())];
                    let kind = if self.rng.random_bool(0.3) { "reply" } else { "post" };
                    let said =
                        Saying { brand, text, kind, link: false, hashtag: None, sentiment: None };
                    self.write(at, &said);
                }
            }
        }
    }

    /// One article, then everybody.
    fn crisis(&mut self, end: Timestamp) {
        let first = Saying {
            brand: 0,
            text: ("en", FIRST_WORD),
            kind: "article",
            link: true,
            hashtag: None,
            sentiment: Some(-0.8),
        };
        self.write(self.crisis, &first);
        for minute in 1..end.millis_since(self.crisis) / MINUTE_MS {
            let at = minute as f64;
            let fades = if at > GROWS { (-(at - GROWS) / HALVES).exp2() } else { 1.0 };
            let rate = HEIGHT * (1.0 - (-at / 25.0).exp()) * fades;
            for _ in 0..self.poisson(rate) {
                let when = self
                    .crisis
                    .plus_millis(minute * MINUTE_MS + self.rng.random_range(0..MINUTE_MS));
                let angry = self.rng.random_bool(0.85);
                let texts: &[_] = if angry { &ANGRY } else { &CALM_ABOUT_IT };
                let text = texts[self.rng.random_range(0..texts.len())];
                let said = Saying {
                    brand: 0,
                    text,
                    kind: ["share", "reply", "comment"][self.rng.random_range(0..3)],
                    link: self.rng.random_bool(0.78),
                    hashtag: text.1.contains('#').then_some("BoycottMorvanto"),
                    sentiment: angry.then_some(-0.7),
                };
                self.write(when, &said);
            }
        }
    }

    /// A competitor's challenge goes round meanwhile.
    fn friendly(&mut self) {
        for minute in 0..FRIENDLY_FOR as i64 {
            for _ in 0..self.poisson(FRIENDLY_HEIGHT) {
                let offset = FRIENDLY_FROM as i64 * MINUTE_MS + minute * MINUTE_MS;
                let at = self.crisis.plus_millis(offset + self.rng.random_range(0..MINUTE_MS));
                let text = FRIENDLY[self.rng.random_range(0..FRIENDLY.len())];
                let said = Saying {
                    brand: 1,
                    text,
                    kind: "post",
                    link: false,
                    hashtag: Some("QuillbayChallenge"),
                    sentiment: Some(0.8),
                };
                self.write(at, &said);
            }
        }
    }

    fn write(&mut self, at: Timestamp, said: &Saying) {
        self.count += 1;
        let (name, _, hebrew) = BRANDS[said.brand];
        let (lang, text) = said.text;
        let text = text.replace("{}", if lang == "he" { hebrew } else { name });
        let article = said.kind == "article";
        let channels = ["twitter", "twitter", "instagram", "facebook", "reddit"];
        let channel =
            if article { "news" } else { channels[self.rng.random_range(0..channels.len())] };
        let author = self.rng.random_range(0..60_000_u32);
        // Most have a few hundred followers, a few have many.
        let followers = (150.0 / self.rng.random_range(0.0005..1.0_f64)) as u64;
        let mut mention = json!({
            "id": format!("made-{}", self.count),
            "created_at": at.as_millis(),
            "channel": channel,
            "kind": said.kind,
            "author": {"handle": format!("user{author}"), "followers": followers},
            "text": text,
            "lang": lang,
            "url": format!("https://{channel}.example/made-{}", self.count),
        });
        if article {
            mention["author"] =
                json!({"handle": "newsdesk", "followers": 250_000, "role": "journalist"});
            mention["reach"] = json!(800_000);
        }
        // A hashtag alone names no brand: the producer of this feed does.
        if said.hashtag.is_some() {
            mention["brand"] = json!(name);
        }
        if said.link {
            mention["links"] = json!([CRISIS_LINK]);
        }
        if let Some(hashtag) = said.hashtag {
            mention["hashtags"] = json!([hashtag]);
        }
        if let Some(sentiment) = said.sentiment {
            mention["sentiment"] = json!(sentiment);
        }
        self.events.push(Event {
            created_at: at,
            key: "coffee",
            payload: mention.to_string().into_bytes(),
        });
    }

    /// A Poisson variate by Knuth's product of uniforms; good for the small means here.
    fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut product: f64 = self.rng.random();
        let mut count = 0;
        while product > limit {
            product *= self.rng.random::<f64>();
            count += 1;
        }
        count
    }
}
