//! Processes of Apache Kafka: brokers, controllers and tools.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use rustix::process::Signal;

use super::kafka::Kafka;
use super::kafka_broker::{SASL_PASSWORD, SASL_USER};
use super::server::Server;
use super::{free_port, repository, run};

/// A small heap, and a JVM that starts fast rather than one that runs fast for long.
const JVM: [&str; 4] = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/// Who makes up a cluster: one controller, and brokers from 1 on.
pub struct Layout {
    cluster_id: String,
    controller: i32,
    controller_port: u16,
    brokers: i32,
}

impl Layout {
    /// The controller may be one of the brokers.
    pub fn new(controller: i32, brokers: i32) -> Self {
        assert_installed();
        // Kafka takes 16 bytes in URL-safe base64 as a cluster's id; any 22 letters and digits are that.
        let cluster_id = format!("{:021x}A", rand::random::<u128>() >> 44);
        Self { cluster_id, controller, controller_port: free_port(), brokers }
    }

    /// A node with its configuration and its storage, to be [`launch`]ed; a broker listens on `port`, and on
    /// `sasl_port` for those who authenticate themselves.
    pub fn prepare(&self, node: i32, port: u16, sasl_port: u16) -> Server {
        let server = Server::new("kafka", "KILL");
        let data = server.folder().join("data");
        fs::write(properties(&server), self.configuration(&data, node, (port, sasl_port)))
            .expect("write server.properties");
        if node == self.controller {
            let mut format = java("kafka.tools.StorageTool", &[]);
            format.args(["format", "--cluster-id", &self.cluster_id, "--config"]);
            run(format.arg(properties(&server)));
        } else {
            // All that formatting leaves for a broker, without the JVM.
            let mark = format!("version=1\ncluster.id={}\nnode.id={node}\n", self.cluster_id);
            fs::create_dir(&data).expect("make the data folder");
            fs::write(data.join("meta.properties"), mark).expect("write meta.properties");
        }
        server
    }

    fn configuration(&self, data: &Path, node: i32, (port, sasl_port): (u16, u16)) -> String {
        let Self { controller, controller_port, brokers, .. } = self;
        let (mut roles, mut listeners) = (Vec::new(), Vec::new());
        if (1..=*brokers).contains(&node) {
            roles.push("broker");
            listeners.push(format!("PLAINTEXT://127.0.0.1:{port}"));
            listeners.push(format!("SASL_PLAINTEXT://127.0.0.1:{sasl_port}"));
        }
        if node == *controller {
            roles.push("controller");
            listeners.push(format!("CONTROLLER://127.0.0.1:{controller_port}"));
        }
        format!(
            "\
process.roles={roles}
node.id={node}
controller.quorum.voters={controller}@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
  required user_{SASL_USER}=\"{SASL_PASSWORD}\";
log.dirs={data}

# Topics are made by the tests that need them; a missing one is a case of its own.
auto.create.topics.enable=false

# A test's cluster holds little.
offsets.topic.replication.factor={brokers}
offsets.topic.num.partitions=1
transaction.state.log.replication.factor={brokers}
transaction.state.log.min.isr={most}
transaction.state.log.num.partitions=1
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304

# Groups form at once, and may notice a dead member soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# A dead broker's partitions are led by others, and a broker that comes back is let in, when the controller has
# missed it for so long.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# Leaders move when a test moves them.
auto.leader.rebalance.enable=false

# Bad input reaches the reader: messages of more than 10 MB, from years ago or from tomorrow.
message.max.bytes=33554432
replica.fetch.max.bytes=33554432
log.retention.ms=-1
log.message.timestamp.before.max.ms=9223372036854775807
log.message.timestamp.after.max.ms=9223372036854775807
",
            roles = roles.join(","),
            listeners = listeners.join(","),
            data = data.display(),
            most = brokers / 2 + 1,
        )
    }
}

/// Starts a node that was prepared; it may not answer yet.
pub fn launch(server: &mut Server) {
    static ARCHIVED: Once = Once::new();
    ARCHIVED.call_once(|| {
        if !archive().exists() {
            archive_classes();
        }
    });
    launch_with(server, &format!("-XX:SharedArchiveFile={}", archive().display()));
}

/// Runs one of Kafka's tools to its end.
pub fn tool(class: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    run(java(class, &[]).args(arguments))
}

fn launch_with(server: &mut Server, option: &str) {
    server.run(java("kafka.Kafka", &[option]).arg(properties(server)));
}

fn java(class: &str, options: &[&str]) -> Command {
    let mut java = Command::new("java");
    java.args(JVM).args(options).args(["-cp", &classpath(), class]);
    java
}

/// Java finds Kafka's classes in an archive: a broker starts in a third of the time, and takes less memory. One of
/// another Java is left aside by Java itself.
fn archive() -> PathBuf {
    repository("target/kafka/classes.jsa")
}

/// Starts and stops a broker for the archive that it leaves behind; once for an installation.
fn archive_classes() {
    let port = free_port();
    let mut server = Layout::new(1, 1).prepare(1, port, free_port());
    let draft = server.folder().join("classes.jsa");
    launch_with(&mut server, &format!("-XX:ArchiveClassesAtExit={}", draft.display()));
    let kafka = Kafka::new([port]);
    server.await_answer(|| kafka.lists(1));
    server.end(Signal::TERM);
    // Whole or not at all, also when another test binary does the same.
    let copy = archive().with_extension(format!("{port}"));
    fs::copy(draft, &copy).expect("keep the archive of Kafka's classes");
    fs::rename(copy, archive()).expect("name the archive of Kafka's classes");
}

fn properties(server: &Server) -> PathBuf {
    server.folder().join("server.properties")
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
