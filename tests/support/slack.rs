//! Slack's own judgement of a message.

use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use super::repository;

/// Whether Slack would take `payloads` as incoming-webhook messages: each is parsed by the models of Slack's
/// Python SDK and held against Slack's published limits.
///
/// # Errors
///
/// One line for each thing that Slack would not take: the payload's number from 1, the place in it, the reason.
pub fn validate(payloads: &[serde_json::Value]) -> Result<(), String> {
    let python = repository("target/venv/bin/python");
    assert!(
        python.exists(),
        "Slack's SDK is not installed ({} is missing): run ./test, which installs it",
        python.display()
    );
    let mut lines = tempfile::tempfile().expect("a temporary file");
    for payload in payloads {
        writeln!(lines, "{payload}").expect("write the payloads");
    }
    lines.seek(SeekFrom::Start(0)).expect("rewind the payloads");
    let output = Command::new(python)
        .arg(repository("tests/tools/validate_slack.py"))
        .stdin(lines)
        .output()
        .expect("run validate_slack.py");
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) if output.stderr.is_empty() => {
            Err(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        _ => panic!("validate_slack.py failed:\n{}", String::from_utf8_lossy(&output.stderr)),
    }
}
