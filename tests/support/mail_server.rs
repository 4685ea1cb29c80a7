//! A real mail server, and what it has accepted.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;
use tokio::sync::watch;

use super::{DEADLINE, repository};

/// aiosmtpd on loopback, by `tests/tools/mail_server.py`. It ends with this value.
pub struct MailServer {
    child: Child,
    port: u16,
    mails: watch::Receiver<Vec<Value>>,
}

impl MailServer {
    /// Starts it with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let python = repository("target/venv/bin/python");
        assert!(python.exists(), "{} is missing: run ./test, which installs it", python.display());
        let mut child = Command::new(python)
            .arg(repository("tests/tools/mail_server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("run mail_server.py");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("it says its port").expect("a line");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let port = first["port"].as_u64().and_then(|it| u16::try_from(it).ok()).expect("a port");
        let (sender, mails) = watch::channel(Vec::new());
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let said: Value = serde_json::from_str(&line).expect("JSON");
                sender.send_modify(|mails| mails.push(said["mail"].clone()));
            }
        });
        Self { child, port, mails }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has accepted so far.
    pub fn mails(&self) -> Vec<Value> {
        self.mails.borrow().clone()
    }

    /// Waits for `count` mails and returns all so far.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        let mut mails = self.mails.clone();
        let waiting = mails.wait_for(|mails| mails.len() >= count);
        match tokio::time::timeout(DEADLINE, waiting).await {
            Ok(Ok(mails)) => mails.clone(),
            _ => panic!("{count} mails have not come within {DEADLINE:?}: {:#?}", self.mails()),
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends with its input; whoever waits for it no longer does.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
