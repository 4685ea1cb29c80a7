//! What could grow is held to its limit, and a metric says how near it is.

use serde_json::json;

use crate::support::service::sample;
use crate::support::{KafkaBroker, Postgres, Program, Record, unique};

const MIB: f64 = 1_048_576.0;

fn mention(id: usize, text_bytes: usize) -> Record {
    let now = jiff::Timestamp::now().as_millisecond();
    let text = "x".repeat(text_bytes);
    Record::new(
        json!({"id": id, "created_at": now, "channel": "test", "brand": "Acme", "text": text})
            .to_string(),
    )
}

/// Nothing is read while the store is away; then no more is fetched than may wait, and later nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_memory_is_bounded_while_the_store_is_away() {
    let broker = KafkaBroker::shared();
    let mut server = tokio::task::block_in_place(Postgres::start);
    let url = server.create_database("groundswell");
    let topic = unique("queue");
    broker.create_topic(&topic, 1).await;
    let toml = format!(
        "[[brand]]\nname = \"Acme\"\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nhistory = \"0s\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [source.kafka.properties]\n\"queued.max.messages.kbytes\" = 2_048\n\
         [limits]\nmax_message_bytes = 65_536\n\
         [store]\npostgres = {{ env = \"POSTGRES\" }}\ncheckpoint_every = \"200ms\"\n",
        broker.address()
    );
    let mut program = Program::start(&toml, &[("POSTGRES", &url)]);
    program.ready().await;

    tokio::task::block_in_place(|| server.stop());
    broker.produce(&topic, &[mention(0, 10)]).await;
    let waits = |status: u16, body: &str| status == 503 && body.contains("the store");
    program.http().wait_for("/readyz", waits).await;
    let many: Vec<Record> = (1..=400).map(|id| mention(id, 50_000)).collect();
    broker.produce(&topic, &many).await;
    broker.produce(&topic, &[mention(401, 70_000)]).await;
    let of = |name: &str| format!("groundswell_{name}{{partition=\"0\",topic=\"{topic}\"}}");
    let queued = |text: &str| sample(text, &of("fetch_queue_bytes")).unwrap_or(0.0);
    let text = program.http().wait_for("/metrics", |_, text| queued(text) >= 2.0 * MIB).await;
    assert_eq!(sample(&text, "groundswell_fetch_queue_limit_bytes"), Some(2.0 * MIB));
    // Twenty times as much is there; the last fetch brings up to a MiB beyond the limit.
    assert!(queued(&text) <= 4.0 * MIB, "{} bytes wait", queued(&text));

    tokio::task::block_in_place(|| server.start_again());
    let counted = "groundswell_mentions_total{outcome=\"counted\"}";
    let too_large = "groundswell_dead_letters_total{reason=\"too_large\"}";
    let done = |text: &str| {
        sample(text, counted) == Some(401.0)
            && sample(text, too_large) == Some(1.0)
            && queued(text) == 0.0
            && sample(text, &of("largest_message_bytes")) > Some(70_000.0)
    };
    let text = program.http().wait_for("/metrics", |_, text| done(text)).await;
    assert_eq!(sample(&text, "groundswell_message_limit_bytes"), Some(65_536.0));
    assert_eq!(sample(&text, "groundswell_brands"), Some(1.0));
    assert_eq!(sample(&text, "groundswell_series"), Some(24.0));
    assert!(program.stop().success());
}
