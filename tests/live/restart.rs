//! What a restart knows, and what silence says.

use serde_json::json;

use crate::support::service::{self, RunningService};
use crate::support::{Answer, HttpReceiver, KafkaBroker, Record, unique};

const MINUTE_MS: i64 = 60_000;

/// Thirty hours of two mentions a minute that end `ago_minutes` ago, the last quarter of an hour at ten times that.
pub fn burst(ago_minutes: i64) -> Vec<Record> {
    let end = jiff::Timestamp::now().as_millisecond() - ago_minutes * MINUTE_MS;
    let mut records = Vec::new();
    for minute in -30 * 60..0_i64 {
        let mentions = if minute >= -15 { 20 } else { 2 };
        for at in 0..mentions {
            let created_at = end + minute * MINUTE_MS + at * MINUTE_MS / mentions;
            let mention = json!({
                "id": format!("{minute}-{at}"), "created_at": created_at, "channel": "test",
                "brand": "Acme", "text": "acme again", "sentiment": -0.5,
            });
            records.push(Record::new(mention.to_string()));
        }
    }
    records
}

fn toml(broker: &KafkaBroker, topic: &str, history: &str) -> String {
    format!(
        "[[brand]]\nname = \"Acme\"\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nhistory = \"{history}\"\n\
         idle_timeout = \"1s\"\n[[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nslack = {{ webhook_url = {{ env = \"SLACK_WEBHOOK_URL\" }} }}\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n",
        broker.address()
    )
}

fn headline(request: &crate::support::Received) -> String {
    request.json()["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_knows_what_was_known_and_tells_nothing_twice() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let topic = unique("restart");
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let config = || {
        service::config(&toml(broker, &topic, "14d"), &receiver.url("/services/X"), folder.path())
    };

    let first = RunningService::ready(config()).await;
    broker.produce(&topic, &[Record::new("no mention")]).await;
    broker.produce(&topic, &burst(0)).await;
    receiver.wait_for(1).await;
    let opened = receiver.received();
    assert!(headline(&opened[0]).contains("Acme"), "{}", headline(&opened[0]));
    first.stop().await.unwrap();
    let told = receiver.received().len();

    let second = RunningService::ready(config()).await;
    let open = |text: &str| {
        ["warning", "critical"].iter().any(|severity| {
            let series = format!("groundswell_incidents_open{{severity=\"{severity}\"}}");
            service::sample(text, &series) >= Some(1.0)
        })
    };
    let metrics = second.wait_for("/metrics", |_, text| open(text)).await;
    assert_eq!(receiver.received().len(), told, "the incident is known again and told to nobody");
    for outcome in ["counted", "rejected"] {
        let series = format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}");
        assert_eq!(service::sample(&metrics, &series), Some(0.0), "it was {outcome} when it came");
    }
    second.stop().await.unwrap();
    let kept = std::fs::read_to_string(config().dead_letter_file).unwrap();
    assert_eq!(kept.lines().count(), 1, "kept once: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_tells_what_is_open_and_a_dead_feed_is_told_once() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let topic = unique("first");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &burst(40)).await;
    let folder = tempfile::tempdir().unwrap();
    let config =
        service::config(&toml(broker, &topic, "14d"), &receiver.url("/services/X"), folder.path());

    let running = RunningService::ready(config).await;

    // The past held a burst, still open at its end; then the wall clock shows forty silent minutes.
    let told = receiver.wait_for(2).await;
    assert!(headline(&told[0]).contains("Acme"), "{}", headline(&told[0]));
    assert!(headline(&told[1]).contains(&topic), "the feed, not the brand: {}", headline(&told[1]));
    running.stop().await.unwrap();
    assert_eq!(receiver.received().len(), 2);
}

/// Each partition of a dead topic finds that nothing arrives; people are told once.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_topic_of_several_partitions_is_told_once() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let topic = unique("dead");
    broker.create_topic(&topic, 3).await;
    let end = burst(40);
    for partition in 0..3 {
        let records: Vec<Record> = end.iter().map(|it| it.clone().partition(partition)).collect();
        broker.produce(&topic, &records).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = || {
        service::config(&toml(broker, &topic, "14d"), &receiver.url("/services/X"), folder.path())
    };
    let of_feed = || {
        let told = receiver.received();
        told.iter().map(headline).filter(|it| it.contains(&topic)).collect::<Vec<_>>()
    };

    let running = RunningService::ready(config()).await;
    // Each partition's burst is open at its end: one incident, as they began together.
    receiver.wait_for(2).await;
    // Every shard has come to the present, through the silence.
    let present = |text: &str| {
        let lags =
            text.lines().filter(|line| line.starts_with("groundswell_watermark_lag_seconds{"));
        let lag = |line: &str| line.rsplit(' ').next().and_then(|it| it.parse::<f64>().ok());
        lags.filter_map(lag).filter(|seconds| *seconds < 300.0).count() == 3
    };
    running.wait_for("/metrics", |_, text| present(text)).await;
    running.stop().await.unwrap();
    let told = of_feed();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&format!("No mentions are arriving from feed {topic}, ")), "{told:?}");
}

/// A page that does not arrive waits in the store: a restart sends it, and reads nothing again.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_been_delivered_is_sent_after_a_restart() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    let topic = unique("untold");
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let toml = format!(
        "{}initial_backoff = \"500ms\"\nmax_backoff = \"500ms\"\n",
        toml(broker, &topic, "14d")
    );
    let config = || service::config(&toml, &receiver.url("/services/X"), folder.path());
    let running = RunningService::ready(config()).await;
    let burst = burst(0);
    receiver.answer_otherwise(Answer::status(503));
    broker.produce(&topic, &burst).await;
    receiver.wait_for(3).await;
    running.stop().await.unwrap();
    assert_eq!(broker.committed(&topic, &topic)[&0], burst.len() as i64, "it has been handled");
    let refused = receiver.received();

    receiver.answer_otherwise(Answer::ok());
    let again = RunningService::ready(config()).await;
    let all = receiver.wait_for(refused.len() + 1).await;
    assert_eq!(all[refused.len()].key(), refused[0].key());
    again.stop().await.unwrap();
}
