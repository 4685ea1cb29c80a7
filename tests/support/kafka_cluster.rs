//! Three Apache Kafka brokers and their controller, as child processes.

use std::ops::Deref;

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::KafkaBroker;
use super::kafka::Kafka;
use super::kafka_process::{Layout, launch, tool};
use super::server::Server;

/// The controller is a node of its own, so that any broker, and even two, can end while the others still agree
/// on who leads.
const CONTROLLER: i32 = 9;

/// Brokers 1, 2 and 3 on loopback. The cluster's [`Kafka`] is what clients do.
pub struct KafkaCluster {
    kafka: Kafka,
    brokers: Vec<KafkaBroker>,
    /// Runs for as long as it is held.
    _controller: Server,
}

impl KafkaCluster {
    /// Starts all at once, and waits until every broker answers.
    ///
    /// # Panics
    ///
    /// When Java or Kafka's jars are missing, or one does not come up; then with the end of its log.
    pub fn start() -> Self {
        let layout = Layout::new(CONTROLLER, 3);
        let mut controller = layout.prepare(CONTROLLER, 0, 0);
        launch(&mut controller);
        let mut brokers: Vec<_> = (1..=3).map(|id| KafkaBroker::prepare(&layout, id)).collect();
        brokers.iter_mut().for_each(KafkaBroker::launch);
        brokers.iter_mut().for_each(KafkaBroker::await_answer);
        let kafka = Kafka::new(brokers.iter().map(KafkaBroker::port));
        Self { kafka, brokers, _controller: controller }
    }

    /// The cluster that the tests of this binary share, started by the first that asks for it. One test has it at a
    /// time, and finds all brokers at work, whatever the one before has left.
    pub async fn shared() -> MappedMutexGuard<'static, Self> {
        static SHARED: Mutex<Option<KafkaCluster>> = Mutex::const_new(None);
        let shared = SHARED.lock().await;
        tokio::task::block_in_place(|| {
            MutexGuard::map(shared, |cluster| {
                let cluster = cluster.get_or_insert_with(Self::start);
                cluster.restore();
                cluster
            })
        })
    }

    fn restore(&mut self) {
        self.brokers.iter_mut().for_each(KafkaBroker::restore);
        self.brokers.iter_mut().for_each(KafkaBroker::await_answer);
    }

    /// The broker with this number: 1, 2 or 3.
    pub fn broker(&mut self, id: i32) -> &mut KafkaBroker {
        let index = usize::try_from(id - 1).expect("a broker's number");
        &mut self.brokers[index]
    }

    /// Makes the replica on broker `to` the partition's leader, while all brokers go on.
    pub fn move_leader(&self, topic: &str, partition: i32, to: i32) {
        let mut replicas = self.partition(topic, partition).replicas;
        replicas.sort_by_key(|replica| *replica != to);
        assert_eq!(replicas.first(), Some(&to), "broker {to} has no replica");
        let plan = serde_json::json!({
            "version": 1,
            "partitions": [{ "topic": topic, "partition": partition, "replicas": replicas }],
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("plan.json");
        std::fs::write(&file, plan.to_string()).expect("write the plan");
        let servers = ["--bootstrap-server", &self.addresses().join(",")];
        let file = file.to_str().expect("a path in UTF-8");
        let reassign = ["--execute", "--reassignment-json-file", file];
        tool(
            "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
            servers.iter().chain(&reassign),
        );
        let number = partition.to_string();
        let elect = ["--election-type", "preferred", "--topic", topic, "--partition", &number];
        tool("org.apache.kafka.tools.LeaderElectionCommand", servers.iter().chain(&elect));
    }
}

impl Deref for KafkaCluster {
    type Target = Kafka;

    fn deref(&self) -> &Kafka {
        &self.kafka
    }
}
