//! The judgement of the Standard Webhooks' own Python library.

use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use serde_json::json;

use super::{Received, repository};

/// Whether a receiver that has `secret` takes `request`, its body being `body`.
///
/// # Errors
///
/// Why the library does not.
pub fn verify(secret: &str, request: &Received, body: &[u8]) -> Result<(), String> {
    let python = repository("target/venv/bin/python");
    assert!(
        python.exists(),
        "the library of Standard Webhooks is not installed ({} is missing): run ./test, which installs it",
        python.display()
    );
    let headers: serde_json::Map<_, _> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("a text"))))
        .collect();
    let body = std::str::from_utf8(body).expect("a text");
    let mut line = tempfile::tempfile().expect("a temporary file");
    writeln!(line, "{}", json!({"secret": secret, "headers": headers, "body": body}))
        .expect("write the request");
    line.seek(SeekFrom::Start(0)).expect("rewind the request");
    let output = Command::new(python)
        .arg(repository("tests/tools/verify_webhook.py"))
        .stdin(line)
        .output()
        .expect("run verify_webhook.py");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    match String::from_utf8_lossy(&output.stdout).trim() {
        "ok" => Ok(()),
        wrong => Err(wrong.to_owned()),
    }
}
