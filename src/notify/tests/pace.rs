//! How fast a receiver is told.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn routes_to_one_slack_webhook_share_its_pace() {
    let mut server = Server::start([]).await;
    let pace = Duration::from_millis(100);
    let tuning = Tuning { pace: Some(pace), ..TUNING };
    let routes = vec![server.slack("one"), server.slack("two")];
    let (outbox, _notifier, mut events) = start(routes, retry(), tuning).await;
    outbox.send(&changes(3)).await;
    events.until_ended(6).await;
    let mut times = Vec::new();
    while server.waiting() > 0 {
        times.push(server.received().await.at);
    }
    assert_eq!(times.len(), 6);
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= pace, "{:?}", pair[1] - pair[0]);
    }
}

#[tokio::test]
async fn the_pace_counts_from_the_answer() {
    let mut server = Server::start([Reply::Late(150)]).await;
    let tuning = Tuning { pace: Some(Duration::from_millis(100)), ..TUNING };
    let (outbox, _notifier, _events) = start(vec![server.slack("pager")], retry(), tuning).await;
    outbox.send(&changes(2)).await;
    let (first, second) = (server.received().await, server.received().await);
    assert!(second.at - first.at >= Duration::from_millis(250));
}

#[tokio::test]
async fn slack_gets_one_message_a_second() {
    let mut server = Server::start([]).await;
    let (observer, _events) = recorder();
    let outbox = Outbox::of(vec![server.slack("pager")]).await;
    let store = outbox.store.clone();
    let _notifier =
        Notifier::start(&outbox.routes, settings(loopback(), retry()), store, observer, None)
            .unwrap();
    outbox.send(&changes(2)).await;
    let (first, second) = (server.received().await, server.received().await);
    assert!(second.at - first.at >= Duration::from_secs(1));
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let mut server = Server::start([Reply::Status(429, "1", "rate_limited")]).await;
    let (outbox, _notifier, mut events) = start(vec![server.slack("pager")], retry(), TUNING).await;
    outbox.send(&changes(1)).await;
    let (first, second) = (server.received().await, server.received().await);
    assert!(second.at - first.at >= Duration::from_secs(1));
    let Event::Retrying(_, _, _, reason, wait) = events.next().await else {
        panic!("no retry");
    };
    assert_eq!(reason.to_string(), "answered 429 Too Many Requests (rate_limited)");
    assert_eq!(wait, Duration::from_secs(1));
}

#[tokio::test]
async fn retry_after_holds_all_routes_to_the_address() {
    let mut server = Server::start([Reply::Status(503, "1", "")]).await;
    let of = |name: &str, brand: &str| Route { brands: vec![brand.into()], ..server.slack(name) };
    let routes = vec![of("one", "American"), of("two", "Delta")];
    let (outbox, _notifier, mut events) = start(routes, retry(), TUNING).await;
    let american = changes(1).remove(0);
    let mut delta = change_of(fall(), 0);
    delta.incident.brand = "Delta".into();
    outbox.send(&[american]).await;
    assert!(matches!(events.next().await, Event::Retrying(..)));
    outbox.send(std::slice::from_ref(&delta)).await;
    events.until_ended(2).await;
    let first = server.received().await;
    let rest = [server.received().await, server.received().await];
    assert!(rest.iter().any(|request| request.key() == delta.id));
    for request in rest {
        assert!(request.at - first.at >= Duration::from_secs(1));
    }
}
