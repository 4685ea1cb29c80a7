//! Answers to whoever has pressed a button, which nobody else sees.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use serde_json::json;

use super::escape::mrkdwn;
use crate::notify::TargetPolicy;
use crate::notify::http::{Clients, describe};
use crate::source::lock;

/// How long Slack may take to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer.
const MAX_ANSWER: usize = 2_000;

/// Tells people in Slack what has become of what they pressed. Clones share it.
#[derive(Clone)]
pub struct Replies {
    clients: Arc<Mutex<Clients>>,
}

impl Replies {
    /// Goes where `targets` let notifications go.
    pub fn new(targets: TargetPolicy) -> Self {
        Self { clients: Arc::new(Mutex::new(Clients::new(targets))) }
    }

    /// Tells `text` at `url`, which Slack has named with the press of a button.
    ///
    /// # Errors
    ///
    /// Why it was not told, in words that show no address.
    pub async fn tell(&self, url: &str, text: &str) -> Result<(), String> {
        let url =
            Url::parse(url).map_err(|_| "Slack has named no address to answer to".to_owned())?;
        let client = lock(&self.clients).client("answers to Slack", &url);
        let client = client.map_err(|failure| failure.to_string())?;
        let answer = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": mrkdwn(text, MAX_ANSWER),
        });
        let sent = client.post(url).json(&answer).timeout(PATIENCE).send().await;
        match sent.map_err(describe)?.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("Slack answered {status}")),
        }
    }
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replies")
    }
}
