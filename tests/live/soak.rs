//! At full speed, of a stream in which nearly everything is new: what is kept of it does not grow.
//!
//! The short form takes a minute. `GROUNDSWELL_SOAK=30m cargo test --test live soak -- --nocapture` is the long one, and
//! shows a table.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use groundswell::source::wall_clock;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};

use crate::support::service::sample;
use crate::support::{Churn, HttpReceiver, KafkaBroker, Program, eventually, unique};

const BRANDS: usize = 3;
const PARTITIONS: i32 = 3;
/// How long ago event time begins: longer than it can pass.
const YEARS_AGO_MS: i64 = 3 * 365 * 86_400_000;
/// It takes as long as it is told to, but no fewer mentions than this.
const MENTIONS: f64 = 300_000.0;
/// The warm-up is the first third, and so many mentions at least: by then whatever remembers only so much of a brand
/// is full. Authors take longest, twice 16,384.
const WARM_UP: f64 = 130_000.0;
/// Messages that wait for the program at most; enough that it never waits for one.
const LAG: f64 = 20_000.0;
/// Messages that are sent at a time.
const CHUNK: usize = 4_000;
/// Kafka keeps so much of each partition: far more than waits.
const KEPT_BYTES: u64 = 128 << 20;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const MIB: f64 = 1_048_576.0;

/// More than the program may ever take.
const MOST_MIB: f64 = 400.0;
/// How much memory may grow from the end of the warm-up to that of the stream, of what it is on average. A line through
/// all that was seen says it: single samples tell when memory was given back, not how much is needed.
const MOST_GROWTH: f64 = 0.05;
/// As much for the state in the store, which goes up and down as what is old makes room: half of the authors at a time.
const MOST_STATE_GROWTH: f64 = 0.2;

/// How long it takes.
fn lasts() -> Duration {
    let written = std::env::var("GROUNDSWELL_SOAK").unwrap_or_else(|_| "70s".to_owned());
    let parsed = match written.split_at_checked(written.len().saturating_sub(1)) {
        Some((number, "s")) => number.parse().map(Duration::from_secs).ok(),
        Some((number, "m")) => number.parse().map(|it: u64| Duration::from_secs(60 * it)).ok(),
        _ => None,
    };
    parsed.unwrap_or_else(|| panic!("GROUNDSWELL_SOAK={written}: expected e.g. 90s or 30m"))
}

/// What was seen at one moment.
#[derive(Debug)]
struct Moment {
    seconds: f64,
    mentions: f64,
    resident_mib: f64,
    open_incidents: f64,
    told: usize,
    /// The state in the store.
    state_mib: f64,
    /// Incidents and notifications in the store: what people were told, which is kept for a time.
    told_mib: f64,
    /// The store's files.
    store_mib: f64,
    dead_letters_mib: f64,
}

struct Soak {
    program: Program,
    receiver: HttpReceiver,
    store: SqliteConnection,
    began: Instant,
    moments: Vec<Moment>,
}

impl Soak {
    async fn start(broker: &KafkaBroker, topic: &str) -> Self {
        let receiver = HttpReceiver::start();
        let url = receiver.url("/alerts");
        let program = Program::start(&toml(broker, topic), &[("RECEIVER", &url)]);
        program.ready().await;
        let store = open(&program.folder().join("groundswell.db")).await;
        Self { program, receiver, store, began: Instant::now(), moments: Vec::new() }
    }

    async fn metrics(&self) -> String {
        self.program.http().get("/metrics").await.expect("metrics").1
    }

    async fn look(&mut self) {
        let text = self.metrics().await;
        let (state_mib, told_mib) = held(&mut self.store).await;
        let folder = self.program.folder();
        let mib =
            |name: &str| fs::metadata(folder.join(name)).map_or(0, |it| it.len()) as f64 / MIB;
        let open = ["notice", "warning", "critical"]
            .map(|it| format!("groundswell_incidents_open{{severity=\"{it}\"}}"));
        self.moments.push(Moment {
            seconds: self.began.elapsed().as_secs_f64(),
            mentions: handled(&text),
            open_incidents: open.iter().filter_map(|it| sample(&text, it)).sum(),
            told: self.receiver.take().len() + self.moments.last().map_or(0, |it| it.told),
            state_mib,
            told_mib,
            store_mib: mib("groundswell.db") + mib("groundswell.db-wal"),
            dead_letters_mib: mib("groundswell-dead-letters.ndjson"),
            resident_mib: self.program.resident_bytes() as f64 / MIB,
        });
    }

    fn mentions(&self) -> f64 {
        self.moments.last().map_or(0.0, |it| it.mentions)
    }

    /// A table of thirty lines.
    fn show(&self, churn: &Churn) {
        println!(
            "minute | mentions | resident MiB | open incidents | told | state MiB | told MiB | store MiB | dead letters MiB"
        );
        for it in self.moments.iter().step_by(self.moments.len().div_ceil(30)) {
            println!(
                "{:.1} | {} | {:.0} | {} | {} | {:.2} | {:.1} | {:.1} | {:.1}",
                it.seconds / 60.0,
                it.mentions,
                it.resident_mib,
                it.open_incidents,
                it.told,
                it.state_mib,
                it.told_mib,
                it.store_mib,
                it.dead_letters_mib,
            );
        }
        let (resident, state) = (self.growth(|it| it.resident_mib), self.growth(|it| it.state_mib));
        println!(
            "{:.1} days of event time; after the warm-up memory grows by {:.2} %, state by {:.2} %",
            churn.minutes() as f64 / 1_440.0,
            100.0 * resident,
            100.0 * state,
        );
    }

    /// What a line through all that was seen after the warm-up grows by, as a part of its middle.
    fn growth(&self, of: impl Fn(&Moment) -> f64) -> f64 {
        let cold = (self.mentions() / 3.0).max(WARM_UP);
        let warm = &self.moments[self.moments.partition_point(|it| it.mentions < cold)..];
        let mean =
            |of: &dyn Fn(&Moment) -> f64| warm.iter().map(of).sum::<f64>() / warm.len() as f64;
        let (middle, level) = (mean(&|it| it.mentions), mean(&of));
        let along = mean(&|it| (it.mentions - middle) * (of(it) - level));
        let spread = mean(&|it| (it.mentions - middle).powi(2));
        along / spread * (self.mentions() - cold) / level
    }

    /// What must be true of memory, state and files.
    fn judge(&self) {
        let most = self.moments.iter().map(|it| it.resident_mib).fold(0.0, f64::max);
        assert!(most < MOST_MIB, "{most:.0} MiB of memory");
        let resident = self.growth(|it| it.resident_mib);
        assert!(resident < MOST_GROWTH, "memory grows: {:.1} %", 100.0 * resident);
        let state = self.growth(|it| it.state_mib);
        assert!(state < MOST_STATE_GROWTH, "the state grows: {:.1} %", 100.0 * state);
        for it in &self.moments {
            let needed = it.state_mib + it.told_mib;
            assert!(
                it.store_mib < 2.0 * needed + 32.0,
                "the store's files hold other things: {it:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_stream_without_an_end_stays_as_large_as_it_is() {
    let (broker, topic) = (KafkaBroker::shared(), unique("soak"));
    broker.create_topic_of(&topic, PARTITIONS, KEPT_BYTES).await;
    let start = wall_clock().plus_millis(-YEARS_AGO_MS);
    let mut churn = Churn::new(1, BRANDS, PARTITIONS as usize, start);
    let (mut soak, lasts) = (Soak::start(broker, &topic).await, lasts());
    soak.look().await;
    let (mut sent, mut looked) = (0.0, soak.began);
    while soak.began.elapsed() < lasts || sent < MENTIONS {
        if sent - handled(&soak.metrics().await) < LAG {
            let records = churn.next(CHUNK);
            broker.produce(&topic, &records).await;
            sent += records.len() as f64;
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if looked.elapsed() >= LOOK_EVERY {
            soak.look().await;
            looked = Instant::now();
        }
    }
    eventually("everything is handled and kept", || {
        broker.committed(&topic, &topic).values().sum::<i64>() as f64 == sent
    });
    soak.look().await;
    soak.show(&churn);
    judge_stream(&soak.metrics().await);
    soak.judge();
    assert!(soak.program.stop().success());
}

/// Whether everything has happened that should leave nothing behind.
fn judge_stream(text: &str) {
    let count = |series: &str| sample(text, series).unwrap_or_else(|| panic!("no {series}"));
    for outcome in ["counted", "duplicate", "late", "rejected"] {
        let series = format!("groundswell_mentions_total{{outcome=\"{outcome}\"}}");
        assert!(count(&series) > 100.0, "{series}");
    }
    for state in ["opened", "resolved"] {
        let series = format!("groundswell_incident_changes_total{{state=\"{state}\"}}");
        assert!(count(&series) > 10.0, "{series}");
    }
    let full = |line: &&str| line.starts_with("groundswell_dedup_early_turnovers_total{");
    let turnovers: Vec<&str> = text.lines().filter(full).collect();
    assert_eq!(turnovers.len(), PARTITIONS as usize);
    assert!(turnovers.iter().all(|it| !it.ends_with(" 0")), "{turnovers:?}");
}

fn toml(broker: &KafkaBroker, topic: &str) -> String {
    format!(
        "{}[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\nhistory = \"0s\"\nidle_timeout = \"1d\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [time]\ndedup_capacity = 4_096\n[baseline]\nmemory = \"2d\"\n\
         [[route]]\nwebhook = {{ url = {{ env = \"RECEIVER\" }} }}\n\
         [delivery]\nallow_networks = \"127.0.0.0/8\"\n\
         [store]\ncheckpoint_every = \"2s\"\n[log]\nlevel = \"warn\"\n",
        Churn::brands(BRANDS),
        broker.address(),
    )
}

/// How many messages the program has handled, by its metrics.
fn handled(text: &str) -> f64 {
    let outcome = |it| sample(text, &format!("groundswell_mentions_total{{outcome=\"{it}\"}}"));
    ["counted", "unmatched", "duplicate", "late", "rejected"]
        .map(outcome)
        .into_iter()
        .flatten()
        .sum()
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    SqliteConnection::connect_with(&options).await.expect("the store, beside the program")
}

/// How much of the store is state, and how much is what people were told, in MiB.
async fn held(store: &mut SqliteConnection) -> (f64, f64) {
    let query = "SELECT (SELECT TOTAL(LENGTH(bytes)) FROM parts), (SELECT TOTAL(LENGTH(change)) FROM incidents) \
                 + (SELECT TOTAL(LENGTH(change)) FROM outbox)";
    let row = sqlx::query(query).fetch_one(store).await.expect("what the store holds");
    (row.get::<f64, _>(0) / MIB, row.get::<f64, _>(1) / MIB)
}
