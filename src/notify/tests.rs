//! Delivery against a real HTTP server on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pace;
mod refused;
mod repeated;
mod rests;
mod secrets;
mod signed;
mod storms;
pub mod support;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

use super::pipeline::Tuning;
use super::*;
use crate::incident::fixtures::{change_of, fall, resolved};
use crate::incident::{Incident, Severity};
use crate::source::wall_clock;
use support::{
    BROKEN, Event, Events, OK, Outbox, Reply, Server, changes, loopback, recorder, retry, settings,
    soon,
};

const TUNING: Tuning = Tuning { pace: Some(Duration::ZERO), seed: 1 };

async fn start(
    routes: Vec<Route>,
    retry: RetrySettings,
    tuning: Tuning,
) -> (Outbox, Notifier, Events) {
    let outbox = Outbox::of(routes).await;
    let (notifier, events) = outbox.notifier(retry, tuning);
    (outbox, notifier, events)
}

fn status(status: u16) -> Failure {
    Failure::Status { status, code: None }
}

/// Nobody would send what is due on it.
#[tokio::test]
async fn a_route_that_dies_is_noticed() {
    let (outbox, mut notifier, _events) = start(Vec::new(), retry(), TUNING).await;
    let dies = tokio::spawn(async { panic!("as a defect would") });
    notifier.routes.push(("crm".to_owned(), tokio::spawn(std::future::pending())));
    notifier.routes.push(("slack".to_owned(), dies));
    let failed = timeout(Duration::from_secs(10), notifier.failed()).await.unwrap().to_string();
    assert!(failed.contains("route `slack` has ended by itself"), "{failed}");
    notifier.shutdown(Duration::ZERO).await;
    assert_eq!(outbox.outstanding().await, 0);
}

#[tokio::test]
async fn a_webhook_gets_the_alert_with_its_headers() {
    let mut server = Server::start([]).await;
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let request = server.received().await;
    assert_eq!(request.path, "/alerts");
    assert_eq!(request.key(), change.id);
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("authorization"), "Bearer t0ken");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(request.header("user-agent"), format!("groundswell/{version}"));
    assert_eq!(request.body, json!(alert::alert(&change)));
    assert_eq!(events.next().await, Event::Delivered("crm".into(), change.id));
    assert_eq!(outbox.outstanding().await, 0);
}

#[tokio::test]
async fn slack_gets_its_message() {
    let mut server = Server::start([]).await;
    let (outbox, _notifier, _events) = start(vec![server.slack("pager")], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let request = server.received().await;
    assert_eq!(request.path, "/services/T0/B0/x");
    assert_eq!(request.body, slack::message(&change, &Telling::within(TimeZone::UTC)));
}

#[tokio::test]
async fn pagerduty_gets_its_event() {
    let mut server = Server::start([Reply::Status(202, "", "")]).await;
    let (outbox, _notifier, mut events) =
        start(vec![server.pagerduty("on-call")], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let request = server.received().await;
    assert_eq!(request.path, "/v2/enqueue");
    let key = "e93facc04764012d7bfb002500d5d1a6";
    assert_eq!(
        request.body,
        json!(pagerduty::event(&change, key, &Telling::within(TimeZone::UTC)))
    );
    assert_eq!(events.next().await, Event::Delivered("on-call".into(), change.id));
}

#[tokio::test]
async fn a_broken_receiver_is_tried_again_under_the_same_key() {
    let mut server = Server::start([BROKEN, OK]).await;
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let (first, second) = (server.received().await, server.received().await);
    assert_eq!((first.key(), second.key()), (change.id, change.id));
    assert_eq!(first.body, second.body);
    let Event::Retrying(_, id, 1, reason, wait) = events.next().await else {
        panic!("no retry");
    };
    assert_eq!((id, reason), (change.id, status(500)));
    assert!(wait <= Duration::from_millis(5));
    assert_eq!(events.next().await, Event::Delivered("crm".into(), change.id));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_abandoned_and_tried_again() {
    let mut server = Server::start([Reply::Hang]).await;
    let hasty = RetrySettings { request_timeout: Duration::from_millis(100), ..retry() };
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], hasty, TUNING).await;
    outbox.send(&changes(1)).await;
    let (first, second) = (server.received().await, server.received().await);
    assert!(second.at - first.at >= Duration::from_millis(90));
    let Event::Retrying(_, _, _, reason, _) = events.next().await else {
        panic!("no retry");
    };
    assert_eq!(reason, Failure::Timeout(Duration::from_millis(100)));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_awaited() {
    // Takes a free port and leaves it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let placeholder = Server::start([]).await;
    let mut route = placeholder.webhook("crm");
    route.target = Target::Webhook {
        url: crate::secret::Secret::new(format!("http://{address}/alerts")),
        headers: vec![],
        signing_secrets: vec![],
    };
    drop(listener);
    let (outbox, _notifier, mut events) = start(vec![route], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let Event::Retrying(_, _, _, reason, _) = events.next().await else {
        panic!("no retry");
    };
    assert!(reason.to_string().contains("Connection refused"), "{reason}");
    assert!(reason.is_transient());
    let mut server = Server::start_at(address, [], OK).await;
    assert_eq!(server.received().await.key(), change.id);
    events.until_ended(1).await;
}

#[tokio::test]
async fn a_lasting_refusal_is_given_up_at_once_and_the_next_goes_on() {
    let mut server = Server::start([Reply::Status(404, "", "no_service")]).await;
    let (outbox, _notifier, mut events) = start(vec![server.slack("pager")], retry(), TUNING).await;
    let changes = changes(2);
    outbox.send(&changes).await;
    let Event::GivenUp(route, id, reason) = events.next().await else {
        panic!("not given up");
    };
    assert_eq!((route.as_str(), id, reason.attempts), ("pager", changes[0].id, 1));
    assert!(reason.to_string().ends_with("answered 404 Not Found (no_service)"), "{reason}");
    let next = Event::Delivered("pager".into(), changes[1].id);
    assert_eq!(events.next().await, next);
    server.received().await;
    server.received().await;
    assert_eq!(server.waiting(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut server = Server::start([Reply::Status(308, "", "")]).await;
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    outbox.send(&changes(1)).await;
    assert!(matches!(events.next().await, Event::GivenUp(..)));
    assert_eq!(server.received().await.path, "/alerts");
    assert_eq!(server.waiting(), 0);
}

#[tokio::test]
async fn what_stays_broken_is_given_up_in_time() {
    let server = Server::always(BROKEN).await;
    let impatient = RetrySettings { give_up_after: Duration::from_millis(150), ..retry() };
    let (outbox, _notifier, mut events) =
        start(vec![server.webhook("crm")], impatient, TUNING).await;
    outbox.send(&changes(1)).await;
    let events = events.until_ended(1).await;
    let Some(Event::GivenUp(_, _, reason)) = events.last() else {
        panic!("not given up: {events:?}");
    };
    assert!(reason.elapsed >= Duration::from_millis(150), "{reason}");
    assert_eq!(reason.attempts as usize, events.len());
    assert!(reason.attempts > 2);
    assert_eq!(reason.last, status(500));
}

#[tokio::test]
async fn a_receiver_that_asks_for_too_long_a_silence_is_given_up_yet_not_disturbed() {
    let mut server = Server::start([Reply::Status(503, "1", "")]).await;
    let impatient = RetrySettings { give_up_after: Duration::from_millis(500), ..retry() };
    let (outbox, _notifier, mut events) =
        start(vec![server.webhook("crm")], impatient, TUNING).await;
    let changes = changes(2);
    outbox.send(&changes).await;
    assert!(matches!(events.next().await, Event::GivenUp(_, id, _) if id == changes[0].id));
    assert!(matches!(events.next().await, Event::Delivered(_, id) if id == changes[1].id));
    let (first, second) = (server.received().await, server.received().await);
    assert!(second.at - first.at >= Duration::from_secs(1));
}

#[tokio::test]
async fn order_is_kept_whatever_fails() {
    let script = (0..60).map(|i| if i % 3 == 0 { OK } else { BROKEN });
    let mut server = Server::start(script).await;
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    let changes = changes(20);
    outbox.send(&changes).await;
    let mut delivered = events.until_ended(20).await;
    delivered.retain(|event| matches!(event, Event::Delivered(..)));
    let expected = changes.iter().map(|c| Event::Delivered("crm".into(), c.id));
    assert_eq!(delivered, expected.collect::<Vec<_>>());
    // On the wire too: a change's tries stand together.
    let mut keys = Vec::new();
    while server.waiting() > 0 {
        keys.push(server.received().await.key());
    }
    keys.dedup();
    assert_eq!(keys, changes.iter().map(|c| c.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dead_route_does_not_hold_the_others() {
    let dead = Server::always(Reply::Hang).await;
    let alive = Server::start([]).await;
    let routes = vec![dead.webhook("dead"), alive.webhook("alive")];
    let (outbox, _notifier, mut events) = start(routes, retry(), TUNING).await;
    let changes = changes(10);
    outbox.send(&changes).await;
    for change in &changes {
        let delivered = Event::Delivered("alive".into(), change.id);
        assert_eq!(events.next().await, delivered);
    }
    assert_eq!(outbox.outstanding().await, 10);
}

#[tokio::test]
async fn an_incident_that_is_not_accepted_holds_up_no_other() {
    let mut server = Server::start([BROKEN]).await;
    let patient = RetrySettings {
        initial_backoff: Duration::from_secs(3_600),
        max_backoff: Duration::from_secs(3_600),
        give_up_after: Duration::from_secs(86_400),
        ..retry()
    };
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], patient, TUNING).await;
    let stuck = changes(2);
    outbox.send(&stuck[..1]).await;
    assert!(matches!(events.next().await, Event::Retrying(..)));
    let other = change_of(Incident { id: Uuid::from_u128(7), ..fall() }, 0);
    outbox.send(&[stuck[1].clone(), other.clone()]).await;
    assert_eq!(events.next().await, Event::Delivered("crm".into(), other.id));
    // What follows of the incident waits for its turn.
    server.received().await;
    assert_eq!(server.received().await.key(), other.id);
    assert_eq!((server.waiting(), outbox.outstanding().await), (0, 2));
}

#[tokio::test]
async fn routes_carry_only_what_is_theirs() {
    let mut server = Server::start([]).await;
    let critical = Route {
        min_severity: Severity::Critical,
        send_resolved: false,
        ..server.webhook("critical")
    };
    let (outbox, _notifier, mut events) = start(vec![critical], retry(), TUNING).await;
    let opened = changes(1).remove(0);
    let not_wanted = change_of(resolved(opened.incident.clone(), 5), 1);
    outbox.send(&[change_of(fall(), 0), not_wanted, opened.clone()]).await;
    events.until_ended(1).await;
    assert_eq!(server.received().await.key(), opened.id);
    assert_eq!((server.waiting(), outbox.outstanding().await), (0, 0));
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_by_the_next() {
    let mut server = Server::start([OK, Reply::Hang]).await;
    let outbox = Outbox::of(vec![server.webhook("crm")]).await;
    let (notifier, _events) = outbox.notifier(retry(), TUNING);
    let changes = changes(4);
    outbox.send(&changes).await;
    // The first is accepted, the second under way.
    assert_eq!(server.received().await.key(), changes[0].id);
    assert_eq!(server.received().await.key(), changes[1].id);
    soon(notifier.shutdown(Duration::from_millis(300))).await;
    assert_eq!(outbox.outstanding().await, 3);
    let (_next, mut events) = outbox.notifier(retry(), TUNING);
    events.until_ended(3).await;
    for change in &changes[1..] {
        assert_eq!(server.received().await.key(), change.id);
    }
    assert_eq!((server.waiting(), outbox.outstanding().await), (0, 0));
}

#[tokio::test]
async fn what_is_due_is_sent_before_the_end() {
    let server = Server::start([Reply::Late(200), OK]).await;
    let (outbox, notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    let mut server = server;
    outbox.send(&changes(2)).await;
    server.received().await;
    soon(notifier.shutdown(Duration::from_secs(20))).await;
    assert_eq!(events.until_ended(2).await.len(), 2);
    assert_eq!(outbox.outstanding().await, 0);
}

#[tokio::test]
async fn of_two_that_share_an_outbox_one_sends() {
    let mut server = Server::start([]).await;
    let outbox = Outbox::of(vec![server.webhook("crm")]).await;
    let (_one, mut first) = outbox.notifier(retry(), TUNING);
    let (_two, mut second) = outbox.notifier(retry(), TUNING);
    let changes = changes(30);
    outbox.send(&changes).await;
    let mut ended = 0;
    while ended < 30 {
        tokio::select! {
            _ = first.next() => ended += 1,
            _ = second.next() => ended += 1,
        }
    }
    let mut keys = Vec::new();
    while server.waiting() > 0 {
        keys.push(server.received().await.key());
    }
    assert_eq!(keys, changes.iter().map(|change| change.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_given_up_is_kept_and_sent_when_somebody_asks() {
    let mut server = Server::start([Reply::Status(404, "", "no_service")]).await;
    let (outbox, _notifier, mut events) = start(vec![server.slack("pager")], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    assert!(matches!(events.next().await, Event::GivenUp(..)));
    let parked = outbox.store.parked(10).await.unwrap().remove(0);
    assert_eq!((&*parked.route, &parked.change, parked.attempts), ("pager", &change, 1));
    assert!(parked.reason.ends_with("answered 404 Not Found (no_service)"), "{}", parked.reason);
    assert_eq!(outbox.store.retry_parked(Some(parked.seq), wall_clock()).await.unwrap(), 1);
    assert_eq!(events.next().await, Event::Delivered("pager".into(), change.id));
    assert_eq!(outbox.store.parked(10).await.unwrap(), []);
    let (first, second) = (server.received().await, server.received().await);
    assert_eq!((first.key(), second.key()), (change.id, change.id));
}

#[tokio::test]
async fn what_is_posted_twice_is_sent_once() {
    let mut server = Server::start([]).await;
    let (outbox, _notifier, mut events) = start(vec![server.webhook("crm")], retry(), TUNING).await;
    let changes = changes(2);
    outbox.send(&changes[..1]).await;
    events.until_ended(1).await;
    outbox.send(&changes).await;
    events.until_ended(1).await;
    assert_eq!(server.received().await.key(), changes[0].id);
    assert_eq!(server.received().await.key(), changes[1].id);
    assert_eq!(server.waiting(), 0);
}
