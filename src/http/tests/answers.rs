//! What is answered, to those who may ask.

use serde_json::json;

use super::*;
use crate::detect::Brand;
use crate::incident::Direction;
use crate::mention::BrandIndex;
use crate::shard::{Outcome, WindowReading};
use crate::telemetry::PartitionMetrics;

async fn ready(server: &Running) -> (u16, Value) {
    let (status, body) = server.get("/readyz").await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn metrics_are_what_prometheus_reads() {
    let server = Setup::local().start().await;
    server.state.metrics.intake().add(Outcome::Counted, 41);
    let response = server.ask(Method::GET, "/metrics").await;
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with(prometheus::TEXT_FORMAT), "{kind}");
    let first = response.text().await.unwrap();
    assert!(first.contains("\ngroundswell_mentions_total{outcome=\"counted\"} 41\n"), "{first}");
    server.state.metrics.intake().add(Outcome::Counted, 1);
    let (_, second) = server.get("/metrics").await;
    assert!(second.contains("{outcome=\"counted\"} 42\n"), "each scrape sees what is now");
}

#[tokio::test]
async fn alive_is_not_ready() {
    let server = Setup::local().start().await;
    assert_eq!(server.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(ready(&server).await.0, 503);
}

#[tokio::test]
async fn ready_when_every_part_says_so() {
    let server = Setup::local().start().await;
    let readiness = &server.state.readiness;
    readiness.set("source", Ok("assigned 3 partitions".to_owned()));
    let (status, report) = ready(&server).await;
    assert_eq!(status, 503);
    let expected = json!({
        "ready": false,
        "conditions": [
            {"name": "source", "ready": true, "detail": "assigned 3 partitions"},
            {"name": "notifier", "ready": false, "detail": "has not reported yet"},
        ],
    });
    assert_eq!(report, expected);
    readiness.set("notifier", Ok("ok".to_owned()));
    assert_eq!(ready(&server).await.0, 200);
    readiness.set("source", Err("no broker answers at kafka:9092".to_owned()));
    let (status, report) = ready(&server).await;
    assert_eq!((status, &report["conditions"][0]["ready"]), (503, &json!(false)));
    assert_eq!(report["conditions"][0]["detail"], "no broker answers at kafka:9092");
}

#[test]
fn a_part_nobody_named_joins() {
    let readiness = Readiness::new(&[]);
    assert!(readiness.report().ready, "nothing to wait for");
    readiness.set("store", Err("full".to_owned()));
    assert!(!readiness.report().ready);
}

#[tokio::test]
async fn the_index_names_every_path() {
    let server = Setup::local().start().await;
    let (status, index) = server.get("/").await;
    assert_eq!(status, 200);
    let paths = index.split_whitespace().filter(|word| word.starts_with('/'));
    let mut named = 0;
    for path in paths {
        assert_ne!(server.get(path).await.0, 404, "{path}");
        named += 1;
    }
    assert_eq!(named, 3, "{index}");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Setup::local().start().await;
    for (path, status) in [("/", 200), ("/metrics", 200), ("/healthz", 200), ("/readyz", 503)] {
        let whole = server.get(path).await.1.len();
        let head = server.ask(Method::HEAD, path).await;
        assert_eq!(head.status(), status, "{path}");
        assert_eq!(head.headers()["content-length"], whole.to_string(), "{path}");
        assert_eq!(head.text().await.unwrap(), "");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed() {
    let server = Setup::local().start().await;
    for path in ["/nothing", "/metrics/", "/healthz/x", "/../etc/passwd", "/%2e%2e/<b>"] {
        let (status, body) = server.get(path).await;
        assert_eq!(
            (status, body.as_str()),
            (404, "nothing here; / tells what there is\n"),
            "{path}"
        );
    }
    let post = server.ask(Method::POST, "/metrics").await;
    assert_eq!(post.status(), 405);
    assert_eq!(post.headers()["allow"], "GET,HEAD");
}

#[tokio::test]
async fn many_ask_at_once() {
    let server = Setup::local().start().await;
    let asked = (0..50).map(|_| {
        let request = server.client.get(format!("http://{}/metrics", server.address));
        tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
    });
    for answer in asked.collect::<Vec<_>>() {
        assert!(answer.await.unwrap().contains("groundswell_build_info"));
    }
}

#[tokio::test]
async fn stops_when_told_though_connections_are_open() {
    let server = Setup::local().start().await;
    assert_eq!(server.get("/healthz").await.0, 200);
    server.stop.send(()).unwrap();
    // The client keeps its connection alive; that must not hold the server.
    let stopped = tokio::time::timeout(Duration::from_secs(4), server.task).await;
    stopped.expect("it does not wait for idle connections").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_reader_that_never_finishes_is_left() {
    let mut setup = Setup::local();
    (setup.grace, setup.series_cap) = (Some(Duration::from_millis(50)), 2_000);
    let server = setup.start().await;
    let _unread = unread(&server).await;
    // Tens of megabytes are on their way, more than the system takes from the server unread.
    server.stop.send(()).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(20), server.task).await;
    stopped.expect("it does not wait for ever").unwrap();
}

/// Asks for far more than the system takes from the server unread, and takes the beginning alone. The
/// metrics last as long as their partition's handle.
pub(super) async fn unread(server: &Running) -> (PartitionMetrics, TcpStream) {
    let partition = server.state.metrics.partition("mentions", 0);
    let brands = [Brand { name: "Delta".to_owned(), market: None }];
    let readings: Vec<WindowReading> = (0..2_000).map(reading).collect();
    partition.set_windows(&brands, &readings);
    let mut slow = server.connect().await;
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    (partition, slow)
}

fn reading(n: u32) -> WindowReading {
    WindowReading {
        brand: BrandIndex(0),
        monitor: format!("{n:02000}"),
        direction: Direction::Up,
        window_seconds: 300,
        observed: 10.0,
        expected: 10.0,
        lower: 5.0,
        upper: 20.0,
        z: 0.0,
    }
}
