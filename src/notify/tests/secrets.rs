//! Addresses and header values are credentials: they show nowhere but on the wire.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::support::{Outbox, Reply, Server, changes, loopback, recorder, retry, settings};
use crate::notify::pipeline::Tuning;
use crate::notify::{Notifier, NotifyError, RetrySettings, Route, Target};
use crate::secret::Secret;

/// Planted in paths, queries and header values.
const SECRET: &str = "hunter-two";
/// `hunter-two`, thrice.
const SIGNING_SECRET: &str = "whsec_aHVudGVyLXR3by1odW50ZXItdHdvLWh1bnRlci10d28=";

fn planted(address: &str) -> Target {
    Target::Webhook {
        url: Secret::new(format!("http://{address}/{SECRET}?key={SECRET}")),
        headers: vec![("Authorization".into(), Secret::new(SECRET))],
        signing_secrets: vec![Secret::new(SIGNING_SECRET)],
    }
}

/// What is said of `routes` that cannot work.
async fn refused(routes: Vec<Route>) -> NotifyError {
    let outbox = Outbox::of(routes).await;
    let (observer, _events) = recorder();
    let store = outbox.store.clone();
    Notifier::start(&outbox.routes, settings(loopback(), retry()), store, observer, None)
        .err()
        .unwrap()
}

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_failure_and_no_log_shows_a_secret() {
    let log = Log::default();
    let _logging = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .set_default();
    let mut echo = Server::always(Reply::Echo).await;
    let hang = Server::always(Reply::Hang).await;
    let word = Server::always(Reply::Status(400, "", "hunter")).await;
    let routes = [
        ("echo", echo.address.to_string()),
        ("hang", hang.address.to_string()),
        ("word", word.address.to_string()),
        // Nothing listens on port 1 of loopback.
        ("refused", "127.0.0.1:1".into()),
    ];
    let routes =
        routes.map(|(name, address)| Route { target: planted(&address), ..echo.webhook(name) });
    let impatient = RetrySettings {
        request_timeout: Duration::from_millis(200),
        give_up_after: Duration::from_millis(100),
        ..retry()
    };
    let shown = format!("{routes:?}");
    let outbox = Outbox::of(routes.into()).await;
    let (_notifier, mut events) = outbox.notifier(impatient, Tuning { pace: None, seed: 1 });
    outbox.send(&changes(1)).await;
    let events = events.until_ended(4).await;
    assert!(echo.received().await.path.contains(SECRET));
    assert!(events.len() >= 4, "{events:?}");
    assert!(log.text().contains("hyper"), "the HTTP client's own log is read too");
    let shown = format!("{shown}{events:?}{}", log.text());
    assert!(shown.contains("Connection refused"), "{shown}");
    assert!(!shown.contains("hunter") && !shown.contains("aHVudGVy"), "{shown}");
}

#[tokio::test]
async fn no_complaint_about_a_route_shows_a_secret() {
    let server = Server::start([]).await;
    let url = |url: String| Target::Slack { webhook_url: Secret::new(url) };
    let header = |name: &str, value: &str| Target::Webhook {
        url: Secret::new(format!("https://a.example/{SECRET}")),
        headers: vec![(name.into(), Secret::new(format!("{SECRET}{value}")))],
        signing_secrets: vec![],
    };
    let unsigned = Target::Webhook {
        url: Secret::new(format!("https://a.example/{SECRET}")),
        headers: vec![],
        signing_secrets: vec![Secret::new(SECRET)],
    };
    let bad = [
        (unsigned, "a signing secret is whsec_"),
        (url(format!("https://10.1.2.3/{SECRET}")), "allow_networks = [\"10.1.2.3/32\"]"),
        (url(format!("http://a.example@1.1.1.1/{SECRET}")), "write https://"),
        (url(format!("a.example/{SECRET}")), "not a valid web address"),
        (url(format!("ftp://a.example/{SECRET}")), "neither with https:// nor"),
        (url(format!("https://a.example:{SECRET}/")), "invalid port number"),
        (header("Authorization", "\n"), "the value of its HTTP header `Authorization`"),
        (header("not a name", ""), "the name of its HTTP header `not a name`"),
    ];
    for (target, complaint) in bad {
        let route = Route { target, ..server.webhook("team") };
        let error = refused(vec![route]).await;
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(complaint) && shown.contains("`team`"), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}

#[tokio::test]
async fn two_routes_cannot_share_a_name() {
    let server = Server::start([]).await;
    let routes = vec![server.webhook("team"), server.slack("team")];
    let error = refused(routes).await;
    assert_eq!(error.to_string(), "two routes are named `team`; give each its own name");
}
