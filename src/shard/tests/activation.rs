//! A hashtag or campaign that comes to life.

use crate::detect::Plan;
use crate::incident::{Change, Incident, Measure, Severity, State, incident_id};
use crate::mention::Mention;
use crate::shard::Shard;

use super::streams::{
    BRANDS, DAY, HOUR, Made, START, at, false_alarm, lines, observe_as, opened, ordinary, plan,
};

/// When it begins.
const NOW: i64 = 9 * DAY + 14 * HOUR;

/// What is told when each mention is shaped so.
fn told(seed: u64, plan: Plan, times: f64, shape: &dyn Fn(&Made, &mut Mention<'_>)) -> Vec<Change> {
    marked(seed, plan, times, shape, 0)
}

/// [`told`], after so many false alarms of hashtags and campaigns.
fn marked(
    seed: u64,
    plan: Plan,
    times: f64,
    shape: &dyn Fn(&Made, &mut Mention<'_>),
    false_alarms: usize,
) -> Vec<Change> {
    let loud = |brand: usize, now: i64| if brand == 0 && now >= NOW { times } else { 1.0 };
    let mut shard = Shard::new(plan.into(), "feed");
    shard.mark(vec![false_alarm("activation", at(NOW - DAY)); false_alarms]);
    let mut changes = Vec::new();
    for made in &ordinary(seed, 0, NOW + 6 * HOUR, loud) {
        observe_as(&mut shard, made, shape, &mut changes);
    }
    shard.finish(&mut changes);
    changes
}

/// One mention in ten carries a hashtag, one in ten another, some a campaign.
fn tags(made: &Made, mention: &mut Mention<'_>) {
    mention.hashtags = match made.id % 10 {
        0 => vec!["Coffee".into()],
        1 => vec!["monday".into()],
        2 => vec![format!("once{}", made.id).into()],
        _ => Vec::new(),
    };
    mention.campaign = (made.id % 20 == 3).then(|| "Spring".into());
}

fn alive(made: &Made) -> bool {
    made.brand == 0 && (NOW..NOW + 2 * HOUR).contains(&(made.at - START))
}

fn of_topics(changes: &[Change]) -> Vec<&Incident> {
    let all = opened(changes).into_iter().map(|it| &it.incident);
    all.filter(|it| it.monitor == "activation").collect()
}

#[test]
fn a_hashtag_and_a_campaign_come_to_life_though_no_more_is_said() {
    let hashtag = |made: &Made, mention: &mut Mention<'_>| {
        tags(made, mention);
        if alive(made) && !made.id.is_multiple_of(3) {
            mention.hashtags = vec!["OnFleek".into()];
        }
    };
    let campaign = |made: &Made, mention: &mut Mention<'_>| {
        tags(made, mention);
        if alive(made) && !made.id.is_multiple_of(3) {
            mention.campaign = Some("Spring".into());
        }
    };
    let mut ids = Vec::new();
    for (shape, topic) in
        [(&hashtag as &dyn Fn(&Made, &mut Mention<'_>), "#onfleek"), (&campaign, "Spring")]
    {
        let changes = told(111, (*plan()).clone(), 1.0, shape);
        let [incident] = of_topics(&changes)[..] else { panic!("{:#?}", lines(&changes)) };
        assert_eq!((incident.topic.as_deref(), incident.brand.as_str()), (Some(topic), BRANDS[0]));
        assert_eq!((incident.measure, incident.severity), (Measure::Activation, Severity::Notice));
        assert!((at(NOW)..at(NOW + HOUR)).contains(&incident.detected_at), "{incident:#?}");
        assert!((at(NOW - HOUR)..=incident.detected_at).contains(&incident.onset));
        // As many speak as ever: there is no excess that anybody could be behind.
        let of_it = || changes.iter().filter(|it| it.incident.id == incident.id);
        assert!(of_it().all(|it| it.incident.sources.is_empty() && it.incident.origin.is_none()));
        assert!(of_it().all(|it| !it.incident.samples.is_empty()));
        let over = changes.iter().find(|it| it.incident.state == State::Resolved).unwrap();
        assert_eq!(over.incident.topic.as_deref(), Some(topic));
        assert!(over.incident.updated_at >= at(NOW + 2 * HOUR), "{}", over.incident.updated_at);
        ids.push((incident.id, incident_id(&incident.brand, &incident.monitor, incident.onset)));
    }
    // Even were they to begin at the same moment.
    assert!(ids.iter().all(|(id, ordinary)| id != ordinary) && ids[0] != ids[1], "{ids:?}");
}

#[test]
fn ordinary_hashtags_page_nobody() {
    for seed in [112, 113] {
        let changes = told(seed, (*plan()).clone(), 1.0, &tags);
        assert!(of_topics(&changes).is_empty(), "{:#?}", lines(&changes));
    }
}

/// What a rise comes from is told with the rise.
#[test]
fn within_a_rise_it_is_no_incident_of_its_own() {
    let shape = |made: &Made, mention: &mut Mention<'_>| {
        tags(made, mention);
        // Only once the rise is open.
        if alive(made) && made.at - START > NOW + HOUR && !made.id.is_multiple_of(3) {
            mention.hashtags = vec!["OnFleek".into()];
        }
    };
    let changes = told(114, (*plan()).clone(), 5.0, &shape);
    let signals = changes.iter().flat_map(|it| &it.incident.signals);
    assert_eq!(signals.filter(|it| it.measure == Measure::Activation).count(), 0);
    assert!(opened(&changes).iter().any(|it| it.incident.detected_at >= at(NOW)));
}

/// A hashtag that has its hour every evening is known for it.
#[test]
fn a_hashtag_of_every_evening_pages_no_evening_once_it_is_known() {
    let shape = |made: &Made, mention: &mut Mention<'_>| {
        tags(made, mention);
        if made.brand == 0 && (made.at - START) / HOUR % 24 == 20 && !made.id.is_multiple_of(3) {
            mention.hashtags = vec!["GoodNight".into()];
        }
    };
    let changes = told(115, (*plan()).clone(), 1.0, &shape);
    let late = of_topics(&changes).into_iter().filter(|it| it.detected_at >= at(4 * DAY)).count();
    assert!(late <= 1, "{:#?}", lines(&changes));
}

#[test]
fn false_alarms_raise_what_a_hashtag_has_to_reach_and_mute_none() {
    let pages = |one_in: u64, false_alarms: usize| {
        let shape = |made: &Made, mention: &mut Mention<'_>| {
            tags(made, mention);
            if alive(made) && made.id.is_multiple_of(one_in) {
                mention.hashtags = vec!["OnFleek".into()];
            }
        };
        of_topics(&marked(111, (*plan()).clone(), 1.0, &shape, false_alarms)).len()
    };
    let weakest = (1..20).rev().find(|it| pages(*it, 0) == 1).unwrap();
    assert!(weakest > 2, "{weakest}");
    assert_eq!(pages(weakest, 4), 0);
    assert_eq!(pages(1, 4), 1);
}
