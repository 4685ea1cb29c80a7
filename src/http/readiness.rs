//! Whether the service does its work, condition by condition, in words.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;

/// Named conditions, set by those who know. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Readiness(watch::Sender<Conditions>);

type Conditions = BTreeMap<&'static str, Condition>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Condition {
    ready: bool,
    detail: String,
}

impl Readiness {
    /// These conditions, none of them met yet.
    pub fn new(names: &[&'static str]) -> Self {
        let unmet = || Condition { ready: false, detail: "starting".to_owned() };
        Self(watch::Sender::new(names.iter().map(|name| (*name, unmet())).collect()))
    }

    /// The condition `name` is met, or why it is not. Returns whether that is news.
    pub fn set(&self, name: &'static str, condition: Result<String, String>) -> bool {
        let (ready, detail) = match condition {
            Ok(detail) => (true, detail),
            Err(reason) => (false, reason),
        };
        let condition = Condition { ready, detail };
        self.0.send_if_modified(|conditions| {
            conditions.insert(name, condition.clone()) != Some(condition)
        })
    }

    /// Whether all conditions are met.
    pub fn is_ready(&self) -> bool {
        all_met(&self.0.borrow())
    }

    /// Waits until all conditions are met.
    pub async fn ready(&self) {
        // The sender lives as long as `self`: waiting cannot fail.
        let mut conditions = self.0.subscribe();
        let _met = conditions.wait_for(all_met).await;
    }

    /// `{"source":{"ready":true,"detail":"..."},...}`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&*self.0.borrow()).unwrap_or_default()
    }
}

fn all_met(conditions: &Conditions) -> bool {
    conditions.values().all(|condition| condition.ready)
}

impl Default for Readiness {
    /// The conditions of the service: its source and its notifier.
    fn default() -> Self {
        Self::new(&["source", "notifier"])
    }
}
