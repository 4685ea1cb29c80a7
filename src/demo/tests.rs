//! The made stream, and what the core makes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::texts::{BRANDS, Lang, Sayings};
use super::*;
use crate::classify::Classifier;
use crate::config::{Config, Secrets};
use crate::decode::{Format, Limits, decode};
use crate::incident::{
    Change, Direction, Incident, Measure, Provenance, Severity, SourceKind, State,
};
use crate::mention::{Mention, Role, Timestamp, Tone};
use crate::shard::{Outcome, Shard};

/// 2026-03-04T17:25:00Z.
const END: Timestamp = Timestamp::from_millis(1_772_645_100_000);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn config() -> Config {
    Config::parse(CONFIG, "demo", Secrets::Ignore, &|_| None).unwrap()
}

fn mentions(script: &Script) -> Vec<Mention<'_>> {
    let limits = Limits { max_bytes: 1 << 20, latest: script.end() };
    let decoded = script.events().iter().map(|event| decode(Format::Json, &event.payload, &limits));
    decoded.map(|mention| mention.expect("every made mention is valid")).collect()
}

/// What people are told when the script goes through the core.
fn told(script: &Script) -> Vec<Change> {
    let config = config();
    let classifier = Classifier::new(&config.rules).unwrap();
    let mut shard = Shard::new(config.plan, "demo");
    let mut changes = Vec::new();
    for mention in &mentions(script) {
        let classified = classifier.classify(mention).unwrap();
        let outcome = shard.observe(&classified, &mut changes);
        assert_eq!(outcome, Outcome::Counted, "{}", mention.text);
    }
    changes
}

fn of<'a>(changes: &'a [Change], brand: &str, state: State) -> Vec<&'a Incident> {
    let incidents = changes.iter().map(|change| &change.incident);
    incidents.filter(|it| it.brand == brand && it.state == state).collect()
}

fn share_of(incident: &Incident, kind: SourceKind, value: &str) -> f64 {
    let mut sources = incident.sources.iter();
    sources.find(|it| it.kind == kind && it.value == value).map_or(0.0, |it| it.share)
}

#[test]
fn the_core_tells_the_story_that_was_made() {
    for seed in [1, 2, 3, 7, 42, 2026] {
        // The hour of the week at which the demo is started makes no difference.
        let end = END.plus_millis(i64::try_from(seed).unwrap() % 11 * (17 * HOUR_MS + 754_321));
        let script = Script::new(seed, end);
        let changes = told(&script);
        let since = |from: Timestamp, at: Timestamp| at.millis_since(from) / MINUTE_MS;
        let ordinary = changes.iter().filter(|it| it.incident.detected_at < script.crisis_at());
        assert_eq!(ordinary.count(), 0, "seed {seed}: the ordinary days page nobody");

        let [opened] = of(&changes, CRISIS_BRAND, State::Opened)[..] else {
            panic!("seed {seed}: not one crisis: {changes:#?}");
        };
        let (onset, detected) = (
            since(script.crisis_at(), opened.onset),
            since(script.crisis_at(), opened.detected_at),
        );
        assert!((-10..=10).contains(&onset), "seed {seed}: onset after {onset} min");
        assert!((0..=1).contains(&detected), "seed {seed}: told after {detected} min");
        assert_eq!(opened.direction, Direction::Up);
        assert_eq!(opened.samples[0].role, Role::Journalist, "seed {seed}");
        let escalated = of(&changes, CRISIS_BRAND, State::Escalated);
        let risen = escalated.iter().find(|it| it.peak_z > 0.0).expect("the wave is told too");
        let after = since(script.crisis_at(), risen.updated_at);
        assert!((0..=15).contains(&after), "seed {seed}: the wave is told after {after} min");
        let link = share_of(risen, SourceKind::Link, CRISIS_LINK);
        assert!(link > 0.3, "seed {seed}: the link carries {link} when it is told");
        assert!(opened.crisis_terms.iter().any(|it| it.term == "contaminated"), "seed {seed}");

        let [resolved] = of(&changes, CRISIS_BRAND, State::Resolved)[..] else {
            panic!("seed {seed}: the crisis is not over at the end");
        };
        assert_eq!(resolved.severity, Severity::Critical, "seed {seed}");
        let link = share_of(resolved, SourceKind::Link, CRISIS_LINK);
        assert!(link > 0.5, "seed {seed}: the link carries {link} in all");

        let [praised] = of(&changes, PRAISED_BRAND, State::Opened)[..] else {
            panic!("seed {seed}: not one wave of praise: {changes:#?}");
        };
        let detected = since(script.praise_at(), praised.detected_at);
        assert!((0..=25).contains(&detected), "seed {seed}: praise told after {detected} min");
        assert_eq!((praised.direction, praised.severity), (Direction::Up, Severity::Notice));
        let angry = praised.negative_mentions as f64 / praised.mentions as f64;
        assert!(angry < 0.35, "seed {seed}: {angry} of the praise is negative");
        for change in [resolved, praised] {
            let provenance = change.origin.as_ref().map(|origin| origin.provenance);
            assert_ne!(provenance, Some(Provenance::Coordinated), "seed {seed}: {change:#?}");
        }
        assert_eq!(praised.topic.as_deref(), Some("#quillbaychallenge"), "seed {seed}");
        // As soon as there are more mentions than usual it is told what carries them.
        let told = |it: &&Change| {
            it.incident.brand == PRAISED_BRAND && it.incident.measure == Measure::Mentions
        };
        for change in changes.iter().filter(told) {
            let hashtag = share_of(&change.incident, SourceKind::Hashtag, "quillbaychallenge");
            assert!(hashtag > 0.3, "seed {seed}: the hashtag carries {hashtag}");
        }

        assert!(of(&changes, QUIET_BRAND, State::Opened).is_empty(), "seed {seed}");
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_does_not() {
    let (one, same, other) = (Script::new(7, END), Script::new(7, END), Script::new(8, END));
    assert_eq!(one.events(), same.events());
    assert_ne!(one.events(), other.events());
}

#[test]
fn a_script_is_in_order_within_its_time_and_small() {
    for seed in 0..5 {
        let script = Script::new(seed, END);
        let events = script.events();
        assert!(events.is_sorted_by_key(|event| event.created_at));
        assert!(events.first().unwrap().created_at >= script.start());
        assert!(events.last().unwrap().created_at < script.end());
        assert!(events.iter().all(|event| event.key == MARKET));
        assert!(events.iter().any(|event| event.created_at == script.crisis_at()));
        // librdkafka's in-process cluster keeps the last 5 MB of a partition.
        let bytes: usize = events.iter().map(|event| event.payload.len()).sum();
        assert!(bytes < 4_000_000, "{bytes}");
        let ids: HashSet<_> = mentions(&script).into_iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), events.len(), "no id twice");
    }
}

#[test]
fn days_are_busy_nights_are_not_and_hours_are_restless() {
    let script = Script::new(7, END);
    let brands = config();
    let classifier = Classifier::new(&brands.rules).unwrap();
    let mut hours: HashMap<(u32, i64), f64> = HashMap::new();
    let mentions = mentions(&script);
    for mention in mentions.iter().filter(|it| it.created_at < script.crisis_at()) {
        let [brand] = classifier.classify(mention).unwrap().brands[..] else {
            panic!("of one brand: {}", mention.text);
        };
        let before = script.crisis_at().millis_since(mention.created_at) - 1;
        *hours.entry((brand.0, before / HOUR_MS)).or_default() += 1.0;
    }
    for (brand, ours) in BRANDS.iter().zip(0..) {
        // The crisis breaks at two in the afternoon, eleven hours after three at night.
        let at = |hour: i64| hours.get(&(ours, hour)).copied().unwrap_or(0.0);
        let (noon, night) = (at(0) + at(1) + at(24) + at(25), at(10) + at(11) + at(34) + at(35));
        assert!(noon > 2.4 * brand.busiest, "{} {noon}", brand.name);
        assert!(night < 0.15 * noon, "{} {night} {noon}", brand.name);
    }
    // The same hour of the two days: more apart than Poisson counts are, on the whole.
    let pairs =
        (0..3).flat_map(|brand| (0..24).map(move |hour| ((brand, hour), (brand, hour + 24))));
    let apart = pairs.map(|(one, other)| {
        let at = |key| hours.get(&key).copied().unwrap_or(0.0);
        (at(one) - at(other)).powi(2) / (at(one) + at(other)).max(1.0)
    });
    let dispersion = apart.sum::<f64>() / 72.0;
    assert!((1.4..4.0).contains(&dispersion), "{dispersion}");
}

#[test]
fn texts_have_the_tone_they_are_meant_to_have() {
    let config = config();
    let classifier = Classifier::new(&config.rules).unwrap();
    let check = |sayings: &Sayings, brand: usize, ordinary: bool| {
        let said = [
            (Tone::Positive, sayings.praise),
            (Tone::Neutral, sayings.plain),
            (Tone::Negative, sayings.blame),
        ];
        for (tone, texts) in said {
            for text in texts {
                let name = match sayings.lang {
                    Lang::English => BRANDS[brand].name,
                    Lang::Hebrew => BRANDS[brand].hebrew,
                };
                let filled = text.replace("{b}", name).replace("{d}", "latte");
                let filled = filled.replace("{p}", "by the park");
                let mention = Mention {
                    text: filled.as_str().into(),
                    lang: Some(sayings.lang.tag().into()),
                    ..Mention::default()
                };
                let found = classifier.classify(&mention).unwrap();
                assert_eq!(found.brands.len(), 1, "{filled}");
                if ordinary {
                    assert!(found.crisis_terms.is_empty(), "{filled}: {:?}", found.crisis_terms);
                }
                // Facts of the recall may sound negative to a word list, never friendly.
                let as_meant = found.tone == tone
                    || !ordinary && tone == Tone::Neutral && found.tone == Tone::Negative;
                assert!(as_meant, "{filled}: {:?} {}", found.tone, found.sentiment);
            }
        }
    };
    for sayings in &texts::ORDINARY {
        (0..BRANDS.len()).for_each(|brand| check(sayings, brand, true));
    }
    texts::OUTCRY.iter().for_each(|sayings| check(sayings, texts::CRISIS, false));
    let passed_on = Sayings {
        lang: Lang::English,
        praise: &[],
        plain: &[],
        blame: &[texts::HEADLINE, texts::SWITCHING],
    };
    check(&passed_on, texts::CRISIS, false);
    texts::PRAISE.iter().for_each(|sayings| check(sayings, texts::PRAISED, true));
}

#[test]
fn the_public_is_as_mixed_as_a_real_one() {
    let script = Script::new(7, END);
    let mentions = mentions(&script);
    let part = |of: &dyn Fn(&Mention<'_>) -> bool| {
        mentions.iter().filter(|mention| of(mention)).count() as f64 / mentions.len() as f64
    };
    assert!((0.4..0.6).contains(&part(&|it| it.sentiment.is_none())));
    assert!((0.05..0.2).contains(&part(&|it| it.lang.as_deref() == Some("he"))));
    assert!(part(&|it| it.author.followers < Some(500)) > 0.8, "most are heard by few");
    assert!(part(&|it| it.author.followers > Some(10_000)) > 0.001, "some by many");
    for channel in ["twitter", "instagram", "facebook", "news", "reddit", "youtube"] {
        assert!(part(&|it| it.channel == channel) > 0.005, "{channel}");
    }
    assert!(part(&|it| it.campaign.is_some()) > 0.02);
    let config = config();
    let classifier = Classifier::new(&config.rules).unwrap();
    let roles: HashSet<Role> =
        mentions.iter().map(|mention| classifier.classify(mention).unwrap().role).collect();
    assert_eq!(roles.len(), 5, "{roles:?}");
}

#[test]
fn every_address_is_of_the_reserved_domain() {
    let script = Script::new(7, END);
    for link in mentions(&script).iter().flat_map(|mention| &mention.links) {
        let host = link.strip_prefix("https://").unwrap().split('/').next().unwrap();
        assert!(host.ends_with(".example"), "{link}");
    }
}

#[test]
fn the_configuration_watches_the_three_brands_as_one_market() {
    let brands = config().plan.brands.clone();
    let names: Vec<&str> = brands.iter().map(|brand| brand.name.as_str()).collect();
    assert_eq!(names, BRANDS.map(|brand| brand.name));
    assert!(brands.iter().all(|brand| brand.market.as_deref() == Some(MARKET)));
}

#[test]
fn the_first_alert_comes_well_within_a_minute_and_the_crisis_can_be_watched() {
    let script = Script::new(7, END);
    let pace = Pace::new(script.start(), script.crisis_at(), script.end());
    let after = |minutes: i64| pace.due(script.crisis_at().plus_millis(minutes * MINUTE_MS));
    assert_eq!(pace.due(script.start()), Duration::ZERO);
    assert!(after(0) > Duration::from_secs(8), "some ordinary time is seen first");
    assert!(after(15) < Duration::from_secs(20));
    assert!(after(60) - after(0) > Duration::from_secs(10));
    assert!((40..60).contains(&pace.total().as_secs()));
    assert_eq!(pace.due(script.end().plus_millis(HOUR_MS)), pace.total(), "nothing comes later");
    assert_eq!(pace.due(script.start().plus_millis(-HOUR_MS)), Duration::ZERO);
}

#[test]
fn pace_never_goes_backwards_and_what_is_late_is_not_held_up() {
    let script = Script::new(7, END);
    let pace = Pace::new(script.start(), script.crisis_at(), script.end());
    assert!(script.events().is_sorted_by_key(|event| pace.due(event.created_at)));
    let event = &script.events()[script.events().len() / 2];
    let due = pace.due(event.created_at);
    let second = Duration::from_secs(1);
    assert_eq!(pace.delay_before(event, due.saturating_sub(second)), second.min(due));
    assert_eq!(pace.delay_before(event, due + second), Duration::ZERO);
}
