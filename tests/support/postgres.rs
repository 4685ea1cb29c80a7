//! A PostgreSQL server of its own for a test binary.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use rustix::process::{Signal, geteuid};

use super::server::Server;
use super::{free_port, run};

/// Where Debian keeps the programs of each version; elsewhere they are on the `PATH`.
const VERSIONS: &str = "/usr/lib/postgresql";

/// PostgreSQL on loopback, with its data in a temporary folder; it syncs as it does by default, so that what it has
/// committed outlives [`kill`](Self::kill).
pub struct Postgres {
    server: Server,
    port: u16,
}

impl Postgres {
    /// Makes the data folder, starts the server and waits until it answers.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not come up; then with the end of its log.
    pub fn start() -> Self {
        let mut postgres = Self { server: Server::new("postgres", "QUIT"), port: free_port() };
        if let Some((user, group)) = other_user() {
            chown(postgres.server.folder(), Some(user), Some(group)).expect("give the folder away");
        }
        let mut initdb = postgres.command("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        run(initdb.arg("-D").arg(postgres.data()));
        postgres.start_again();
        postgres
    }

    /// The server that all tests of this binary share, started by the first that asks for it. Databases on it need
    /// names of their own: see [`unique`](super::unique).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Makes an empty database; returns its URL.
    pub fn create_database(&self, name: &str) -> String {
        self.query("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.url(name)
    }

    /// Where a database is, for clients.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address())
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where the server keeps its data and its log.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// What `psql` prints of a query: a line for each row, columns divided by `|`.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let mut psql = self.psql(database);
        run(psql.args(["-v", "ON_ERROR_STOP=1", "-c", sql]))
    }

    /// Begins with a query, and does not wait for it; it ends with the server at the latest.
    pub fn start_query(&self, database: &str, sql: &str) -> Child {
        let mut psql = self.psql(database);
        psql.args(["-c", sql]).stdout(Stdio::null()).stderr(Stdio::null());
        psql.spawn().expect("start psql")
    }

    /// Stops it in order, without waiting for its clients.
    pub fn stop(&mut self) {
        self.server.end(Signal::INT);
    }

    /// Stops it as a crash would: at once, with nothing written that is not yet; the next start recovers.
    pub fn kill(&mut self) {
        self.server.end(Signal::QUIT);
    }

    /// Starts it on its old data and port, and waits until it answers.
    pub fn start_again(&mut self) {
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-k", ""]);
        postgres.args(["-p", &self.port.to_string()]);
        if cfg!(target_os = "linux") {
            // After a crash: one sync of the whole disk, instead of a thousand of single files.
            postgres.args(["-c", "recovery_init_sync_method=syncfs"]);
        }
        self.server.run(&mut postgres);
        let mut probe = self.psql("postgres");
        probe.args(["-c", "SELECT 1"]);
        self.server.await_answer(|| probe.output().is_ok_and(|answer| answer.status.success()));
    }

    fn data(&self) -> PathBuf {
        self.server.folder().join("data")
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-d", &self.url(database)]);
        psql
    }

    /// One of PostgreSQL's programs, as the user that may run it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(installed().join(program));
        command.current_dir(self.server.folder());
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The user and group that a server runs as that root may not run: those that PostgreSQL's package made, or nobody's.
fn other_user() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let id = |which: &str, user: &str| -> Option<u32> {
        let Output { status, stdout, .. } = Command::new("id").args([which, user]).output().ok()?;
        String::from_utf8(stdout).ok().filter(|_| status.success())?.trim().parse().ok()
    };
    let ids = |user: &&str| Some((id("-u", user)?, id("-g", user)?));
    Some(["postgres", "nobody"].iter().find_map(ids).expect("a user that is not root"))
}

/// The folder with the programs of the newest version; none when they are on the `PATH`.
fn installed() -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let number = |version: &Path| version.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|version| version.path())
        .filter(|version| version.join("bin/initdb").exists())
        .max_by_key(|version| number(version));
    newest.map_or_else(PathBuf::new, |version| version.join("bin"))
}
