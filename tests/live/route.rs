//! `groundswell route` against a real broker: whatever happens to it, what it writes is exact.

#[path = "route/instance.rs"]
mod instance;
#[path = "route/stream.rs"]
mod stream;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use groundswell::source::kafka::{
    MARKET_HEADER, OFFSET_HEADER, PARTITION_HEADER, REASON_HEADER, TOPIC_HEADER,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rdkafka::Message;
use rdkafka::message::Headers;
use serde_json::json;

use crate::support::service::{self, RunningService, sample};
use crate::support::{
    DEADLINE, KafkaBroker, Record, header, measured, send_with_unreadable_header, unique,
};
use instance::{Instance, Setup};
use stream::Stream;

#[tokio::test(flavor = "multi_thread")]
async fn each_mention_becomes_one_record_for_each_of_its_markets() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 3).await;
    let stream = Stream::new(3_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;
    broker.produce_aborted(&setup.input, &stream.records[..9]).await;

    let mut instance = Instance::start(&setup, "one");
    instance.routes_all(&stream).await;
    let all = stream.records.len() as f64;
    let read = |text: &str| {
        let of = |outcome: &str| {
            let series = format!("groundswell_route_messages_total{{outcome=\"{outcome}\"}}");
            sample(text, &series).unwrap_or(0.0)
        };
        of("routed") + of("unmatched") + of("rejected")
    };
    instance.wait_for("/metrics", |_, text| read(text) >= all).await;
    // How many wait is told before the first restart, when nobody has asked what is committed.
    let waiting = |partition: i32| {
        let labels = format!("partition=\"{partition}\",topic=\"{}\"", setup.input);
        format!("groundswell_consumer_lag_messages{{{labels}}}")
    };
    let none_waits = |text: &str| {
        (0..setup.partitions).all(|partition| sample(text, &waiting(partition)) == Some(0.0))
    };
    instance.wait_for("/metrics", |_, text| none_waits(text)).await;
    let metrics = instance.get("/metrics").await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());

    let written = stream.assert_exact(broker, &setup.output).await;
    for record in &written {
        assert_eq!(header(record, "trace").as_deref(), Some("kept"), "headers are carried over");
        let own = record.headers().unwrap().iter().filter(|it| it.key == MARKET_HEADER).count();
        assert_eq!(own, 1);
        assert!(record.timestamp().to_millis() < Some(stream.began), "so is its time");
    }

    let letters = broker.read_to_end(&setup.dead_letters, "read_committed").await;
    let mut found: Vec<_> = letters
        .iter()
        .map(|letter| {
            assert_eq!(header(letter, TOPIC_HEADER).as_deref(), Some(&*setup.input));
            let of = |name| header(letter, name).unwrap();
            let place = (of(PARTITION_HEADER).parse().unwrap(), of(OFFSET_HEADER).parse().unwrap());
            (place, of(REASON_HEADER), letter.payload().unwrap_or_default().to_vec())
        })
        .collect();
    found.sort();
    assert!(found == stream.dead_letters(), "{} dead letters", found.len());

    let number = |series: &str| sample(&metrics, series).unwrap_or(-1.0) as usize;
    let messages = |outcome: &str| {
        number(&format!("groundswell_route_messages_total{{outcome=\"{outcome}\"}}"))
    };
    assert_eq!(messages("rejected"), found.len());
    assert_eq!(messages("unmatched"), stream.unmatched);
    assert_eq!(
        messages("routed") + found.len() + stream.unmatched,
        stream.records.len(),
        "each message is counted once"
    );
    for (market, records) in stream.by_market() {
        let series = format!("groundswell_route_records_total{{market=\"{market}\"}}");
        assert_eq!(number(&series), records, "{market}");
    }
    assert!(number("groundswell_route_transactions_total{outcome=\"committed\"}") > 0);
}

/// Killed at moments of a seeded choice, again and again. That the kills strike is seen in what a
/// reader of uncommitted records finds: more than there is.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_and_repeats_nothing() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 2).await;
    let stream = Stream::new(20_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;
    let mut random = StdRng::seed_from_u64(20_261_127);
    let mut amid = 0;
    for kill in 0..60 {
        let mut instance = Instance::start(&setup, "one");
        // Some die before they have joined the group, most amid a transaction.
        if kill % 5 > 0 {
            instance.has_committed_more(&stream).await;
        }
        let moment = Duration::from_micros(random.random_range(0..150_000));
        tokio::time::sleep(moment).await;
        instance.kill().await;
        let committed = setup.committed();
        if committed >= stream.records.len() {
            break;
        }
        amid += usize::from(committed > 0);
    }
    assert!(amid >= 10, "only {amid} kills found it at work");

    let mut last = Instance::start(&setup, "one");
    // All may be committed already: then it must hear the signal at least.
    last.wait_for("/readyz", |status, _| status == 200).await;
    last.routes_all(&stream).await;
    assert_eq!(last.terminate().await.code(), Some(0), "{}", last.log());
    let written = stream.assert_exact(broker, &setup.output).await;
    let uncommitted = broker.read_to_end(&setup.output, "read_uncommitted").await;
    assert!(uncommitted.len() > written.len(), "no kill left a transaction open");
    let (all, records, lost) =
        (stream.records.len(), written.len(), uncommitted.len() - written.len());
    measured(format_args!(
        "{amid} kills amid {all} messages: {records} records, exactly; {lost} more were aborted"
    ));
    stream.assert_dead_letters_exact(broker, &setup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_under_load_it_commits_what_is_in_flight_and_ends_well() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 2).await;
    let stream = Stream::new(20_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;
    let mut ended = 0;
    for _ in 0..3 {
        let mut instance = Instance::start(&setup, "one");
        instance.has_committed_more(&stream).await;
        let asked = Instant::now();
        assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
        measured(format_args!("ended within {:.1?}", asked.elapsed()));
        assert!(instance.log().contains("what was in flight is committed"), "{}", instance.log());
        ended += usize::from(setup.committed() < stream.records.len());
    }
    assert!(ended > 0, "it was through before it was asked");

    let mut last = Instance::start(&setup, "one");
    last.routes_all(&stream).await;
    last.terminate().await;
    let written = stream.assert_exact(broker, &setup.output).await;
    let uncommitted = broker.read_to_end(&setup.output, "read_uncommitted").await;
    assert_eq!(uncommitted.len(), written.len(), "an orderly end aborts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_come_and_go_share_the_work() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 4).await.committing_every("3s");
    let stream = Stream::new(40_000, setup.partitions);
    let hurry = AtomicBool::new(false);
    // There is always something to do, until everybody has come and gone.
    let feed = async {
        for records in stream.records.chunks(400) {
            broker.produce(&setup.input, records).await;
            if !hurry.load(Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        }
    };
    let come_and_go = async {
        let mut first = Instance::start(&setup, "one");
        first.has_itself_committed().await;
        let mut second = Instance::start(&setup, "two");
        second.has_itself_committed().await;
        assert_eq!(first.terminate().await.code(), Some(0), "{}", first.log());
        let third = Instance::start(&setup, "three");
        third.has_itself_committed().await;
        // One goes hard, and comes back at once.
        second.kill().await;
        let second = Instance::start(&setup, "two");
        second.has_itself_committed().await;
        hurry.store(true, Ordering::Release);
        (second, third)
    };
    let ((), (mut second, mut third)) = tokio::join!(feed, come_and_go);

    second.routes_all(&stream).await;
    assert_eq!(second.terminate().await.code(), Some(0), "{}", second.log());
    assert_eq!(third.terminate().await.code(), Some(0), "{}", third.log());
    stream.assert_exact(broker, &setup.output).await;
    stream.assert_dead_letters_exact(broker, &setup).await;
}

/// Alone it has read all there is; left to itself it would commit that after ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_committed_before_another_takes_over() {
    // Committed by the clock, it would show nothing of it: a busy machine gets more than one chance.
    for _ in 0..3 {
        if open_when_another_takes_over().await < 10.0 {
            return;
        }
    }
    panic!("nothing was in flight when the other came");
}

/// Returns for how long the transactions of the first instance were open in all, in seconds.
async fn open_when_another_takes_over() -> f64 {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 2).await.committing_every("10s");
    let stream = Stream::new(500, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;
    let all = stream.by_market().values().sum::<usize>();

    let mut first = Instance::start(&setup, "one");
    let in_flight =
        async { while broker.read_to_end(&setup.output, "read_uncommitted").await.len() < all {} };
    assert!(tokio::time::timeout(DEADLINE, in_flight).await.is_ok(), "{}", first.log());
    let mut second = Instance::start(&setup, "two");
    second.wait_for("/readyz", |status, _| status == 200).await;
    first.routes_all(&stream).await;
    let open = |text: &str| sample(text, "groundswell_route_transaction_seconds_sum");
    first.wait_for("/metrics", |_, text| open(text) > Some(0.0)).await;
    let metrics = first.get("/metrics").await;

    for instance in [&mut first, &mut second] {
        assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
    }
    stream.assert_exact(broker, &setup.output).await;
    stream.assert_dead_letters_exact(broker, &setup).await;
    open(&metrics).unwrap_or_default()
}

/// Stopped for longer than the group waits for it, it comes back to a transaction on partitions that
/// another has gone on with.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_wakes_up_too_late_repeats_nothing() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 2).await;
    let stream = Stream::new(30_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;

    let mut sleeper = Instance::start(&setup, "one");
    sleeper.has_committed_more(&stream).await;
    sleeper.signal("STOP");
    let mut other = Instance::start(&setup, "two");
    other.has_itself_committed().await;
    sleeper.signal("CONT");

    other.routes_all(&stream).await;
    for instance in [&mut sleeper, &mut other] {
        assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
    }
    stream.assert_exact(broker, &setup.output).await;
    stream.assert_dead_letters_exact(broker, &setup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_place_is_taken_says_so_and_ends() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 2).await;
    let stream = Stream::new(20_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;

    let mut old = Instance::start(&setup, "one");
    old.has_committed_more(&stream).await;
    let mut new = Instance::start(&setup, "one");

    assert_eq!(old.ended().await.code(), Some(1), "{}", old.log());
    assert!(old.log().contains("has taken this one's place"), "{}", old.log());
    new.routes_all(&stream).await;
    assert_eq!(new.terminate().await.code(), Some(0), "{}", new.log());
    stream.assert_exact(broker, &setup.output).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_away_is_told_and_waited_for() {
    let mut broker = tokio::task::spawn_blocking(KafkaBroker::start).await.unwrap();
    let setup = Setup::new(&broker, 2).await;
    let stream = Stream::new(20_000, setup.partitions);
    broker.produce(&setup.input, &stream.records).await;
    let mut instance = Instance::start(&setup, "one");
    instance.has_committed_more(&stream).await;

    tokio::task::block_in_place(|| broker.kill());
    let told = |status: u16, body: &str| {
        status == 503 && body.contains(&format!("no broker answers at {}", setup.brokers))
    };
    instance.wait_for("/readyz", told).await;
    assert_eq!(instance.get_status("/healthz").await, 200);
    tokio::task::block_in_place(|| broker.start_again());

    instance.routes_all(&stream).await;
    instance.wait_for("/readyz", |status, _| status == 200).await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
    stream.assert_exact(&broker, &setup.output).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_output_topic_does_not_take_is_told_and_waited_for() {
    let broker = KafkaBroker::shared();
    let setup = Setup::with_output(broker, 1, &[("max.message.bytes", "2000")]).await;
    // Letters that do not compress.
    let mut random = StdRng::seed_from_u64(7);
    let text: String = (0..4_000).map(|_| random.random_range('a'..='z')).collect();
    let texts = ["Delta", &*format!("Delta {text}"), "Delta again"];
    let sent: Vec<Record> = texts
        .iter()
        .map(|text| Record::new(stream::mention(&text.len().to_string(), text)))
        .collect();
    broker.produce(&setup.input, &sent).await;

    let mut instance = Instance::start(&setup, "one");
    let told = |status: u16, body: &str| {
        let words = format!("the topic {} does not take a record of ", setup.output);
        status == 503 && body.contains(&words) && body.contains("raise its max.message.bytes")
    };
    instance.wait_for("/readyz", told).await;
    broker.configure_topic(&setup.output, &[("max.message.bytes", "1000000")]).await;

    instance.commits(sent.len()).await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
    let written = broker.read_to_end(&setup.output, "read_committed").await;
    let payloads: Vec<_> = written.iter().map(|record| record.payload()).collect();
    let expected: Vec<_> = sent.iter().map(|record| record.payload.as_deref()).collect();
    assert_eq!(payloads, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_dead_letter_topic_the_file_holds_them() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 1).await.without_dead_letter_topic();
    let sent = [Record::new("good morning"), Record::new(stream::mention("1", "Delta"))];
    broker.produce(&setup.input, &sent).await;

    let mut instance = Instance::start(&setup, "one");
    instance.commits(sent.len()).await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());

    let kept = setup.dead_letter_file();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].reason.name(), &*kept[0].source), ("not_json", &*setup.input));
    assert_eq!((kept[0].partition, kept[0].position), (Some(0), 0));
    assert_eq!(kept[0].payload, b"good morning");
    let written = broker.read_to_end(&setup.output, "read_committed").await;
    assert_eq!(written.len(), 1);
}

/// To rdkafka that is a panic, at whatever reads the headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_whose_name_is_not_utf8_ends_nothing() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 1).await;
    let sent =
        [stream::mention("1", "Delta"), "good morning".into(), stream::mention("2", "Delta")];
    for payload in &sent {
        send_with_unreadable_header(&setup.brokers, &setup.input, payload.as_bytes(), b"x");
    }

    let mut instance = Instance::start(&setup, "one");
    instance.commits(sent.len()).await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());
    let log = instance.log();
    assert_eq!(log.matches("not UTF-8").count(), 1, "it is told once: {log}");
    assert!(!log.contains("panicked"), "{log}");

    let written = broker.read_to_end(&setup.output, "read_committed").await;
    let payloads: Vec<_> = written.iter().filter_map(|it| it.payload()).collect();
    assert_eq!(payloads, [sent[0].as_bytes(), sent[2].as_bytes()]);
    let kept = setup.dead_letter_file();
    assert_eq!(kept.len(), 1, "who knows how large it is");
    assert_eq!(kept[0].payload, sent[1].as_bytes());
}

/// Handed over as it is, it would be refused again for ever. The key is not written.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_too_large_headers_is_a_dead_letter() {
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 1).await;
    let large = "x".repeat(3 << 20);
    send_with_unreadable_header(
        &setup.brokers,
        &setup.input,
        stream::mention("0", "Delta").as_bytes(),
        large.as_bytes(),
    );
    let good = stream::mention("1", "Delta");
    let sent = [
        Record::new(good.clone()).header("trace", large.clone()),
        Record::new("good morning").header("trace", large.clone()),
        Record::new(good.clone()).key(large),
        Record::new(good),
    ];
    broker.produce(&setup.input, &sent).await;

    let mut instance = Instance::start(&setup, "one");
    instance.commits(1 + sent.len()).await;
    assert_eq!(instance.terminate().await.code(), Some(0), "{}", instance.log());

    assert_eq!(broker.read_to_end(&setup.output, "read_committed").await.len(), 2);
    let kept = setup.dead_letter_file();
    let kept: Vec<_> = kept.iter().map(|it| (it.position, it.reason.name())).collect();
    assert_eq!(kept, [(0, "too_large"), (1, "too_large"), (2, "not_json")]);
}

/// Both markets' records lie in one partition: each mention of two markets comes twice, and counts
/// once for each brand.
#[tokio::test(flavor = "multi_thread")]
async fn run_counts_a_routed_mention_of_two_markets_once_for_each_brand() {
    const MINUTES: i64 = 6 * 60;
    let broker = KafkaBroker::shared();
    let setup = Setup::new(broker, 1).await;
    let one_partition = unique("one-partition");
    broker.create_topic(&one_partition, 1).await;
    let setup = setup.into_output(&one_partition);
    let now = jiff::Timestamp::now().as_millisecond();
    let sent: Vec<Record> = (1..=MINUTES)
        .map(|minute| {
            let mention = json!({
                "id": minute.to_string(), "created_at": now - (MINUTES - minute) * 60_000,
                "channel": "test", "text": "Delta or an Acme anvil?",
            });
            Record::new(mention.to_string())
        })
        .collect();
    broker.produce(&setup.input, &sent).await;
    let mut instance = Instance::start(&setup, "one");
    instance.commits(sent.len()).await;
    instance.terminate().await;
    let written = broker.read_to_end(&one_partition, "read_committed").await;
    assert_eq!(written.len(), 2 * sent.len());
    let never = Record::new(stream::mention("never", "Delta")).header(MARKET_HEADER, "airlines");
    broker.produce_aborted(&one_partition, &[never]).await;

    let folder = tempfile::tempdir().unwrap();
    let running =
        RunningService::ready(service::config(&setup.toml("run"), "", folder.path())).await;
    let in_an_hour = |text: &str, brand: &str| {
        let series = format!(
            "groundswell_window_value{{brand=\"{brand}\",monitor=\"mentions-up\",window=\"1h\"}}"
        );
        sample(text, &series)
    };
    let known = |text: &str| ["Delta", "Acme"].iter().all(|it| in_an_hour(text, it).is_some());
    let metrics = running.wait_for("/metrics", |_, text| known(text)).await;
    for brand in ["Delta", "Acme"] {
        let mentions = in_an_hour(&metrics, brand).unwrap();
        assert!((50.0..=61.0).contains(&mentions), "one a minute, not {mentions}, for {brand}");
    }
    let counted = sample(&metrics, "groundswell_mentions_total{outcome=\"counted\"}");
    assert_eq!(counted, Some(written.len() as f64), "the copies are no duplicates");
    for outcome in ["duplicate", "late", "unmatched"] {
        let series = format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}");
        assert_eq!(sample(&metrics, &series), Some(0.0), "an aborted record is {outcome}");
    }
    running.stop().await.unwrap();
}
