//! What a name resolves to is judged when it is connected to.

use std::time::Duration;

use super::TUNING;
use super::support::{Event, Outbox, Server, changes, retry, soon};
use crate::notify::{GivenUp, RetrySettings, Route, Target, TargetPolicy};
use crate::secret::Secret;
use crate::source::wall_clock;

/// The configuration cannot see what a name resolves to, and that may change: it is the connection
/// that is refused, and no byte is sent.
#[tokio::test]
async fn a_name_that_leads_where_it_may_not_is_refused_as_it_is_connected_to() {
    let mut server = Server::start([]).await;
    let at_name = Secret::new(format!("http://localhost:{}/x", server.address.port()));
    let route = Route { target: Target::Slack { webhook_url: at_name }, ..server.slack("pager") };
    let elsewhere = TargetPolicy {
        allow_networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..TargetPolicy::default()
    };
    let outbox = Outbox::of(vec![route]).await;
    let hasty = RetrySettings { give_up_after: Duration::from_millis(1), ..retry() };
    let (notifier, mut events) = outbox.notifier_to(elsewhere, hasty, TUNING);
    outbox.send(&changes(1)).await;
    let events = events.until_ended(1).await;
    soon(notifier.shutdown(Duration::from_secs(1))).await;
    let Some(Event::GivenUp(_, _, GivenUp { last, .. })) = events.last() else {
        panic!("{events:?}");
    };
    let told = last.to_string();
    assert!(told.starts_with("refused: it leads to "), "{told}");
    assert!(
        told.contains(", this machine itself; if it shall, write allow_private = true"),
        "{told}"
    );
    assert_eq!(server.waiting(), 0);

    let (_notifier, _events) = outbox.notifier(retry(), TUNING);
    outbox.store.retry_parked(None, wall_clock()).await.unwrap();
    assert_eq!(server.received().await.path, "/x");
}
