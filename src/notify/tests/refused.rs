//! What a name resolves to is judged when it is connected to.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::support::{Event, Server, changes, recorder, retry, soon};
use super::{TUNING, send_all, start};
use crate::notify::{GivenUp, Notifier, RetrySettings, Route, Target, TargetPolicy};
use crate::secret::Secret;

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
    let (observer, mut events) = recorder();
    let notifier = Notifier::start_tuned(
        vec![route.clone()],
        RetrySettings { give_up_after: Duration::from_millis(1), ..retry() },
        elsewhere,
        TimeZone::UTC,
        observer,
        TUNING,
    );
    let notifier = notifier.unwrap();
    send_all(&notifier, &changes(1)).await;
    soon(notifier.idle()).await;
    let events = events.so_far();
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

    let (notifier, _events) = start(vec![route], retry(), TUNING);
    send_all(&notifier, &changes(1)).await;
    assert_eq!(server.received().await.path, "/x");
}
