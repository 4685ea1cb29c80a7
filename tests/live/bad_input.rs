//! Whatever comes, the stream goes on: each bad message is counted and kept, with the reason.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use groundswell::config::Config;
use groundswell::decode::{DeadLetter, Reason};
use groundswell::mention::Timestamp;
use groundswell::source::kafka::{OFFSET_HEADER, PARTITION_HEADER, REASON_HEADER, TOPIC_HEADER};
use groundswell::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rdkafka::Message as _;
use rdkafka::message::OwnedMessage;
use serde_json::json;

use crate::support::service::{self, RunningService, sample};
use crate::support::{
    HttpReceiver, KafkaBroker, Program, Record, SASL_USER, eventually, header,
    send_with_unreadable_header, unique,
};

const BRAND: &str = "[[brand]]\nname = \"Acme\"\n";

fn source(broker: &KafkaBroker, topic: &str, format: &str) -> String {
    format!(
        "{BRAND}[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nhistory = \"0s\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\nformat = \"{format}\"\n",
        broker.address()
    )
}

fn with_dead_letter_topic(
    broker: &KafkaBroker,
    topic: &str,
    letters: &str,
    folder: &Path,
) -> Config {
    let toml = source(broker, topic, "json");
    let toml = toml.replace("history", &format!("dead_letter_topic = \"{letters}\"\nhistory"));
    service::config(&toml, "", folder)
}

fn good(id: u32) -> serde_json::Value {
    let now = jiff::Timestamp::now().as_millisecond();
    json!({"id": format!("good-{id}"), "created_at": now, "channel": "test", "brand": "Acme", "text": "acme"})
}

fn with(field: &str, value: serde_json::Value) -> Vec<u8> {
    let mut mention = good(0);
    mention[field] = value;
    serde_json::to_vec(&mention).unwrap()
}

fn bad() -> Vec<(Reason, Vec<u8>)> {
    let tomorrow = jiff::Timestamp::now().as_millisecond() + 86_400_000;
    let truncated = serde_json::to_vec(&good(0)).unwrap();
    let mut no_id = good(0);
    no_id.as_object_mut().unwrap().remove("id");
    let invalid =
        [br#"{"id":"1","channel":"test","brand":"Acme","text":""#.as_slice(), b"\xff\xfe\"}"]
            .concat();
    vec![
        (Reason::NotJson, b"good morning".to_vec()),
        (Reason::Truncated, truncated[..truncated.len() - 9].to_vec()),
        (Reason::Empty, Vec::new()),
        (Reason::TooLarge, with("text", json!("x".repeat(10 << 20)))),
        (Reason::TooDeep, b"[".repeat(100_000)),
        (Reason::InvalidUtf8, invalid),
        (Reason::MissingField, serde_json::to_vec(&no_id).unwrap()),
        (Reason::OutOfRange, with("sentiment", json!("NaN"))),
        (Reason::OutOfRange, with("sentiment", json!(7))),
        (Reason::BadTime, with("created_at", json!(1_424_160_000))),
        (Reason::BadTime, with("created_at", json!(tomorrow))),
        (Reason::OutOfRange, with("author", json!({"id": "a", "followers": -3}))),
        (Reason::UnknownBrand, with("brand", json!("Nobody's"))),
    ]
}

/// Nothing is handled for good before the topic has what is no mention; here it is not even there.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_topic_gets_what_is_no_mention_and_is_waited_for() {
    let broker = KafkaBroker::shared();
    let (topic, letters) = (unique("bad"), unique("dead"));
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let config = with_dead_letter_topic(broker, &topic, &letters, folder.path());
    let file = config.dead_letter_file.clone();
    let running = RunningService::ready(config).await;
    broker.produce(&topic, &[Record::new(serde_json::to_vec(&good(0)).unwrap())]).await;
    let kept = || broker.committed(&topic, &topic).get(&0).copied();
    eventually("the first is kept", || kept() == Some(1));

    let bad = bad();
    let record = |(_, payload): &(Reason, Vec<u8>)| {
        Record::new(payload.clone()).key("of its own").header("trace", "kept")
    };
    let mut records: Vec<Record> = bad.iter().map(record).collect();
    records.push(Record::new("of large headers").header("trace", "x".repeat(3 << 20)));
    // What no compression makes fit for the topic.
    let noise: Vec<u8> = StdRng::seed_from_u64(7).random_iter().take(300_000).collect();
    records.push(Record::new(noise.clone()).key("of its own"));
    broker.produce(&topic, &records).await;
    let missing = format!("the dead letter topic {letters} is not written");
    let told = |status: u16, body: &str| status == 503 && body.contains(&missing);
    running.wait_for("/readyz", told).await;
    assert_eq!(kept(), Some(1), "what came after is not kept as handled");
    let waiting = |text: &str| sample(text, "groundswell_dead_letters_waiting_bytes");
    let text = running.wait_for("/metrics", |_, text| waiting(text) > Some(100_000.0)).await;
    let limit = sample(&text, "groundswell_dead_letters_waiting_limit_bytes");
    assert!(waiting(&text) < limit, "{:?} of {limit:?}", waiting(&text));
    broker.create_topic_with(&letters, 1, &[("max.message.bytes", "200000")]).await;
    running.wait_for("/readyz", |status, _| status == 200).await;
    let all = 3 + bad.len() as i64;
    eventually("everything is kept", || kept() == Some(all));
    running.wait_for("/metrics", |_, text| waiting(text) == Some(0.0)).await;
    running.stop().await.unwrap();

    let found = broker.read_to_end(&letters, "read_committed").await;
    let (large, rest): (Vec<_>, Vec<_>) =
        bad.iter().enumerate().partition(|(_, (reason, _))| *reason == Reason::TooLarge);
    assert_eq!(found.len(), rest.len());
    for (at, (reason, payload)) in rest {
        let offset = (at + 1).to_string();
        let of_it = |it: &&OwnedMessage| header(it, OFFSET_HEADER).as_ref() == Some(&offset);
        let letter = found.iter().find(of_it).unwrap();
        assert!(letter.payload().unwrap_or_default() == payload, "the bytes of {reason}");
        assert_eq!(letter.key(), Some(&b"of its own"[..]));
        assert_eq!(header(letter, "trace").as_deref(), Some("kept"));
        assert_eq!(header(letter, REASON_HEADER).as_deref(), Some(reason.name()));
        assert_eq!(header(letter, TOPIC_HEADER).as_ref(), Some(&topic));
        assert_eq!(header(letter, PARTITION_HEADER).as_deref(), Some("0"));
    }
    let in_file = dead_letters(&file);
    assert_eq!(in_file.len(), large.len() + 2, "what is too large for a topic is in the file");
    let last =
        in_file.iter().find(|letter| letter.payload == noise).expect("what the topic refused");
    assert_eq!((last.position, &last.source, last.partition), (all as u64 - 1, &topic, Some(0)));
    assert_eq!(last.reason, Reason::InvalidUtf8);
}

fn dead_letters(path: &Path) -> Vec<DeadLetter> {
    let lines = BufReader::new(File::open(path).unwrap()).split(b'\n');
    lines.map(|line| DeadLetter::from_ndjson_line(&line.unwrap()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_message_is_kept_whole_and_the_good_ones_count() {
    let broker = KafkaBroker::shared();
    let topic = unique("bad");
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let config = service::config(&source(broker, &topic, "json"), "", folder.path());
    let file = config.dead_letter_file.clone();
    let running = RunningService::ready(config).await;

    let bad = bad();
    let mut records = Vec::new();
    for (at, (_, payload)) in bad.iter().enumerate() {
        records.push(Record::new(payload.clone()));
        records.push(Record::new(serde_json::to_vec(&good(at as u32)).unwrap()));
    }
    broker.produce(&topic, &records).await;

    let counted = "groundswell_mentions_total{outcome=\"counted\"}";
    let all = bad.len() as f64;
    let metrics = running.wait_for("/metrics", |_, text| sample(text, counted) == Some(all)).await;
    assert_eq!(sample(&metrics, "groundswell_mentions_total{outcome=\"rejected\"}"), Some(all));
    running.stop().await.unwrap();

    let kept = dead_letters(&file);
    assert_eq!(kept.len(), bad.len());
    for (at, (letter, (reason, payload))) in kept.iter().zip(&bad).enumerate() {
        assert_eq!(letter.reason, *reason, "{}", letter.detail);
        assert_eq!((letter.position, letter.partition), (2 * at as u64, Some(0)));
        assert_eq!(letter.source, topic);
        // Not assert_eq: nobody wants to read 10 MB.
        assert!(letter.payload == *payload, "the bytes of {reason} are kept as they came");
        let name = format!("groundswell_dead_letters_total{{reason=\"{reason}\"}}");
        assert!(sample(&metrics, &name).unwrap() >= 1.0, "{name}");
    }
}

/// To rdkafka that is a panic, at whatever reads the headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_whose_name_is_not_utf8_ends_nothing() {
    let broker = KafkaBroker::shared();
    let (topic, letters) = (unique("latin"), unique("dead"));
    broker.create_topic(&topic, 1).await;
    broker.create_topic(&letters, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let config = with_dead_letter_topic(broker, &topic, &letters, folder.path());
    let file = config.dead_letter_file.clone();
    let running = RunningService::ready(config).await;
    for payload in [&*serde_json::to_vec(&good(0)).unwrap(), b"good morning"] {
        send_with_unreadable_header(&broker.address(), &topic, payload, b"x");
    }
    broker.produce(&topic, &[Record::new(serde_json::to_vec(&good(1)).unwrap())]).await;
    let counted = |text: &str| sample(text, "groundswell_mentions_total{outcome=\"counted\"}");
    running.wait_for("/metrics", |_, text| counted(text) == Some(2.0)).await;
    eventually("all is kept", || broker.committed(&topic, &topic).get(&0) == Some(&3));
    running.stop().await.unwrap();
    let kept = dead_letters(&file);
    let kept: Vec<_> = kept.iter().map(|it| (it.position, it.reason, &*it.payload)).collect();
    assert_eq!(kept, [(1, Reason::NotJson, &b"good morning"[..])], "who knows how large it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn protobuf_comes_bare_and_in_confluents_envelope() {
    use groundswell::proto;
    use prost::Message;
    let broker = KafkaBroker::shared();
    let now = jiff::Timestamp::now();
    let mention = proto::Mention {
        id: "1".to_owned(),
        created_at: Some(prost_types::Timestamp { seconds: now.as_second(), nanos: 0 }),
        channel: "test".to_owned(),
        text: "Acme!".to_owned(),
        ..proto::Mention::default()
    };
    let bare = mention.encode_to_vec();
    let enveloped = [&[0, 0, 0, 0, 42, 0], bare.as_slice()].concat();
    for (format, payload) in [("protobuf", bare), ("confluent-protobuf", enveloped)] {
        let topic = unique(format);
        broker.create_topic(&topic, 1).await;
        let folder = tempfile::tempdir().unwrap();
        let config = service::config(&source(broker, &topic, format), "", folder.path());
        let running = RunningService::ready(config).await;
        broker.produce(&topic, &[Record::new(payload), Record::new("not protobuf")]).await;
        let rejected = "groundswell_mentions_total{outcome=\"rejected\"}";
        let metrics =
            running.wait_for("/metrics", |_, text| sample(text, rejected) == Some(1.0)).await;
        let counted = sample(&metrics, "groundswell_mentions_total{outcome=\"counted\"}");
        assert_eq!(counted, Some(1.0), "{format}");
        running.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_and_a_missing_broker_are_told_in_words() {
    let broker = KafkaBroker::shared();
    let folder = tempfile::tempdir().unwrap();
    let missing = source(broker, &unique("missing"), "json");
    let nobody = format!("{BRAND}[source.kafka]\nbrokers = [\"127.0.0.1:1\"]\n");
    for (toml, words) in [(missing, "does not exist"), (nobody, "no broker answers at 127.0.0.1:1")]
    {
        let running = RunningService::start(service::config(&toml, "", folder.path())).await;
        let said =
            running.wait_for("/readyz", |status, body| status == 503 && body.contains(words)).await;
        assert!(said.contains("check") || said.contains("create it"), "what to do: {said}");
        assert_eq!(running.get("/healthz").await.0, 200, "it lives and goes on trying");
        running.stop().await.unwrap();
    }
}

/// To librdkafka brokers that refuse it are brokers that are away; that is not what people must be told.
#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_told_in_words_that_stay() {
    let broker = KafkaBroker::shared();
    let plain = source(broker, &unique("refused"), "json");
    let properties = format!(
        "[source.kafka.properties]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\
         \"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"{SASL_USER}\"\n\
         \"sasl.password\" = {{ env = \"KAFKA_PASSWORD\" }}\n"
    );
    let toml = plain.replace(&broker.address(), &broker.sasl_address()) + &properties;
    let env = [("KAFKA_PASSWORD", "last year's"), ("RUST_LOG", "groundswell=debug")];
    let mut program = Program::start(&toml, &env);
    eventually("librdkafka says that nobody is there", || program.log().contains("AllBrokersDown"));
    let (status, body) = program.http().get("/readyz").await.unwrap();
    assert_eq!(status, 503);
    assert!(body.contains("refuses the credentials; check the sasl.*"), "{body}");
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_refused_for_good_is_parked_and_can_be_sent_again() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    receiver.answer_otherwise(crate::support::Answer::status(404).body("no_service"));
    let topic = unique("refused");
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let route = "[[route]]\nslack = { webhook_url = { env = \"SLACK_WEBHOOK_URL\" } }\n\
                 [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n";
    let toml = format!("{}{route}", source(broker, &topic, "json"));
    let config = service::config(&toml, &receiver.url("/services/SECRET"), folder.path());
    let store = config.store.clone();
    let running = RunningService::ready(config).await;
    broker.produce(&topic, &crate::restart::burst(30)).await;

    let parked = "groundswell_notifications_parked{route=\"slack\"}";
    running.wait_for("/metrics", |_, text| sample(text, parked) >= Some(1.0)).await;
    receiver.answer_otherwise(crate::support::Answer::ok());
    let outbox = Store::open(&store).await.unwrap();
    let given_up = outbox.parked(100).await.unwrap();
    assert!(given_up.iter().all(|it| it.reason.contains("404") && !it.reason.contains("SECRET")));
    let tried = receiver.received().len();
    let last = given_up.last().unwrap();
    assert_eq!(outbox.retry_parked(Some(last.seq), Timestamp::default()).await.unwrap(), 1);
    let requests = receiver.wait_for(tried + 1).await;
    assert_eq!(requests[tried].key(), last.change.id.to_string());
    running.stop().await.unwrap();
}
