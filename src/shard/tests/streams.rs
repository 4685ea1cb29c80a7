//! Made streams: three brands with the rhythm of a day, from a seed.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Gamma, Poisson};

use crate::detect::{
    BaselineSettings, Brand, Mark, MarkedAs, Monitor, Plan, Sensitivity, TimeSettings,
};
use crate::incident::Change;
use crate::mention::{BrandIndex, Classified, Mention, Role, Timestamp, Tone};
use crate::shard::{Outcome, Shard};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// A Monday, 00:00 UTC.
pub const START: i64 = 1_789_344_000_000;
pub const BRANDS: [&str; 3] = ["Alpha", "Beta", "Gamma"];
/// Mentions of each brand in an average minute.
const RATES: [f64; 3] = [1.0, 0.6, 0.3];

pub fn plan() -> Arc<Plan> {
    let brand = |name: &str| Brand { name: name.to_owned(), market: Some("market".to_owned()) };
    Arc::new(Plan {
        brands: BRANDS.map(brand).to_vec(),
        time_zone: TimeZone::UTC,
        time: TimeSettings::default(),
        monitors: Monitor::defaults(),
        sensitivity: Sensitivity::default(),
        baseline: BaselineSettings::default(),
    })
}

/// A shard of that plan, but in panes of five minutes: for series that are tallied, not observed.
pub fn series() -> Shard {
    let time = TimeSettings { pane: Duration::from_secs(300), ..TimeSettings::default() };
    Shard::new(Plan { time, ..(*plan()).clone() }.into(), "series")
}

/// One made mention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Made {
    pub id: u64,
    pub at: i64,
    pub brand: u32,
    pub sentiment: f32,
}

/// A mention of `brand`, `at` milliseconds after [`START`].
pub fn made(id: u64, at: i64, brand: u32) -> Made {
    Made { id, at: START + at, brand, sentiment: 0.2 }
}

/// How much busier or calmer than usual each hour of `days` is for each brand, at random: gamma of
/// mean 1 and variance `dispersion`, so that counts are negative binomial as real ones are.
pub fn restless(seed: u64, days: i64, dispersion: f64) -> impl Fn(usize, i64) -> f64 {
    let mut rng = StdRng::seed_from_u64(seed);
    let gamma = Gamma::new(1.0 / dispersion, dispersion).unwrap();
    let hours: Vec<[f64; 3]> =
        (0..days * 24).map(|_| [(); 3].map(|()| gamma.sample(&mut rng))).collect();
    move |brand, now| hours.get((now / HOUR) as usize).map_or(1.0, |hour| hour[brand])
}

/// Ordinary minutes `from..to` after [`START`], each brand's rate multiplied by `times(brand, minute)`.
pub fn ordinary(seed: u64, from: i64, to: i64, times: impl Fn(usize, i64) -> f64) -> Vec<Made> {
    ordinary_but(seed, from, to, times, |_, _| 0.3)
}

/// How busy the minute `now` after [`START`] is next to the average of its day.
pub fn rhythm(now: i64) -> f64 {
    let hour = (now as f64 / HOUR as f64).rem_euclid(24.0);
    1.0 - 0.8 * ((hour - 3.0) / 12.0 * std::f64::consts::PI).cos()
}

/// [`ordinary`] minutes in which the part `negative(brand, minute)` of the mentions is negative.
pub fn ordinary_but(
    seed: u64,
    from: i64,
    to: i64,
    times: impl Fn(usize, i64) -> f64,
    negative: impl Fn(usize, i64) -> f64,
) -> Vec<Made> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut made = Vec::new();
    for minute in from / MINUTE..to / MINUTE {
        for (brand, rate) in RATES.iter().enumerate() {
            let mean = rate * rhythm(minute * MINUTE) * times(brand, minute * MINUTE);
            if mean <= 0.0 {
                continue;
            }
            for _ in 0..Poisson::new(mean).unwrap().sample(&mut rng) as u64 {
                let at = START + minute * MINUTE + rng.random_range(0..MINUTE);
                let part = negative(brand, minute * MINUTE);
                let sentiment = if rng.random_bool(part) { -0.6 } else { 0.2 };
                let id = seed * 1_000_000_000 + made.len() as u64;
                made.push(Made { id, at, brand: brand as u32, sentiment });
            }
        }
    }
    made.sort_by_key(|mention| mention.at);
    made
}

/// A mark of `monitor`'s last incident of the first brand.
pub fn false_alarm(monitor: &str, at: Timestamp) -> Mark {
    let (brand, monitor) = (BRANDS[0].to_owned(), monitor.to_owned());
    Mark { at, brand, monitor, verdict: MarkedAs::FalseAlarm, incident: None }
}

pub fn usual(_: usize, _: i64) -> f64 {
    1.0
}

pub fn observe(shard: &mut Shard, made: &Made, changes: &mut Vec<Change>) -> Outcome {
    observe_as(shard, made, &|_, _| {}, changes)
}

/// [`observe`], the mention changed by `shape` before.
pub fn observe_as(
    shard: &mut Shard,
    made: &Made,
    shape: &dyn Fn(&Made, &mut Mention<'_>),
    changes: &mut Vec<Change>,
) -> Outcome {
    let mut mention = Mention {
        id: made.id.to_string().into(),
        created_at: Timestamp::from_millis(made.at),
        channel: "test".into(),
        text: "made".into(),
        hashtags: if made.sentiment < 0.0 { vec!["bad".into()] } else { Vec::new() },
        ..Mention::default()
    };
    shape(made, &mut mention);
    let classified = Classified {
        mention: &mention,
        brands: vec![BrandIndex(made.brand)],
        sentiment: made.sentiment,
        tone: Tone::of(made.sentiment),
        crisis_terms: Vec::new(),
        role: Role::Customer,
        normal_text: mention.text.to_lowercase(),
        names: Vec::new(),
    };
    shard.observe(&classified, changes)
}

/// All changes that `made` makes in a new shard, to the end.
pub fn run(made: &[Made]) -> Vec<Change> {
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = feed(&mut shard, made);
    shard.finish(&mut changes);
    changes
}

/// The changes that `made` makes in `shard`.
pub fn feed(shard: &mut Shard, made: &[Made]) -> Vec<Change> {
    let mut changes = Vec::new();
    for mention in made {
        observe(shard, mention, &mut changes);
    }
    changes
}

/// The changes of `minutes` after `since` in which nothing comes and the wall clock moves on.
pub fn silence(shard: &mut Shard, since: i64, minutes: i64) -> Vec<Change> {
    let mut changes = Vec::new();
    for minute in 1..=minutes {
        shard.idle(at(since + minute * MINUTE), minute * MINUTE, &mut changes);
    }
    changes
}

pub fn opened(changes: &[Change]) -> Vec<&Change> {
    changes.iter().filter(|change| change.sequence == 0).collect()
}

pub fn at(after_start: i64) -> Timestamp {
    Timestamp::from_millis(START + after_start)
}

/// One line a change, for a test that fails.
pub fn lines(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let it = &change.incident;
        let (state, direction) = (it.state.name(), it.direction.name());
        let span = format!("{}..{} at {}", it.onset, it.detected_at, it.updated_at);
        let value = format!("{:.1} of {:.1}, z {:.1}", it.observed, it.expected, it.peak_z);
        format!(
            "{state} {} {} {direction} {span}: {value}, {}",
            it.brand,
            it.monitor,
            it.severity.name()
        )
    };
    changes.iter().map(line).collect()
}
