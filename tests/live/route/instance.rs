//! An instance of `groundswell route`, as a process of its own, and what it is started with.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use groundswell::decode::DeadLetter;
use groundswell::notify::http_client;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tempfile::TempDir;

use super::stream::{BRANDS, Stream};
use crate::support::service::sample;
use crate::support::{DEADLINE, KafkaBroker, free_port, unique};

/// Topics, a group, and a folder for files.
pub struct Setup {
    pub brokers: String,
    pub input: String,
    pub output: String,
    pub dead_letters: String,
    pub group: String,
    pub partitions: i32,
    has_dead_letter_topic: bool,
    commits: String,
    folder: TempDir,
}

impl Setup {
    pub async fn new(broker: &KafkaBroker, partitions: i32) -> Self {
        Self::with_output(broker, partitions, &[]).await
    }

    /// As [`Self::new`], with a configuration of the output topic.
    pub async fn with_output(
        broker: &KafkaBroker,
        partitions: i32,
        output: &[(&str, &str)],
    ) -> Self {
        let setup = Self {
            brokers: broker.address(),
            input: unique("unkeyed"),
            output: unique("by-market"),
            dead_letters: unique("dead"),
            group: unique("route"),
            partitions,
            has_dead_letter_topic: true,
            commits: "commit_interval = \"100ms\"\ncommit_messages = 100\n".to_owned(),
            folder: tempfile::tempdir().unwrap(),
        };
        broker.create_topic(&setup.input, partitions).await;
        broker.create_topic_with(&setup.output, 3, output).await;
        broker.create_topic(&setup.dead_letters, 1).await;
        setup
    }

    pub fn without_dead_letter_topic(self) -> Self {
        Self { has_dead_letter_topic: false, ..self }
    }

    pub fn into_output(self, output: &str) -> Self {
        Self { output: output.to_owned(), ..self }
    }

    /// Transactions that are open for `interval` when there is something to read.
    pub fn committing_every(self, interval: &str) -> Self {
        Self { commits: format!("commit_interval = \"{interval}\"\n"), ..self }
    }

    /// The configuration of the instance `name`; `run` reads what `route` writes by the same file.
    pub fn toml(&self, name: &str) -> String {
        let dead_letters = if self.has_dead_letter_topic {
            format!("dead_letter_topic = \"{}\"\n", self.dead_letters)
        } else {
            String::new()
        };
        // Small transactions, so that there are many to kill; a group that soon misses a member.
        format!(
            "{BRANDS}[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{}-run\"\nidle_timeout = \"1s\"\n\
             [source.kafka.properties]\n\"session.timeout.ms\" = 6000\n\"heartbeat.interval.ms\" = 500\n\
             \"reconnect.backoff.max.ms\" = 200\n\
             [source.kafka.route]\noutput = \"{}\"\n{dead_letters}group = \"{}\"\n\
             transactional_id = \"{}-{name}\"\n{}\
             [[source.kafka.route.topic]]\nname = \"{}\"\n\
             [dead_letter]\nfile = {:?}\n[feedback]\nfile = {:?}\n",
            self.brokers,
            self.group,
            self.output,
            self.group,
            self.group,
            self.commits,
            self.input,
            self.dead_letter_path().display().to_string(),
            self.folder.path().join("marks.ndjson").display().to_string(),
        )
    }

    fn dead_letter_path(&self) -> PathBuf {
        self.folder.path().join("dead-letters.ndjson")
    }

    pub fn dead_letter_file(&self) -> Vec<DeadLetter> {
        let lines = BufReader::new(File::open(self.dead_letter_path()).unwrap()).split(b'\n');
        lines.map(|line| DeadLetter::from_ndjson_line(&line.unwrap()).unwrap()).collect()
    }

    /// How many messages of the input are committed.
    pub fn committed(&self) -> usize {
        Progress::of(self).committed()
    }
}

/// One process.
pub struct Instance {
    process: Option<Child>,
    address: String,
    log: PathBuf,
    progress: Progress,
}

/// How far the group has come.
struct Progress {
    client: BaseConsumer,
    input: String,
    partitions: i32,
}

impl Progress {
    fn of(setup: &Setup) -> Self {
        let client = ClientConfig::new()
            .set("bootstrap.servers", &setup.brokers)
            .set("broker.address.family", "v4")
            .set("group.id", &setup.group)
            .set("reconnect.backoff.max.ms", "200")
            // Or it would wait for a transaction that nobody ends.
            .set("isolation.level", "read_uncommitted")
            .create()
            .unwrap();
        Self { client, input: setup.input.clone(), partitions: setup.partitions }
    }

    fn committed(&self) -> usize {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(&self.input, 0, self.partitions - 1);
        let committed = self.client.committed_offsets(asked, Duration::from_secs(10));
        let offset = |element: &TopicPartitionListElem<'_>| match element.offset() {
            Offset::Offset(offset) => offset as usize,
            _ => 0,
        };
        // While the broker is away nothing is known.
        committed.map_or(0, |list| list.elements().iter().map(offset).sum())
    }
}

impl Instance {
    /// Starts it as `name`, by which its transactional id is told from others'.
    pub fn start(setup: &Setup, name: &str) -> Self {
        let tag = unique(name);
        let address = format!("127.0.0.1:{}", free_port());
        let file = setup.folder.path().join(format!("{tag}.toml"));
        let toml = format!("{}[http]\nlisten = \"{address}\"\n", setup.toml(name));
        std::fs::write(&file, toml).unwrap();
        let log = setup.folder.path().join(format!("{tag}.log"));
        let process = Command::new(env!("CARGO_BIN_EXE_groundswell"))
            .args(["route", "--config"])
            .arg(&file)
            .stderr(Stdio::from(File::create(&log).unwrap()))
            .spawn()
            .unwrap();
        Self { process: Some(process), address, log, progress: Progress::of(setup) }
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until all of `stream` is committed.
    pub async fn routes_all(&mut self, stream: &Stream) {
        self.commits(stream.records.len()).await;
    }

    /// Waits until `count` messages are committed.
    pub async fn commits(&mut self, count: usize) {
        self.until(|committed| committed >= count).await;
    }

    /// Waits until more is committed than now is, or all of `stream`.
    pub async fn has_committed_more(&mut self, stream: &Stream) {
        let before = self.progress.committed();
        let all = stream.records.len();
        self.until(|committed| committed > before || committed >= all).await;
    }

    async fn until(&mut self, enough: impl Fn(usize) -> bool) {
        let began = std::time::Instant::now();
        while !enough(tokio::task::block_in_place(|| self.progress.committed())) {
            let process = self.process.as_mut().expect("a running instance");
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended ({ended:?}): {}", self.log());
            assert!(began.elapsed() < DEADLINE, "it does not get on: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until this instance itself has committed a transaction.
    pub async fn has_itself_committed(&self) {
        let series = "groundswell_route_transactions_total{outcome=\"committed\"}";
        self.wait_for("/metrics", |_, text| sample(text, series) > Some(0.0)).await;
    }

    /// Kills it at once.
    pub async fn kill(&mut self) {
        self.process.as_mut().expect("a running instance").kill().unwrap();
        self.ended().await;
    }

    /// Asks it to end, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("a running instance").id();
        let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().unwrap();
        assert!(sent.success(), "it has ended: {}", self.log());
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = std::time::Instant::now();
        let process = self.process.as_mut().expect("a running instance");
        let status = loop {
            match process.try_wait().unwrap() {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            assert!(began.elapsed() < DEADLINE, "it does not end");
        };
        self.process = None;
        status
    }

    async fn ask(&self, path: &str) -> Option<(u16, String)> {
        let client = http_client().unwrap();
        let answer = client.get(format!("http://{}{path}", self.address)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    pub async fn get(&self, path: &str) -> String {
        self.ask(path).await.expect("an answer").1
    }

    pub async fn get_status(&self, path: &str) -> u16 {
        self.ask(path).await.expect("an answer").0
    }

    /// Asks again and again until the answer at `path` is `enough`.
    pub async fn wait_for(&self, path: &str, enough: impl Fn(u16, &str) -> bool) {
        let asked = async {
            loop {
                if self.ask(path).await.is_some_and(|(status, body)| enough(status, &body)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let answered = tokio::time::timeout(DEADLINE, asked).await;
        assert!(answered.is_ok(), "{path} never said what it should; its log: {}", self.log());
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of {}:\n{}", self.log.display(), self.log());
        }
        // A test that has failed leaves none behind.
        if let Some(process) = &mut self.process {
            let _gone = process.kill();
            let _ended = process.wait();
        }
    }
}
