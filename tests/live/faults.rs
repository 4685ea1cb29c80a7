//! Whatever is killed, whenever: what comes of a stream is what comes of it undisturbed, exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use groundswell::config::{Config, Secrets};
use groundswell::incident::Change;
use groundswell::notify::webhook::alert;
use groundswell::shard::Shard;
use groundswell::source::wall_clock;
use groundswell::store::{Engine, PartitionKey, Store, StoreSettings};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::service::sample;
use crate::support::{
    Answer, Expected, HttpReceiver, KafkaBroker, Postgres, Program, Received, Stream, eventually,
    unique,
};

const MARKETS: usize = 4;
const PARTITIONS: i32 = 4;

/// A stream on its way through the program to a receiver, and what must come of it.
struct Trial {
    broker: &'static KafkaBroker,
    receiver: HttpReceiver,
    topic: String,
    stream: Stream,
    sent: usize,
}

impl Trial {
    async fn new(seed: u64) -> Self {
        let broker = KafkaBroker::shared();
        let topic = unique("faults");
        broker.create_topic(&topic, PARTITIONS).await;
        let stream = Stream::new(seed, MARKETS, PARTITIONS as usize, wall_clock());
        Self { broker, receiver: HttpReceiver::start(), topic, stream, sent: 0 }
    }

    /// The configuration of one instance; `more` are lines of `[source.kafka]`, then other tables.
    fn toml(&self, more: &str) -> String {
        format!(
            "{}[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nhistory = \"0s\"\n\
             idle_timeout = \"1d\"\n{more}\n[[source.kafka.topic]]\nname = \"{topic}\"\n\
             [[route]]\nwebhook = {{ url = {{ env = \"RECEIVER\" }} }}\n\
             [delivery]\ninitial_backoff = \"20ms\"\nmax_backoff = \"200ms\"\n",
            Stream::brands(MARKETS),
            self.broker.address(),
            topic = self.topic,
        )
    }

    fn start(&self, more: &str, postgres: &str) -> Program {
        let receiver = self.receiver.url("/alerts");
        Program::start(&self.toml(more), &[("RECEIVER", &receiver), ("POSTGRES", postgres)])
    }

    /// Sends what is left up to `part` of `of` of the stream.
    async fn send(&mut self, part: usize, of: usize) {
        let until = self.stream.records.len() * part / of;
        self.broker.produce(&self.topic, &self.stream.records[self.sent..until]).await;
        self.sent = until;
    }

    /// Waits until all that was sent has been handled and kept, and all that it caused has been told.
    async fn settled(&self) {
        self.await_handled();
        self.judge_messages(&self.stream.expected(&self.config())).await;
    }

    fn await_handled(&self) {
        let mut ends = BTreeMap::new();
        for record in &self.stream.records[..self.sent] {
            *ends.entry(record.partition.unwrap()).or_insert(0) += 1;
        }
        eventually("everything is handled", || {
            self.broker.committed(&self.topic, &self.topic) == ends
        });
    }

    fn partition(&self, number: i32) -> PartitionKey {
        PartitionKey { group: self.topic.clone(), topic: self.topic.clone(), number }
    }

    /// How many records the store knows to have been handled.
    async fn kept(&self, engine: Engine) -> i64 {
        let store = StoreSettings { engine, checkpoint_every: Duration::from_secs(1) };
        let store = Store::open(&store).await.unwrap();
        let mut kept = 0;
        for number in 0..PARTITIONS {
            kept += store.claim(&self.partition(number)).await.unwrap().position.unwrap_or(0);
        }
        kept
    }

    fn config(&self) -> Config {
        let env = |_: &str| Some("http://127.0.0.1:1/alerts".to_owned());
        Config::parse(&self.toml(""), "test", Secrets::Resolve, &env).unwrap()
    }

    /// Holds what has come of the stream against what must.
    async fn judge(&self, engine: Engine) {
        let config = self.config();
        let expected = self.stream.expected(&config);
        self.judge_messages(&expected).await;
        self.judge_state(&config, expected, engine).await;
    }

    /// What the receiver got.
    async fn judge_messages(&self, expected: &BTreeMap<i32, Expected>) {
        let told: BTreeMap<String, &Change> = expected
            .values()
            .flat_map(|it| &it.changes)
            .map(|change| (change.id.to_string(), change))
            .collect();
        assert!(told.len() > 2 * MARKETS, "nothing much happens: {}", told.len());
        let keys = |received: &[Received]| {
            received.iter().map(|it| it.key().to_owned()).collect::<BTreeSet<_>>()
        };
        let enough = |received: &[Received]| told.keys().all(|key| keys(received).contains(key));
        let received = self.receiver.wait_until(enough).await;
        assert_eq!(keys(&received), told.keys().cloned().collect(), "the receiver's messages");
        let mut sequences: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for request in &received {
            let change = told[request.key()];
            assert_eq!(request.json(), serde_json::to_value(alert(change)).unwrap());
            let sequences = sequences.entry(change.incident.id).or_default();
            if !sequences.contains(&change.sequence) {
                sequences.push(change.sequence);
            }
        }
        assert!(sequences.values().all(|it| it.is_sorted()), "in order: {sequences:?}");
    }

    /// What the store holds.
    async fn judge_state(
        &self,
        config: &Config,
        expected: BTreeMap<i32, Expected>,
        engine: Engine,
    ) {
        let store = StoreSettings { engine, checkpoint_every: Duration::from_secs(1) };
        let store = Store::open(&store).await.unwrap();
        for (number, expected) in expected {
            let stored = store.claim(&self.partition(number)).await.unwrap();
            let of = |it: &&crate::support::Record| it.partition == Some(number);
            let end = self.stream.records.iter().filter(of).count() as i64;
            assert_eq!(stored.position, Some(end));
            let parts = stored.parts.into_iter().map(|(name, bytes)| {
                groundswell::checkpoint::Part { key: name.parse().unwrap(), bytes }
            });
            let loaded = Shard::load(config.plan.clone(), &config.feed, parts).unwrap();
            assert_eq!(loaded.missing, []);
            let (found, wanted) = (&loaded.shard, expected.intake.shard());
            assert_eq!(found.watermark(), wanted.watermark());
            assert_eq!(found.open_changes(), wanted.open_changes());
            assert_eq!(format!("{:?}", found.readings()), format!("{:?}", wanted.readings()));
            let open: Vec<Change> = wanted.open_changes();
            let latest = |it: &Change| expected.changes.iter().rfind(|told| told.id == it.id);
            let mut open: Vec<&Change> = open.iter().filter_map(latest).collect();
            open.sort_by_key(|change| change.incident.id.to_string());
            assert_eq!(stored.open.iter().collect::<Vec<_>>(), open, "the incidents in the store");
        }
    }
}

fn sqlite(program: &Program) -> Engine {
    Engine::Sqlite { file: program.folder().join("groundswell.db") }
}

fn postgres(url: &str) -> Engine {
    Engine::Postgres { url: groundswell::secret::Secret::new(url) }
}

/// Killed so many times; `GROUNDSWELL_KILLS=50` is the long form.
fn kills() -> usize {
    std::env::var("GROUNDSWELL_KILLS").map_or(8, |kills| kills.parse().expect("a number of kills"))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_says_what_it_would_have_said() {
    let mut trial = Trial::new(1).await;
    let mut random = StdRng::seed_from_u64(1);
    let mut program = trial.start("instance = \"one\"\n[store]\ncheckpoint_every = \"200ms\"", "");
    program.ready().await;
    let kills = kills();
    for kill in 1..=kills {
        trial.send(kill, kills + 1).await;
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

/// Shared by all instances; one that hangs is out of the group after six seconds.
const SHARED: &str = "[store]\npostgres = { env = \"POSTGRES\" }\ncheckpoint_every = \"200ms\"\n\
                      [source.kafka.properties]\n\"session.timeout.ms\" = 6000\n";

#[tokio::test(flavor = "multi_thread")]
async fn instances_come_and_go_and_nobody_can_tell() {
    let mut trial = Trial::new(2).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut first = trial.start(SHARED, &url);
    first.ready().await;
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

/// It still knows what it has not written when it is stopped, and wakes when its partitions have gone
/// to another.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_zombie_writes_late_is_refused() {
    let mut trial = Trial::new(3).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut zombie = trial.start(&SHARED.replace("200ms", "1h"), &url);
    zombie.ready().await;
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
    let refused = 600;
    trial.receiver.answer_next(vec![Answer::status(503); refused]);
    let mut program = trial.start("[store]\ncheckpoint_every = \"1s\"", "");
    program.ready().await;
    trial.send(1, 1).await;
    trial.await_handled();
    assert!(trial.receiver.received().len() < refused, "it is back before the stream's end");
    // A restart changes nothing of it.
    assert!(program.stop().success());
    program.start_again();
    let expected = trial.stream.expected(&trial.config());
    let all: usize = expected.values().map(|it| it.changes.len()).sum();
    let received = trial.receiver.wait_for(refused + all).await;
    let accepted: BTreeSet<&str> = received[refused..].iter().map(Received::key).collect();
    assert_eq!(accepted.len(), all, "each is accepted once");
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
    program.ready().await;
    trial.send(1, 5).await;
    for (round, stop) in [Postgres::stop, Postgres::kill].into_iter().enumerate() {
        tokio::task::block_in_place(|| stop(&mut server));
        trial.send(2 * round + 2, 5).await;
        let waits = |status: u16, body: &str| status == 503 && body.contains("the store");
        program.http().wait_for("/readyz", waits).await;
        assert_eq!(program.http().get("/healthz").await.unwrap().0, 200, "it lives and waits");
        tokio::task::block_in_place(|| server.start_again());
        program.ready().await;
        trial.send(2 * round + 3, 5).await;
    }
    trial.settled().await;
    assert!(program.stop().success());
    trial.judge(postgres(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_full_load_it_ends_soon_and_reads_nothing_again() {
    let mut trial = Trial::new(6).await;
    // All of it again and again: copies, and what comes too late.
    let once = trial.stream.records.clone();
    (0..7).for_each(|_| trial.stream.records.extend_from_slice(&once));
    let mut program = trial.start("instance = \"one\"\n[store]\ncheckpoint_every = \"1h\"", "");
    program.ready().await;
    trial.sent = trial.stream.records.len();
    let sending = {
        let (broker, topic) = (trial.broker, trial.topic.clone());
        let records = trial.stream.records.clone();
        tokio::spawn(async move { broker.produce(&topic, &records).await })
    };
    let (mut kept, mut cut_short) = (0, 0);
    for _ in 0..3 {
        let some = |_: u16, text: &str| handled(text) > 0.0;
        program.http().wait_for("/metrics", some).await;
        let began = Instant::now();
        let status = tokio::task::block_in_place(|| program.stop());
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
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

/// How many records a program has handled since it was started, by its metrics.
fn handled(text: &str) -> f64 {
    let outcome = |it| sample(text, &format!("groundswell_mentions_total{{outcome=\"{it}\"}}"));
    ["counted", "duplicate", "late"].map(outcome).into_iter().flatten().sum()
}
