//! Sentiment, shares, purchase intent, new followers, praise.

use std::time::Duration;

use crate::detect::{Monitor, Plan};
use crate::incident::{Change, Direction, Incident, Measure, Severity, Signal, SourceKind};
use crate::mention::{Kind, Mention, Timestamp};
use crate::shard::Shard;

use super::streams::{
    BRANDS, DAY, HOUR, Made, START, at, lines, observe_as, opened, ordinary, ordinary_but, plan,
    usual,
};

/// The days before anything happens.
const CALM: i64 = 8 * DAY;

/// What a mention is besides a post, by a number that each has for itself: 12 % are shares, 10 %
/// mean to buy, 10 % tell of a new follower.
fn kinds(made: &Made, mention: &mut Mention<'_>) {
    match dice(made) {
        0..12 => mention.kind = Kind::Share,
        12..22 => mention.intent = Some("purchase".into()),
        22..32 => mention.intent = Some("follow".into()),
        _ => {}
    }
}

/// What is passed on in a storm of shares.
const LINK: &str = "https://shared.example";

/// 0..100, from the mention's id.
fn dice(made: &Made) -> u64 {
    (made.id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % 100
}

fn run_as(made: &[Made], plan: Plan, shape: &dyn Fn(&Made, &mut Mention<'_>)) -> Vec<Change> {
    let mut shard = Shard::new(plan.into(), "feed");
    let mut changes = Vec::new();
    for mention in made {
        observe_as(&mut shard, mention, shape, &mut changes);
    }
    shard.finish(&mut changes);
    changes
}

/// The default monitors, and both directions of what they leave out.
fn all_measures() -> Plan {
    let more = |measure: Measure, direction: Direction| Monitor {
        name: format!("{}-{}", measure.name(), direction.name()),
        measure,
        direction,
        windows: vec![Duration::from_secs(6 * 3_600), Duration::from_secs(24 * 3_600)],
    };
    let mut plan = (*plan()).clone();
    plan.monitors.push(more(Measure::Sentiment, Direction::Up));
    plan.monitors.push(more(Measure::PositiveMentions, Direction::Up));
    plan.monitors.push(more(Measure::PositiveMentions, Direction::Down));
    plan.monitors.push(more(Measure::Shares, Direction::Down));
    plan
}

/// The one incident of the first brand that a stream opens after the calm days.
fn told(changes: &[Change]) -> &Incident {
    let late: Vec<_> = opened(changes)
        .into_iter()
        .filter(|it| it.incident.detected_at >= at(CALM) && it.incident.brand == BRANDS[0])
        .collect();
    assert_eq!(late.len(), 1, "{:#?}", lines(changes));
    &late[0].incident
}

fn severest(changes: &[Change], of: &Incident) -> Severity {
    let same = changes.iter().filter(|it| it.incident.id == of.id);
    same.map(|it| it.incident.severity).max().unwrap()
}

fn has(incident: &Incident, measure: Measure, direction: Direction) -> Option<&Signal> {
    incident.signals.iter().find(|it| it.measure == measure && it.direction == direction)
}

fn since(made: &Made) -> i64 {
    made.at - START
}

#[test]
fn a_calm_stream_of_all_kinds_pages_for_none_of_them() {
    let changes = run_as(&ordinary(81, 0, 21 * DAY, usual), all_measures(), &kinds);
    let late: Vec<_> = opened(&changes)
        .into_iter()
        .filter(|it| it.incident.detected_at >= at(2 * DAY))
        .filter(|it| it.incident.measure >= Measure::Sentiment)
        .collect();
    assert!(late.is_empty(), "{:#?}", lines(&changes));
}

#[test]
fn twelve_times_the_shares_are_told_while_no_more_is_said() {
    let storm = CALM + 12 * HOUR;
    let shape = |made: &Made, mention: &mut Mention<'_>| {
        kinds(made, mention);
        if made.brand == 0 && (storm..storm + 3 * HOUR).contains(&since(made)) {
            (mention.kind, mention.intent) = (Kind::Share, None);
            mention.links =
                (0..75).contains(&dice(made)).then(|| LINK.into()).into_iter().collect();
        } else if mention.kind != Kind::Share {
            mention.links = vec!["https://own.example".into()];
        }
    };
    let mut plan = all_measures();
    plan.monitors.retain(|it| it.measure == Measure::Shares && it.direction == Direction::Up);
    let changes = run_as(&ordinary(82, 0, CALM + DAY, usual), plan, &shape);
    let incident = told(&changes);
    assert_eq!((incident.measure, incident.direction), (Measure::Shares, Direction::Up));
    assert!(incident.detected_at.millis_since(at(storm)) <= HOUR, "{}", incident.detected_at);
    assert!(incident.onset.millis_since(at(storm)).abs() <= HOUR / 4, "{}", incident.onset);
    assert_eq!(incident.severity, Severity::Notice, "a friendly rise");
    // The mentions are no more than ever: what is shared comes from what is shared.
    let last = changes.iter().rfind(|it| it.incident.id == incident.id).unwrap();
    let links = last.incident.sources.iter().filter(|it| it.kind == SourceKind::Link);
    let links: Vec<(&str, f64)> = links.map(|it| (it.value.as_str(), it.share)).collect();
    let [(LINK, share)] = links[..] else { panic!("{links:?}") };
    // Of 100 shares twelve are usual, and none of those has it: 75 of 88.
    assert!((0.75..0.95).contains(&share), "{share}");
    assert_eq!(last.incident.origin.as_ref().map(|it| it.shared), Some(1.0));
}

#[test]
fn a_worse_sentiment_is_anger_though_no_more_is_negative() {
    let turn = CALM + 10 * HOUR;
    let mut made = ordinary_but(83, 0, CALM + 2 * DAY, usual, |_, _| 0.3);
    for it in made.iter_mut().filter(|it| it.brand == 0) {
        it.sentiment = match (since(it) >= turn, it.sentiment < 0.0) {
            (false, false) => 0.5,
            (true, false) => 0.0,
            (false, true) => -0.6,
            (true, true) => -1.0,
        };
    }
    let changes = run_as(&made, (*plan()).clone(), &|_, _| {});
    let incident = told(&changes);
    assert_eq!((incident.measure, incident.direction), (Measure::Sentiment, Direction::Down));
    assert!(incident.detected_at.millis_since(at(turn)) <= 14 * HOUR, "{}", incident.detected_at);
    // 0.7 x 0.5 - 0.3 x 0.6 as it was.
    assert!((incident.expected - 0.17).abs() < 0.05, "{}", incident.expected);
    assert!((-0.35..0.0).contains(&incident.observed), "{}", incident.observed);
    assert!(incident.lower <= incident.expected && incident.expected <= incident.upper);
    assert!(incident.severity >= Severity::Warning, "{:#?}", lines(&changes));
}

/// Anger shows in several measures at once, some of which fall: it is one thing to tell.
#[test]
fn a_storm_and_its_sentiment_are_one_incident() {
    let storm = CALM + 10 * HOUR;
    let raging = |brand: usize, now: i64| brand == 0 && now >= storm;
    let times = |brand: usize, now: i64| if raging(brand, now) { 4.0 } else { 1.0 };
    let negative = |brand: usize, now: i64| if raging(brand, now) { 0.95 } else { 0.3 };
    let made = ordinary_but(84, 0, storm + 12 * HOUR, times, negative);
    let changes = run_as(&made, (*plan()).clone(), &|_, _| {});
    let last = changes.iter().rev().find(|it| it.incident.brand == BRANDS[0]).unwrap();
    assert_eq!(told(&changes).id, last.incident.id, "{:#?}", lines(&changes));
    assert_eq!(severest(&changes, &last.incident), Severity::Critical);
    let mut shard = Shard::new(plan(), "feed");
    made.iter().for_each(|it| {
        observe_as(&mut shard, it, &|_, _| {}, &mut Vec::new());
    });
    let open = shard.open_incidents().next().expect("it goes on");
    assert!(has(open, Measure::Sentiment, Direction::Down).is_some(), "{:#?}", open.signals);
    assert!(has(open, Measure::NegativeMentions, Direction::Up).is_some(), "{:#?}", open.signals);
}

#[test]
fn a_rush_to_buy_is_welcome_and_its_end_is_a_warning() {
    let turn = CALM + 12 * HOUR;
    for (intent, measure) in
        [("purchase", Measure::PurchaseIntent), ("follow", Measure::NewFollowers)]
    {
        let swings = |rush: bool| {
            move |made: &Made, mention: &mut Mention<'_>| {
                kinds(made, mention);
                if made.brand != 0 || since(made) < turn {
                    return;
                }
                match (rush, dice(made)) {
                    (true, 0..70) => {
                        (mention.intent, mention.kind) = (Some(intent.into()), Kind::Post)
                    }
                    (false, _) if mention.intent.as_deref() == Some(intent) => {
                        mention.intent = None;
                    }
                    _ => {}
                }
            }
        };
        let made = ordinary_but(85, 0, turn + 30 * HOUR, usual, |_, _| 0.6);
        let mut plan = all_measures();
        plan.monitors.retain(|it| it.measure == measure);
        let changes = run_as(&made, plan.clone(), &swings(true));
        let rise = told(&changes);
        assert_eq!((rise.measure, rise.direction), (measure, Direction::Up));
        assert!(rise.detected_at.millis_since(at(turn)) <= 4 * HOUR, "{}", rise.detected_at);
        assert_eq!(severest(&changes, rise), Severity::Notice, "though most are negative");
        let of_it = changes.iter().filter(|it| it.incident.id == rise.id);
        let named: Vec<bool> = of_it.map(|it| !it.incident.sources.is_empty()).collect();
        // No mention tells where followers come from.
        assert!(named.iter().all(|&it| it == (intent == "purchase")), "{named:?}");
        let changes = run_as(&made, plan, &swings(false));
        let fall = told(&changes);
        assert_eq!((fall.measure, fall.direction), (measure, Direction::Down));
        assert!(fall.detected_at.millis_since(at(turn)) <= 26 * HOUR, "{}", fall.detected_at);
        assert_eq!(severest(&changes, fall), Severity::Warning, "{:#?}", lines(&changes));
    }
}

/// A brand that wins ten times the followers is not spoken of more.
#[test]
fn new_followers_are_no_mentions() {
    let mut shard = Shard::new(all_measures().into(), "feed");
    let follows = |_: &Made, mention: &mut Mention<'_>| mention.intent = Some("follow".into());
    let mut changes = Vec::new();
    for made in ordinary(86, 0, 3 * DAY, usual) {
        observe_as(&mut shard, &made, &follows, &mut changes);
    }
    let readings = shard.readings();
    let value = |monitor: &str| {
        let of = |it: &&crate::shard::WindowReading| it.monitor == monitor && it.brand.0 == 0;
        readings.iter().filter(of).map(|it| it.observed).fold(0.0, f64::max)
    };
    assert_eq!(value("mentions-up"), 0.0);
    assert!(value("new-followers-up") > 1_000.0);
    assert!(changes.iter().all(|it| it.incident.mentions == 0), "{:#?}", lines(&changes));
}

#[test]
fn a_wave_of_praise_is_welcome() {
    let wave = CALM + 10 * HOUR;
    let raised = |brand: usize, now: i64| brand == 0 && (wave..wave + 8 * HOUR).contains(&now);
    let times = |brand: usize, now: i64| if raised(brand, now) { 3.0 } else { 1.0 };
    let negative = |brand: usize, now: i64| if raised(brand, now) { 0.0 } else { 0.3 };
    let made = ordinary_but(87, 0, wave + 10 * HOUR, times, negative);
    let mut plan = all_measures();
    plan.monitors.retain(|it| {
        matches!(it.measure, Measure::PositiveMentions | Measure::Sentiment)
            && it.direction == Direction::Up
    });
    let changes = run_as(&made, plan, &|_, _| {});
    let incident = told(&changes);
    assert_eq!((incident.measure, incident.direction), (Measure::PositiveMentions, Direction::Up));
    assert_eq!(severest(&changes, incident), Severity::Notice);
    assert!(incident.detected_at < Timestamp::from_millis(START + wave + 4 * HOUR));
}

/// A dead connector is no silence of the feed while the others go on.
#[test]
fn a_channel_that_no_longer_delivers_is_named_as_what_a_fall_is_missing() {
    let dead = CALM + 10 * HOUR;
    let channel = |made: &Made| if dice(made) < 85 { "twitter" } else { "news" };
    let shape = |made: &Made, mention: &mut Mention<'_>| mention.channel = channel(made).into();
    let mut made = ordinary(88, 0, dead + 10 * HOUR, usual);
    made.retain(|it| since(it) < dead || channel(it) == "news");
    let changes = run_as(&made, (*plan()).clone(), &shape);
    let fall = told(&changes);
    assert_eq!((fall.measure, fall.direction), (Measure::Mentions, Direction::Down));
    let channels = fall.sources.iter().filter(|it| it.kind == SourceKind::Channel);
    let channels: Vec<(&str, f64)> = channels.map(|it| (it.value.as_str(), it.share)).collect();
    assert!(matches!(channels[..], [("twitter", 0.9..)]), "{channels:?}");
    assert_eq!(fall.origin, None);
}
