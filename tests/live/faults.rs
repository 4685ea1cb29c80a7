//! Whatever is killed, whenever: what comes of a stream is what comes of it undisturbed, exactly.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use groundswell::store::Engine;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::service::sample;
use crate::support::{
    Answer, KafkaBroker, Postgres, Program, Received, eventually, measured, unique,
};
use crate::trial::{PARTITIONS, SHARED, Trial, handled, postgres, sqlite};

const KILLS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_says_what_it_would_have_said() {
    let mut trial = Trial::new(1).await;
    let mut random = StdRng::seed_from_u64(1);
    let mut program = trial.start("instance = \"one\"\n[store]\ncheckpoint_every = \"200ms\"", "");
    trial.begun(&program).await;
    for kill in 1..=KILLS {
        trial.send(kill, KILLS + 1).await;
        if random.random_bool(0.5) {
            // In the midst of it, as a rule.
            let wait = Duration::from_millis(random.random_range(0..60));
            program.http().wait_for("/metrics", |_, text| handled(text) > 0.0).await;
            tokio::time::sleep(wait).await;
        } else {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        }
        program.kill();
        program.start_again();
    }
    trial.send(1, 1).await;
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(sqlite(&program)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_come_and_go_and_nobody_can_tell() {
    let mut trial = Trial::new(2).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut first = trial.start(SHARED, &url);
    trial.begun(&first).await;
    trial.send(1, 6).await;
    let mut second = trial.start(SHARED, &url);
    trial.send(2, 6).await;
    second.ready().await;
    let mut third = trial.start(SHARED, &url);
    trial.send(3, 6).await;
    third.ready().await;
    assert!(first.stop().success());
    trial.send(4, 6).await;
    second.kill();
    first.start_again();
    trial.send(5, 6).await;
    first.ready().await;
    assert!(third.stop().success());
    trial.send(6, 6).await;
    trial.settled().await;
    assert!(first.stop().success());
    trial.judge(postgres(&url)).await;
}

/// Suspended amid a transaction, when it has locked a partition: its heir must not wait for it to wake.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_hangs_amid_a_transaction_holds_up_nobody() {
    let mut trial = Trial::new(8).await;
    let server = Postgres::shared();
    let url = server.create_database(&trial.topic);
    let mut sleeper = trial.start(SHARED, &url);
    trial.begun(&sleeper).await;
    let slow = "CREATE SEQUENCE once; \
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                IF nextval('once') = 1 THEN PERFORM pg_sleep(2); END IF; RETURN NULL; END $$; \
                CREATE TRIGGER slow AFTER UPDATE ON partitions EXECUTE FUNCTION slow()";
    server.query(&trial.topic, slow);
    trial.send(1, 2).await;
    eventually("a transaction is open", || {
        let asleep = "SELECT count(*) FROM pg_stat_activity \
                      WHERE datname = current_database() AND wait_event = 'PgSleep'";
        server.query(&trial.topic, asleep).trim() != "0"
    });
    sleeper.suspend();
    let suspended = Instant::now();
    let mut heir = trial.start(SHARED, &url);
    trial.send(2, 2).await;
    trial.settled().await;
    measured(format_args!("its heir was through {:.1?} later", suspended.elapsed()));
    sleeper.resume();
    assert!(sleeper.stop().success());
    assert!(heir.stop().success());
    trial.judge(postgres(&url)).await;
}

/// It still knows what it has not written when it is stopped, and wakes when its partitions have gone
/// to another.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_zombie_writes_late_is_refused() {
    let mut trial = Trial::new(3).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut zombie = trial.start(&SHARED.replace("200ms", "1h"), &url);
    trial.begun(&zombie).await;
    trial.send(1, 2).await;
    let all = trial.sent as f64;
    zombie.http().wait_for("/metrics", |_, text| handled(text) >= all).await;
    zombie.suspend();
    let mut heir = trial.start(SHARED, &url);
    trial.send(2, 2).await;
    trial.settled().await;
    zombie.resume();
    let fenced = |_: u16, text: &str| sample(text, "groundswell_fenced_total") >= Some(1.0);
    zombie.http().wait_for("/metrics", fenced).await;
    assert!(zombie.stop().success());
    assert!(heir.stop().success());
    trial.judge(postgres(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_away_gets_everything_once_and_in_order() {
    let mut trial = Trial::new(4).await;
    trial.receiver.answer_otherwise(Answer::status(503));
    let mut program = trial.start("[store]\ncheckpoint_every = \"1s\"", "");
    trial.begun(&program).await;
    trial.send(1, 1).await;
    let all = trial.sent as f64;
    program.http().wait_for("/metrics", |_, text| handled(text) >= all).await;
    // A restart changes nothing of it.
    assert!(program.stop().success());
    let refused = trial.receiver.received().len();
    assert!(refused > 0, "nothing was sent");
    trial.receiver.answer_otherwise(Answer::ok());
    program.start_again();
    let expected = trial.stream.expected(&trial.config());
    let all: usize = expected.values().map(|it| it.changes.len()).sum();
    let received = trial.receiver.wait_for(refused + all).await;
    let accepted: BTreeSet<&str> = received[refused..].iter().map(Received::key).collect();
    assert_eq!(accepted.len(), all, "each is accepted once");
    measured(format_args!("{refused} requests refused, then {all} alerts accepted, each once"));
    trial.judge_order(&expected, &received[refused..]);
    assert!(program.stop().success());
    assert_eq!(trial.receiver.received().len(), refused + all, "and sent no more");
    trial.judge(sqlite(&program)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_stops_is_waited_for() {
    let mut trial = Trial::new(5).await;
    let mut server = tokio::task::block_in_place(Postgres::start);
    let url = server.create_database("groundswell");
    let mut program = trial.start(SHARED, &url);
    trial.begun(&program).await;
    trial.send(1, 5).await;
    for (round, stop) in [Postgres::stop, Postgres::kill].into_iter().enumerate() {
        tokio::task::block_in_place(|| stop(&mut server));
        trial.send(2 * round + 2, 5).await;
        let waits = |status: u16, body: &str| status == 503 && body.contains("the store");
        program.http().wait_for("/readyz", waits).await;
        assert_eq!(program.http().get("/healthz").await.unwrap().0, 200, "it lives and waits");
        tokio::task::block_in_place(|| server.start_again());
        let back = Instant::now();
        program.ready().await;
        measured(format_args!("ready {:.1?} after PostgreSQL", back.elapsed()));
        trial.send(2 * round + 3, 5).await;
    }
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(postgres(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_for() {
    let mut trial = Trial::new(7).await;
    let store = "[store]\nfile = \"disk/groundswell.db\"\ncheckpoint_every = \"200ms\"";
    let mut program = trial.start_with_small_disk(store);
    trial.begun(&program).await;
    trial.send(1, 3).await;
    trial.await_handled();
    let filler = program.disk().join("filler");
    let full = std::fs::write(&filler, vec![0; 20 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    trial.send(2, 3).await;
    let waits = |status: u16, body: &str| status == 503 && body.contains("disk");
    program.http().wait_for("/readyz", waits).await;
    std::fs::remove_file(&filler).unwrap();
    let room = Instant::now();
    program.ready().await;
    measured(format_args!("ready {:.1?} after there was room", room.elapsed()));
    trial.send(3, 3).await;
    trial.settled().await;
    // The disk goes with the program.
    let kept = tempfile::tempdir().unwrap();
    for file in ["groundswell.db", "groundswell.db-wal"] {
        std::fs::copy(program.disk().join(file), kept.path().join(file)).unwrap();
    }
    assert!(program.stop().success());
    trial.judge(Engine::Sqlite { file: kept.path().join("groundswell.db") }).await;
}

/// What it waits for may never answer: it is not waited for, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_while_nobody_answers_it_ends_as_soon() {
    let mut broker = tokio::task::block_in_place(KafkaBroker::start);
    let topic = unique("hangs");
    broker.create_topic(&topic, PARTITIONS).await;
    let mut server = tokio::task::block_in_place(Postgres::start);
    let url = server.create_database("groundswell");
    let mut trial = Trial::on(&broker, &topic, 9);
    let mut program = trial.start(SHARED, &url);
    trial.begun(&program).await;
    let end = |program: &mut Program| {
        let began = Instant::now();
        let status = tokio::task::block_in_place(|| program.stop());
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        measured(format_args!("ended within {:.1?}", began.elapsed()));
    };

    trial.send(1, 3).await;
    broker.suspend();
    end(&mut program);
    broker.resume();
    program.start_again();
    program.ready().await;

    trial.send(2, 3).await;
    tokio::task::block_in_place(|| server.kill());
    end(&mut program);
    tokio::task::block_in_place(|| server.start_again());
    program.start_again();
    trial.send(3, 3).await;
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(postgres(&url)).await;
}

/// Another instance is about to bring the tables up to date, and hangs; the group is not joined yet.
#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_while_it_starts_it_ends_as_soon() {
    let (server, database) = (Postgres::shared(), unique("starts"));
    let url = server.create_database(&database);
    let topic = unique("starts");
    KafkaBroker::shared().create_topic(&topic, PARTITIONS).await;
    let trial = Trial::on(KafkaBroker::shared(), &topic, 9);
    let mut program = trial.start(SHARED, &url);
    program.ready().await;
    assert!(program.stop().success());

    let lock = "BEGIN; LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(300)";
    let mut holder = server.start_query(&database, lock);
    let sessions = |which: &str| {
        let all = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND";
        server.query(&database, &format!("{all} {which}")) == "1\n"
    };
    eventually("the lock is held", || sessions("wait_event = 'PgSleep'"));
    program.start_again();
    eventually("it waits", || sessions("wait_event_type = 'Lock'"));
    let began = Instant::now();
    let status = tokio::task::block_in_place(|| program.stop());
    assert!(status.success(), "{status}");
    measured(format_args!("ended within {:.1?}", began.elapsed()));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    // It is waited for, but not for ever.
    program.start_again();
    let status = tokio::task::block_in_place(|| program.wait());
    let log = program.log();
    assert!(!status.success() && log.contains("lock timeout"), "{log}");
    assert!(log.contains("start again when it is through"), "{log}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_full_load_it_ends_soon_and_reads_nothing_again() {
    let mut trial = Trial::new(6).await;
    // All of it again and again: copies, and what comes too late.
    let once = trial.stream.records.clone();
    (0..7).for_each(|_| trial.stream.records.extend_from_slice(&once));
    let mut program = trial.start("instance = \"one\"\n[store]\ncheckpoint_every = \"1h\"", "");
    trial.begun(&program).await;
    trial.sent = trial.stream.records.len();
    let sending = {
        let (kafka, topic) = (trial.kafka.clone(), trial.topic.clone());
        let records = trial.stream.records.clone();
        tokio::spawn(async move { kafka.produce(&topic, &records).await })
    };
    let (mut kept, mut cut_short) = (0, 0);
    for _ in 0..3 {
        let some = |_: u16, text: &str| handled(text) > 0.0;
        program.http().wait_for("/metrics", some).await;
        let began = Instant::now();
        let status = tokio::task::block_in_place(|| program.stop());
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        measured(format_args!("ended within {:.1?}", began.elapsed()));
        let before = std::mem::replace(&mut kept, trial.kept(sqlite(&program)).await);
        assert!(kept > before, "what was handled is kept");
        cut_short += usize::from(kept < trial.sent as i64);
        program.start_again();
        if cut_short == 0 || kept == trial.sent as i64 {
            break;
        }
    }
    assert!(cut_short > 0, "there was no load");
    sending.await.unwrap();
    let left = (trial.sent as i64 - kept) as f64;
    let text = program.http().wait_for("/metrics", |_, text| handled(text) >= left).await;
    assert_eq!(handled(&text), left, "nothing is read again");
    trial.judge_messages(&trial.stream.expected(&trial.config())).await;
    assert!(program.stop().success());
    trial.judge(sqlite(&program)).await;
}
