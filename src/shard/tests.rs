//! The core on made and on real mentions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::detect::{BaselineSettings, Brand, Monitor, Sensitivity, TimeSettings};
use crate::incident::{Severity, State as Life, Subject};
use crate::mention::{Author, Mention, Role, Tone};

const AIRLINES: [&str; 6] =
    ["American", "Delta", "Southwest", "US Airways", "United", "Virgin America"];

fn plan(brands: &[&str]) -> Arc<Plan> {
    Arc::new(Plan {
        feed: "mentions".to_owned(),
        brands: brands
            .iter()
            .map(|name| Brand { name: (*name).to_owned(), market: Some("market".to_owned()) })
            .collect(),
        time_zone: TimeZone::get("America/New_York").unwrap(),
        time: TimeSettings::default(),
        monitors: Monitor::defaults(),
        sensitivity: Sensitivity::default(),
        baseline: BaselineSettings::default(),
    })
}

fn classified<'a>(mention: &'a Mention<'a>, brand: u32, sentiment: f32) -> Classified<'a> {
    Classified {
        mention,
        brands: vec![BrandIndex(brand)],
        sentiment,
        tone: Tone::of(sentiment),
        crisis_terms: Vec::new(),
        role: Role::Customer,
    }
}

fn at(text: &str) -> Timestamp {
    let parsed: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(parsed.as_millisecond())
}

thread_local!(static LAST: std::cell::RefCell<String> = Default::default());
fn airline_week() -> Vec<Change> {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/airline-2015/mentions.ndjson.gz");
    let file = std::fs::File::open(path).expect("the shared data stands beside the repository");
    let mut shard = Shard::new(plan(&AIRLINES));
    let mut changes = Vec::new();
    for line in BufReader::new(flate2::read::GzDecoder::new(file)).lines() {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let strings = |key: &str| -> Vec<Cow<'_, str>> {
            let list = event[key].as_array().cloned().unwrap_or_default();
            list.iter().map(|value| Cow::Owned(value.as_str().unwrap().to_owned())).collect()
        };
        let mention = Mention {
            id: event["id"].as_str().unwrap().into(),
            created_at: at(event["created_at"].as_str().unwrap()),
            channel: event["channel"].as_str().unwrap().into(),
            text: event["text"].as_str().unwrap().into(),
            author: Author {
                id: event["author"]["id"].as_str().map(Cow::from),
                ..Author::default()
            },
            hashtags: strings("hashtags"),
            links: strings("links"),
            ..Mention::default()
        };
        let brand = AIRLINES.iter().position(|name| *name == event["brand"]).unwrap();
        let sentiment = event["sentiment"].as_f64().unwrap() as f32;
        if std::env::var("DBG").is_ok()
            && event["created_at"].as_str().unwrap().starts_with("2015-02-2")
        {
            let w = shard.watermark().unwrap().to_string();
            if LAST.with(|l| {
                let h = w[..13].to_owned();
                let n = *l.borrow() != h;
                *l.borrow_mut() = h;
                n
            }) {
                for r in shard.readings() {
                    if r.brand.0 == std::env::var("DBG").unwrap().parse::<u32>().unwrap()
                        && r.window_seconds > 300
                    {
                        println!(
                            "{w} {:17} {:6} obs {:7.2} exp {:7.2} [{:.1} {:.1}] z {:.2}",
                            r.monitor,
                            r.window_seconds,
                            r.observed,
                            r.expected,
                            r.lower,
                            r.upper,
                            r.z
                        );
                    }
                }
            }
        }
        shard
            .observe(&classified(&mention, u32::try_from(brand).unwrap(), sentiment), &mut changes);
    }
    shard.finish(&mut changes);
    changes
}

#[test]
fn airline_week_prints() {
    for change in airline_week() {
        let i = &change.incident;
        println!(
            "{:9} {:14} {:17} {:?} {:8} onset {} det {} upd {} z {:.1} obs {:.1} exp {:.1} w {} n {} neg {} sig {:?}",
            i.state.name(),
            i.brand,
            i.monitor,
            i.direction,
            i.severity.name(),
            i.onset,
            i.detected_at,
            i.updated_at,
            i.peak_z,
            i.observed,
            i.expected,
            i.window_seconds,
            i.mentions,
            i.negative_mentions,
            i.signals
                .iter()
                .map(|s| format!("{}/{}", s.monitor, s.window_seconds))
                .collect::<Vec<_>>()
        );
        if change.sequence == 0 {
            for s in &i.sources {
                println!("      {} {} {} {:.2}", s.kind.name(), s.value, s.count, s.share);
            }
        }
    }
}
