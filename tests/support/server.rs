//! A server as a child process, with a folder of its own. Neither outlives the test.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::{DEADLINE, repository};

/// A program that serves, its folder and its log.
///
/// The process runs no longer than this value and never longer than the test process, and soon after it the folder is
/// gone, too: both are the work of `tests/tools/leash.sh`.
pub struct Server {
    name: &'static str,
    folder: PathBuf,
    leash: Child,
    process: Option<Child>,
}

impl Server {
    /// A temporary folder, and nothing running yet. The signal (its name without `SIG`) is what ends the
    /// server at once.
    pub fn new(name: &'static str, last_signal: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix(&format!("groundswell-{name}-"))
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let leash = Command::new("sh")
            .arg(repository("tests/tools/leash.sh"))
            .arg(&folder)
            .arg(last_signal)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start tests/tools/leash.sh");
        Self { name, folder, leash, process: None }
    }

    /// Where it keeps its data and its log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its process has printed so far, those before it included.
    pub fn log(&self) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Whether its process has been started and not been ended.
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Its process's id.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// The memory of its process that is in RAM (`VmRSS`), in bytes.
    pub fn resident_bytes(&mut self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process().id()));
        let status = status.expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("VmRSS in the process's status") * 1_024
    }

    /// Starts its process; what that prints is appended to the log.
    pub fn run(&mut self, command: &mut Command) {
        assert!(!self.runs(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(self.log_file());
        let log = log.expect("open the log");
        let process = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log once more"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        self.hold(&process.id().to_string());
        self.process = Some(process);
    }

    /// Waits until it answers.
    ///
    /// # Panics
    ///
    /// When it ends instead, or takes longer than [`DEADLINE`]; then with the end of its log.
    pub fn await_answer(&mut self, mut answers: impl FnMut() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !answers() {
            let ended = self.process().try_wait().expect("ask for the process's state");
            let reason = match ended {
                Some(status) => format!("ended ({status})"),
                None if Instant::now() > deadline => format!("did not answer within {DEADLINE:?}"),
                None => {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
            };
            panic!("{} {reason}. The end of its log:\n{}", self.name, self.log_tail());
        }
    }

    /// Lets it hang: its connections stay open, and nothing answers.
    pub fn suspend(&mut self) {
        let process = self.signal(Signal::STOP);
        // Its threads go on for a moment yet.
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(process), stopped).expect("wait until the process is suspended");
    }

    /// Lets it go on after [`suspend`](Self::suspend).
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    /// Sends it a signal that it goes on after.
    pub fn tell(&mut self, signal: Signal) {
        self.signal(signal);
    }

    fn signal(&mut self, signal: Signal) -> Pid {
        let process = Pid::from_child(self.process());
        kill_process(process, signal).expect("send a signal to the process");
        process
    }

    /// Sends it a signal that ends it, and waits until it has ended.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    ///
    /// When that takes longer than [`DEADLINE`]; then with the end of its log.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.process().try_wait().expect("ask for the process's state") {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "{} still runs after {DEADLINE:?}. The end of its log:\n{}",
                self.name,
                self.log_tail()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        self.process = None;
        self.hold("");
        status
    }

    fn process(&mut self) -> &mut Child {
        self.process.as_mut().unwrap_or_else(|| panic!("{} does not run", self.name))
    }

    fn hold(&mut self, process: &str) {
        let leash = self.leash.stdin.as_mut().expect("the leash");
        writeln!(leash, "{process}").expect("a leash that is held");
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        if let Some(process) = &mut self.process {
            let _ = process.wait();
        }
        // The leash removes the folder by itself: some disks take seconds for a thousand files.
    }
}
