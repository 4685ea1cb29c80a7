//! Requests are signed, each try anew.

use super::support::{OK, Received, Reply, Server, changes, retry};
use super::{TUNING, start};
use crate::notify::Target;
use crate::secret::Secret;

#[tokio::test]
async fn each_try_is_signed_anew_under_the_same_id() {
    let secrets = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
        .map(|key| Secret::new(format!("whsec_{key}")));
    let mut server = Server::start([Reply::Status(503, "1", ""), OK]).await;
    let mut route = server.webhook("crm");
    let Target::Webhook { signing_secrets, .. } = &mut route.target else { panic!() };
    *signing_secrets = secrets.into();
    let (outbox, _notifier, _events) = start(vec![route], retry(), TUNING).await;
    let change = changes(1).remove(0);
    outbox.send(std::slice::from_ref(&change)).await;
    let (first, second) = (server.received().await, server.received().await);
    for request in [&first, &second] {
        assert_eq!(request.header("webhook-id"), change.id.to_string());
        assert_eq!(request.key(), change.id);
        let signatures: Vec<&str> = request.header("webhook-signature").split(' ').collect();
        assert!(signatures.len() == 2 && signatures.iter().all(|it| it.starts_with("v1,")));
    }
    let at = |request: &Received| request.header("webhook-timestamp").parse::<i64>().unwrap();
    let now = jiff::Timestamp::now().as_second();
    assert!(at(&first) < at(&second) && now - at(&second) < 60, "{first:?} {second:?}");
    assert_ne!(first.header("webhook-signature"), second.header("webhook-signature"));
}

#[tokio::test]
async fn nothing_is_signed_without_a_secret() {
    let mut server = Server::start([]).await;
    let routes = vec![server.webhook("crm"), server.slack("pager")];
    let (outbox, _notifier, _events) = start(routes, retry(), TUNING).await;
    outbox.send(&changes(1)).await;
    for _ in 0..2 {
        let headers = server.received().await.headers;
        assert!(headers.keys().all(|name| !name.as_str().starts_with("webhook-")), "{headers:?}");
    }
}
