//! Groundswell as its operator runs it: a process of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::process::Signal;

use super::free_port;
use super::server::Server;
use super::service::Http;

/// `groundswell run` (or another command that serves) in a temporary folder, where its log and the files that it keeps are, too. It ends with this value
/// or with the test process.
pub struct Program {
    command: &'static str,
    server: Server,
    address: SocketAddr,
    http: Http,
    environment: Vec<(String, String)>,
    /// Whether [`Self::disk`] is a disk of its own.
    small_disk: bool,
}

/// How much a small disk holds.
const SMALL: &str = "16m";

impl Program {
    /// Starts it; `toml` is its configuration but for where it listens. It may not be ready yet.
    pub fn start(toml: &str, environment: &[(&str, &str)]) -> Self {
        Self::with("run", toml, environment, false)
    }

    /// As [`start`](Self::start), `groundswell route`.
    pub fn start_route(toml: &str, environment: &[(&str, &str)]) -> Self {
        Self::with("route", toml, environment, false)
    }

    /// As [`start`](Self::start), with a disk of sixteen megabytes in the folder `disk`, which is gone when the program
    /// ends.
    pub fn start_with_small_disk(toml: &str, environment: &[(&str, &str)]) -> Self {
        Self::with("run", toml, environment, true)
    }

    fn with(
        command: &'static str,
        toml: &str,
        environment: &[(&str, &str)],
        small_disk: bool,
    ) -> Self {
        let server = Server::new("groundswell", "KILL");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let toml = format!("{toml}\n[http]\nlisten = \"{address}\"\n");
        fs::write(server.folder().join("groundswell.toml"), toml).expect("write the configuration");
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = environment.iter().map(owned).collect();
        fs::create_dir(server.folder().join("disk")).expect("make a folder");
        let http = Http::at(address);
        let mut program = Self { command, server, address, http, environment, small_disk };
        program.start_again();
        program
    }

    /// Starts it with the same configuration, address and folder; it may not be ready yet.
    pub fn start_again(&mut self) {
        let program = env!("CARGO_BIN_EXE_groundswell");
        let mut groundswell = Command::new(if self.small_disk { "unshare" } else { program });
        if self.small_disk {
            // A mount that nobody else sees.
            let mount = format!("mount -t tmpfs -o size={SMALL} small disk && exec \"$0\" \"$@\"");
            groundswell.args(["--mount", "--map-root-user", "sh", "-c", &mount, program]);
        }
        groundswell.args([self.command, "--config", "groundswell.toml"]);
        groundswell.current_dir(self.folder()).envs(self.environment.clone());
        self.server.run(&mut groundswell);
    }

    /// Waits until it is ready.
    pub async fn ready(&self) {
        self.http.wait_for("/readyz", |status, _| status == 200).await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Where its configuration, its log and the files that it keeps are.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// The folder `disk` as the running program sees it.
    pub fn disk(&self) -> PathBuf {
        let folder = self.folder().strip_prefix("/").expect("an absolute path");
        Path::new("/proc").join(self.server.id().to_string()).join("root").join(folder).join("disk")
    }

    /// What it has logged so far, in all its runs.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Its memory that is in RAM, in bytes.
    pub fn resident_bytes(&mut self) -> u64 {
        self.server.resident_bytes()
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.server.end(Signal::TERM)
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        self.server.end(Signal::KILL);
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.server.wait()
    }

    /// Lets it hang.
    pub fn suspend(&mut self) {
        self.server.suspend();
    }

    /// Lets it go on after [`suspend`](Self::suspend).
    pub fn resume(&mut self) {
        self.server.resume();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of {}:\n{}", self.folder().display(), self.log());
        }
    }
}
