//! One Apache Kafka broker, as a child process.

use std::ops::Deref;
use std::path::Path;
use std::sync::OnceLock;

use rustix::process::Signal;

use super::free_port;
use super::kafka::Kafka;
use super::kafka_process::{Layout, launch};
use super::server::Server;

/// Who may use [`sasl_address`](KafkaBroker::sasl_address).
pub const SASL_USER: &str = "groundswell";
/// The password of [`SASL_USER`].
pub const SASL_PASSWORD: &str = "hush/sasl+of a test";

/// A broker on loopback, with its data in a temporary folder; both end with this value or with the test process.
/// Its [`Kafka`] is what clients do.
pub struct KafkaBroker {
    id: i32,
    port: u16,
    sasl_port: u16,
    kafka: Kafka,
    server: Server,
}

impl KafkaBroker {
    /// One that is its own controller: formats the storage, starts it and waits until it answers.
    ///
    /// # Panics
    ///
    /// When Java or Kafka's jars are missing, or the broker does not come up; then with the end of its log.
    pub fn start() -> Self {
        let mut broker = Self::prepare(&Layout::new(1, 1), 1);
        broker.start_again();
        broker
    }

    /// The broker that all tests of this binary share, started by the first that asks for it. Topics and
    /// groups on it need names of their own: see [`unique`](super::unique).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<KafkaBroker> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of several, not started.
    pub(super) fn prepare(layout: &Layout, id: i32) -> Self {
        let port = free_port();
        let sasl_port = free_port();
        let server = layout.prepare(id, port, sasl_port);
        Self { id, port, sasl_port, kafka: Kafka::new([port]), server }
    }

    /// Starts it; it may not answer yet.
    pub(super) fn launch(&mut self) {
        launch(&mut self.server);
    }

    /// Makes it go on, or starts it, as need be; it may not answer yet.
    pub(super) fn restore(&mut self) {
        if self.server.runs() {
            self.resume();
        } else {
            self.launch();
        }
    }

    /// Waits until it answers, and takes part in its cluster.
    pub(super) fn await_answer(&mut self) {
        self.server.await_answer(|| self.kafka.lists(self.id));
    }

    /// `host:port`, for `bootstrap.servers`.
    pub fn address(&self) -> String {
        self.kafka.addresses().concat()
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As [`address`](Self::address), for those who authenticate themselves (SASL, PLAIN).
    pub fn sasl_address(&self) -> String {
        format!("127.0.0.1:{}", self.sasl_port)
    }

    /// Where the broker keeps its data and its log.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// Stops it in order: what it leads is led by others first, where there are others.
    pub fn stop(&mut self) {
        self.server.end(Signal::TERM);
    }

    /// Kills it at once, as a crash would; its data stays for [`start_again`](Self::start_again).
    pub fn kill(&mut self) {
        self.server.end(Signal::KILL);
    }

    /// Starts it on its old address and data, and waits until it answers.
    pub fn start_again(&mut self) {
        self.launch();
        self.await_answer();
    }

    /// Lets it hang: its connections stay open, and nothing answers.
    pub fn suspend(&mut self) {
        self.server.suspend();
    }

    /// Lets it go on after [`suspend`](Self::suspend).
    pub fn resume(&mut self) {
        self.server.resume();
    }
}

impl Deref for KafkaBroker {
    type Target = Kafka;

    fn deref(&self) -> &Kafka {
        &self.kafka
    }
}
