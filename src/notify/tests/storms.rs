//! Many incidents at once.

use std::time::Duration;

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::TUNING;
use super::support::{Event, Outbox, Reply, Server, retry};
use crate::incident::fixtures::{change_of, incident, resolved};
use crate::incident::{Change, Incident, Severity, State};
use crate::notify::storm::Storm;
use crate::notify::{RetrySettings, Route, Telling};
use crate::source::wall_clock;

/// The incident of this number.
fn change(number: u128, severity: Severity) -> Change {
    let id = Uuid::from_u128(number);
    let brand = format!("Brand {number}");
    let incident = Incident { id, brand, severity, ..incident() };
    Change { id: Uuid::from_u128(1_000 + number), ..change_of(incident, 0) }
}

fn storm(incidents: u128) -> Vec<Change> {
    let severity = |number| Severity::ALL[(number % 3) as usize];
    (0..incidents).map(|number| change(number, severity(number))).collect()
}

/// What stands in the message's header.
fn header(body: &serde_json::Value) -> String {
    body["blocks"][0]["text"]["text"].as_str().unwrap().to_owned()
}

/// An outbox in which `changes` have been put while nobody sent.
async fn waiting(routes: Vec<Route>, changes: &[Change]) -> Outbox {
    let outbox = Outbox::of(routes).await;
    outbox.send(changes).await;
    outbox
}

#[tokio::test]
async fn six_incidents_at_once_are_one_message_and_five_are_five() {
    for (count, messages) in [(5, 5), (6, 1), (40, 1)] {
        let mut server = Server::start([]).await;
        let outbox = waiting(vec![server.slack("team")], &storm(count)).await;
        let (_notifier, mut events) = outbox.notifier(retry(), TUNING);
        let delivered = events.until_ended(count as usize).await;
        assert!(delivered.iter().all(|it| matches!(it, Event::Delivered(..))), "{delivered:?}");
        let first = server.received().await;
        assert_eq!(1 + server.waiting(), messages, "{count}");
        assert_eq!(outbox.outstanding().await, 0);
        if messages == 1 {
            let header = header(&first.body);
            assert!(header.contains(&format!("{count} incidents at once: ")), "{header}");
            assert!(first.key() != Uuid::nil());
        }
    }
}

#[tokio::test]
async fn a_route_says_what_a_storm_is_and_programs_know_none() {
    let mut server = Server::start([]).await;
    let never = Route { storm_from: None, ..server.slack("never") };
    let soon = Route { storm_from: Some(2), ..server.slack("soon") };
    let outbox = waiting(vec![never, soon, server.pagerduty("pager")], &storm(7)).await;
    let (_notifier, mut events) = outbox.notifier(retry(), TUNING);
    events.until_ended(21).await;
    let mut at_once = 0;
    for _ in 0..15 {
        at_once +=
            usize::from(server.received().await.body.to_string().contains("incidents at once"));
    }
    assert_eq!((at_once, server.waiting()), (1, 0));
}

#[tokio::test]
async fn a_storm_that_is_not_accepted_is_told_later_as_a_whole() {
    let mut server = Server::start([Reply::Status(503, "", "")]).await;
    let outbox = waiting(vec![server.slack("team")], &storm(8)).await;
    // Long enough for each of them to come at a time of its own, if it could.
    let wait = Duration::from_millis(400);
    let apart = RetrySettings { initial_backoff: wait, max_backoff: wait, ..retry() };
    let (_notifier, mut events) = outbox.notifier(apart, TUNING);
    let seen = events.until_ended(8).await;
    assert_eq!(seen.iter().filter(|it| matches!(it, Event::Retrying(..))).count(), 8);
    let (first, last) = (server.received().await, server.received().await);
    for request in [&first, &last] {
        assert!(header(&request.body).contains("8 incidents at once"), "{}", request.body);
    }
    assert_eq!(first.key(), last.key(), "it is the same message");
    assert_eq!((server.waiting(), outbox.outstanding().await), (0, 0));
}

#[tokio::test]
async fn a_storm_that_is_refused_for_good_is_told_one_by_one() {
    let mut server = Server::start([Reply::Status(400, "", "invalid_blocks")]).await;
    let outbox = waiting(vec![server.slack("team")], &storm(7)).await;
    let (_notifier, mut events) = outbox.notifier(retry(), TUNING);
    let seen = events.until_ended(7).await;
    assert!(seen.iter().all(|it| matches!(it, Event::Delivered(..))), "{seen:?}");
    server.received().await;
    for _ in 0..7 {
        assert!(!header(&server.received().await.body).contains("at once"));
    }
}

/// Of one incident what is being sent elsewhere comes first.
#[tokio::test]
async fn what_another_instance_sends_is_left_to_it() {
    let server = Server::start([]).await;
    let mut changes = storm(7);
    let worse = Incident { state: State::Escalated, ..changes[0].incident.clone() };
    changes.push(Change { id: Uuid::from_u128(7_000), ..change_of(worse, 1) });
    let outbox = waiting(vec![server.slack("team")], &changes).await;
    let hold = Duration::from_secs(60);
    let taken = outbox.store.take("team", wall_clock(), hold).await.unwrap().unwrap();
    assert_eq!(taken.change, changes[0]);
    assert_eq!(outbox.store.incidents_due("team", wall_clock()).await.unwrap(), 6);
    let all = outbox.store.take_all("team", wall_clock(), hold, 500).await.unwrap();
    let taken: Vec<&Change> = all.iter().map(|it| &it.change).collect();
    assert_eq!(taken, changes[1..7].iter().collect::<Vec<_>>());
}

#[test]
fn what_must_be_read_first_stands_first() {
    let worse = Incident {
        id: Uuid::from_u128(5),
        severity: Severity::Critical,
        state: State::Escalated,
        brand: "Worse".to_owned(),
        ..incident()
    };
    let over =
        Incident { id: Uuid::from_u128(3), brand: "Over".to_owned(), ..resolved(incident(), 9) };
    let changes = [
        change(1, Severity::Notice),
        change_of(over, 1),
        change(5, Severity::Warning),
        change_of(worse, 1),
        change(2, Severity::Warning),
    ];
    let telling = Telling::within(TimeZone::UTC);
    let storm = Storm::of(&changes, &telling);
    let headlines: Vec<&str> = storm.told.iter().map(|it| it.headline.as_str()).collect();
    insta::assert_snapshot!("storm", format!("{}\n{}", storm.headline, headlines.join("\n")));
    let storm = Storm::of(&self::storm(70), &telling);
    assert_eq!((storm.told.len(), storm.more), (60, 10));
}
