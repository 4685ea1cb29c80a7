//! A stream on its way through the program, and what must come of it, whatever fails meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use groundswell::checkpoint::Part;
use groundswell::config::{Config, Secrets};
use groundswell::incident::Change;
use groundswell::notify::alert::alert;
use groundswell::shard::Shard;
use groundswell::source::wall_clock;
use groundswell::store::{Engine, PartitionKey, Store, StoreSettings};

use crate::support::service::sample;
use crate::support::{
    Expected, HttpReceiver, Kafka, KafkaBroker, Program, Received, Record, Stream, eventually,
    measured, unique,
};

pub const MARKETS: usize = 4;
pub const PARTITIONS: i32 = 4;

/// A stream on its way through the program to a receiver, and what must come of it.
pub struct Trial {
    pub kafka: Kafka,
    pub receiver: HttpReceiver,
    /// The topic's name, and the group's.
    pub topic: String,
    pub stream: Stream,
    /// How many of the stream's records have been sent.
    pub sent: usize,
}

impl Trial {
    /// On the broker that all tests share.
    pub async fn new(seed: u64) -> Self {
        let topic = unique("faults");
        KafkaBroker::shared().create_topic(&topic, PARTITIONS).await;
        Self::on(KafkaBroker::shared(), &topic, seed)
    }

    /// Through a topic of [`PARTITIONS`].
    pub fn on(kafka: &Kafka, topic: &str, seed: u64) -> Self {
        let stream = Stream::new(seed, MARKETS, PARTITIONS as usize, wall_clock());
        let receiver = HttpReceiver::start();
        Self { kafka: kafka.clone(), receiver, topic: topic.to_owned(), stream, sent: 0 }
    }

    /// The configuration of one instance; `more` are lines of `[source.kafka]`, then other tables.
    fn toml(&self, more: &str) -> String {
        format!(
            "{}[source.kafka]\nbrokers = {:?}\ngroup = \"{topic}\"\nhistory = \"0s\"\n\
             idle_timeout = \"1d\"\n{more}\n[[source.kafka.topic]]\nname = \"{topic}\"\n\
             [[route]]\nwebhook = {{ url = {{ env = \"RECEIVER\" }} }}\n\
             [delivery]\nallow_networks = \"127.0.0.0/8\"\ninitial_backoff = \"20ms\"\nmax_backoff = \"200ms\"\n",
            Stream::brands(MARKETS),
            self.kafka.addresses(),
            topic = self.topic,
        )
    }

    pub fn start(&self, more: &str, postgres: &str) -> Program {
        let receiver = self.receiver.url("/alerts");
        Program::start(&self.toml(more), &[("RECEIVER", &receiver), ("POSTGRES", postgres)])
    }

    /// Starts it with its store on a disk that is soon full.
    pub fn start_with_small_disk(&self, more: &str) -> Program {
        let receiver = self.receiver.url("/alerts");
        Program::start_with_small_disk(&self.toml(more), &[("RECEIVER", &receiver)])
    }

    /// Sends what is left up to `part` of `of` of the stream.
    pub async fn send(&mut self, part: usize, of: usize) {
        let until = self.stream.records.len() * part / of;
        self.kafka.produce(&self.topic, &self.stream.records[self.sent..until]).await;
        self.sent = until;
    }

    /// Waits until `program`, to which nothing has been sent yet, has kept where each partition begins.
    /// Killed before that, it would begin where they end by then, as any first start does.
    pub async fn begun(&self, program: &Program) {
        program.ready().await;
        self.await_committed(&(0..PARTITIONS).map(|partition| (partition, 0)).collect());
    }

    /// Waits until all that was sent has been handled and kept, and all that it caused has been told.
    pub async fn settled(&self) {
        self.await_handled();
        self.judge_messages(&self.stream.expected(&self.config())).await;
    }

    pub fn await_handled(&self) {
        self.await_committed(&self.ends());
    }

    /// Where the partitions end.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for record in &self.stream.records[..self.sent] {
            *ends.entry(record.partition.unwrap()).or_insert(0) += 1;
        }
        ends
    }

    /// Waits until the group has been told that all up to `ends` is kept.
    pub fn await_committed(&self, ends: &BTreeMap<i32, i64>) {
        eventually("everything is handled", || {
            self.kafka.committed(&self.topic, &self.topic) == *ends
        });
    }

    fn partition(&self, number: i32) -> PartitionKey {
        PartitionKey { group: self.topic.clone(), topic: self.topic.clone(), number }
    }

    /// How many records the store knows to have been handled.
    pub async fn kept(&self, engine: Engine) -> i64 {
        let store = open(engine).await;
        let mut kept = 0;
        for number in 0..PARTITIONS {
            kept += store.claim(&self.partition(number)).await.unwrap().position.unwrap_or(0);
        }
        kept
    }

    pub fn config(&self) -> Config {
        let env = |_: &str| Some("http://127.0.0.1:1/alerts".to_owned());
        Config::parse(&self.toml(""), "test", Secrets::Resolve, &env).unwrap()
    }

    /// Holds what has come of the stream against what must.
    pub async fn judge(&self, engine: Engine) {
        let config = self.config();
        let expected = self.stream.expected(&config);
        self.judge_messages(&expected).await;
        let alerts = told(&expected).len();
        self.judge_state(&config, expected, engine).await;
        let records = self.stream.records.len();
        measured(format_args!("{records} messages and {alerts} alerts as undisturbed"));
    }

    /// What the receiver got.
    pub async fn judge_messages(&self, expected: &BTreeMap<i32, Expected>) {
        let told = told(expected);
        assert!(told.len() > 2 * MARKETS, "nothing much happens: {}", told.len());
        let keys = |received: &[Received]| {
            received.iter().map(|it| it.key().to_owned()).collect::<BTreeSet<_>>()
        };
        let enough = |received: &[Received]| {
            let keys = keys(received);
            told.keys().all(|key| keys.contains(key))
        };
        let received = self.receiver.wait_until(enough).await;
        assert_eq!(keys(&received), told.keys().cloned().collect(), "the receiver's messages");
        for request in &received {
            let change = told[request.key()];
            assert_eq!(request.json(), serde_json::to_value(alert(change)).unwrap());
        }
        self.judge_order(expected, &received);
    }

    /// Whether the alerts of each incident come in their order, whatever is sent again.
    pub fn judge_order(&self, expected: &BTreeMap<i32, Expected>, received: &[Received]) {
        let told = told(expected);
        let mut sequences: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for request in received {
            let change = told[request.key()];
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
        let store = open(engine).await;
        for (number, expected) in expected {
            let stored = store.claim(&self.partition(number)).await.unwrap();
            let of = |it: &&Record| it.partition == Some(number);
            let end = self.stream.records.iter().filter(of).count() as i64;
            assert_eq!(stored.position, Some(end));
            let parts = stored
                .parts
                .into_iter()
                .map(|(name, bytes)| Part { key: name.parse().unwrap(), bytes });
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

/// What must be told, by idempotency key.
fn told(expected: &BTreeMap<i32, Expected>) -> BTreeMap<String, &Change> {
    let all = expected.values().flat_map(|it| &it.changes);
    all.map(|change| (change.id.to_string(), change)).collect()
}

async fn open(engine: Engine) -> Store {
    let settings = StoreSettings { engine, checkpoint_every: Duration::from_secs(1) };
    Store::open(&settings).await.unwrap()
}

pub fn sqlite(program: &Program) -> Engine {
    Engine::Sqlite { file: program.folder().join("groundswell.db") }
}

pub fn postgres(url: &str) -> Engine {
    Engine::Postgres { url: groundswell::secret::Secret::new(url) }
}

/// Shared by all instances; one that hangs is out of the group after six seconds.
pub const SHARED: &str = "[store]\npostgres = { env = \"POSTGRES\" }\ncheckpoint_every = \"200ms\"\n\
                      [source.kafka.properties]\n\"session.timeout.ms\" = 6000\n";

/// How many records a program has handled since it was started, by its metrics.
pub fn handled(text: &str) -> f64 {
    let outcome = |it| sample(text, &format!("groundswell_mentions_total{{outcome=\"{it}\"}}"));
    ["counted", "duplicate", "late"].map(outcome).into_iter().flatten().sum()
}
