//! A real Alertmanager.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use super::ports::free_port;
use super::server::Server;

/// Debian's name for it, and its own.
const NAMES: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];

/// One instance, on loopback, without others beside it. It notifies one webhook of every incident, at once.
pub struct Alertmanager {
    server: Server,
    port: u16,
}

impl Alertmanager {
    /// Starts one that notifies `webhook`, and waits until it answers.
    pub fn start(webhook: &str) -> Self {
        let server = Server::new("alertmanager", "KILL");
        let config = format!(
            "route:\n  receiver: webhook\n  group_by: [incident]\n  group_wait: 0s\n  group_interval: 1s\n\
             receivers:\n- name: webhook\n  webhook_configs:\n  - url: {webhook}\n"
        );
        fs::write(server.folder().join("alertmanager.yml"), config).expect("write its settings");
        let mut started = Self { server, port: free_port() };
        started.run();
        started
    }

    /// Its address with `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The alerts that are open, as its own client lists them.
    pub fn shown(&self) -> Vec<serde_json::Value> {
        let mut amtool = Command::new("amtool");
        amtool
            .arg(format!("--alertmanager.url={}", self.url("")))
            .args(["alert", "query", "-o", "json"]);
        let listed =
            amtool.output().expect("amtool is not installed: run ./test, which installs it");
        let wrong = String::from_utf8_lossy(&listed.stderr);
        serde_json::from_slice(&listed.stdout)
            .unwrap_or_else(|_| panic!("no list of alerts: {wrong}"))
    }

    /// Ends it at once, and starts it as if it had never run: it knows of no alert.
    pub fn start_without_memory(&mut self) {
        self.server.end(rustix::process::Signal::KILL);
        fs::remove_dir_all(self.data()).expect("remove what it knew");
        self.run();
    }

    fn data(&self) -> PathBuf {
        self.server.folder().join("data")
    }

    fn run(&mut self) {
        let mut command = Command::new(installed());
        command
            .current_dir(self.server.folder())
            .arg("--config.file=alertmanager.yml")
            .arg(format!("--storage.path={}", self.data().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            .arg("--cluster.listen-address=");
        self.server.run(&mut command);
        let port = self.port;
        self.server.await_answer(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    }
}

fn installed() -> &'static str {
    let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    NAMES.iter().find(there).expect("Alertmanager is not installed: run ./test, which installs it")
}
