//! One Apache Kafka broker, as a child process.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::ports::free_port;
use super::{DEADLINE, repository};

/// A small heap, and a JVM that starts fast rather than one that runs fast for long.
const JVM: [&str; 4] = [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/// Who may use [`sasl_address`](KafkaBroker::sasl_address).
pub const SASL_USER: &str = "groundswell";
/// The password of [`SASL_USER`].
pub const SASL_PASSWORD: &str = "hush/sasl+of a test";

/// One KRaft broker (it is its own controller) on loopback, with its data in a temporary folder.
///
/// It lives as long as this value and never longer than the test process, and its folder goes with it: both
/// are the work of `tests/kafka/broker.sh`.
pub struct KafkaBroker {
    port: u16,
    sasl_port: u16,
    process: Option<Child>,
    folder: PathBuf,
}

impl KafkaBroker {
    /// Formats the storage, starts the broker and waits until it answers.
    ///
    /// # Panics
    ///
    /// When Java or Kafka's jars are missing, or the broker does not come up; then with the end of its log.
    pub fn start() -> Self {
        assert_installed();
        let mut broker = Self {
            port: free_port(),
            sasl_port: free_port(),
            process: None,
            folder: tempfile::Builder::new()
                .prefix("groundswell-kafka-")
                .tempdir()
                .expect("a temporary folder")
                .keep(),
        };
        fs::write(broker.properties(), broker.configuration()).expect("write server.properties");
        broker.format();
        broker.start_again();
        broker
    }

    /// The broker that all tests of this binary share, started by the first that asks for it. Topics and
    /// groups on it need names of their own: see [`unique`](super::unique).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<KafkaBroker> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// `host:port`, for `bootstrap.servers`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As [`address`](Self::address), for those who authenticate themselves (SASL, PLAIN).
    pub fn sasl_address(&self) -> String {
        format!("127.0.0.1:{}", self.sasl_port)
    }

    /// Where the broker keeps its data and its log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What any client of this broker starts from.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.address())
            .set("broker.address.family", "v4")
            .set("reconnect.backoff.max.ms", "200");
        config
    }

    /// Kills the broker at once, as a crash would; its data stays for [`start_again`](Self::start_again).
    pub fn stop(&mut self) {
        self.end(b"keep\n");
    }

    /// Starts a stopped broker on its old address and data, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the broker runs already");
        let process = Command::new("sh")
            .arg(repository("tests/kafka/broker.sh"))
            .arg(&self.folder)
            .args(JVM)
            .args(["-cp", &classpath(), "kafka.Kafka"])
            .arg(self.properties())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start tests/kafka/broker.sh");
        self.process = Some(process);
        self.await_answer();
    }

    fn await_answer(&mut self) {
        let probe: BaseConsumer = self.client().create().expect("a Kafka client");
        let deadline = Instant::now() + DEADLINE;
        // An answer without brokers means that the broker is up but not yet registered with its controller.
        while !probe
            .fetch_metadata(None, Duration::from_millis(500))
            .is_ok_and(|metadata| !metadata.brokers().is_empty())
        {
            let process = self.process.as_mut().expect("a started broker");
            if let Some(status) = process.try_wait().expect("ask for the broker's state") {
                panic!("Kafka ended at once ({status}). The end of its log:\n{}", self.log_tail());
            }
            assert!(
                Instant::now() < deadline,
                "Kafka did not answer within {DEADLINE:?}. The end of its log:\n{}",
                self.log_tail()
            );
        }
    }

    fn end(&mut self, word: &[u8]) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        if let Some(mut leash) = process.stdin.take() {
            // An error means that the broker is gone already.
            let _ = leash.write_all(word);
        }
        let _ = process.wait();
    }

    fn format(&self) {
        // Kafka takes 16 bytes in URL-safe base64 as a cluster's id; any 22 letters and digits are that.
        let cluster_id = format!("{:021x}A", rand::random::<u128>() >> 44);
        let Output { status, stdout, stderr } = Command::new("java")
            .args(JVM)
            .args(["-cp", &classpath(), "kafka.tools.StorageTool", "format"])
            .args(["--cluster-id", &cluster_id, "--config"])
            .arg(self.properties())
            .output()
            .expect("run Kafka's StorageTool");
        assert!(
            status.success(),
            "Kafka's storage could not be formatted:\n{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
    }

    fn configuration(&self) -> String {
        let (broker, sasl) = (self.port, self.sasl_port);
        let controller = free_port();
        let data = self.folder.join("data");
        format!(
            "\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},SASL_PLAINTEXT://127.0.0.1:{sasl}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
  required user_{SASL_USER}=\"{SASL_PASSWORD}\";
log.dirs={data}

# Topics are made by the tests that need them; a missing one is a case of its own.
auto.create.topics.enable=false

# One broker holds everything once, and little of it.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304

# Groups form at once, and may notice a dead member soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# A broker that comes back is let in when its controller has missed it for so long.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# Bad input reaches the reader: messages of more than 10 MB, from years ago or from tomorrow.
message.max.bytes=33554432
log.retention.ms=-1
log.message.timestamp.before.max.ms=9223372036854775807
log.message.timestamp.after.max.ms=9223372036854775807
",
            data = data.display()
        )
    }

    fn properties(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.folder.join("broker.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for KafkaBroker {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.end(b"");
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn jars() -> PathBuf {
    repository("target/kafka/lib")
}

fn classpath() -> String {
    // Java itself reads the star.
    jars().join("*").display().to_string()
}

fn assert_installed() {
    let has_jars = |folder: &Path| folder.read_dir().is_ok_and(|mut files| files.next().is_some());
    assert!(
        has_jars(&jars()),
        "Apache Kafka is not installed ({} is missing): run ./test, which installs it",
        jars().display()
    );
    assert!(
        Command::new("java").arg("-version").output().is_ok_and(|java| java.status.success()),
        "Java is not installed (`java -version` fails): run ./test, which installs it"
    );
}
