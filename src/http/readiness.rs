//! Whether the process can do its work, one condition for each part that must be well.

use serde::Serialize;
use tokio::sync::watch;

/// The conditions under which the process is ready. Clones share them.
#[derive(Debug, Clone)]
pub struct Readiness(watch::Sender<Vec<Condition>>);

/// One part and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The part's name.
    pub name: &'static str,
    /// Whether it can do its work.
    pub ready: bool,
    /// How it is, or what it waits for, in plain words. No secrets: anyone may read it.
    pub detail: String,
}

/// All conditions at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether all conditions hold.
    pub ready: bool,
    /// Each condition, in the order they were named.
    pub conditions: Vec<Condition>,
}

impl Readiness {
    /// Ready when each of `names` has said so. None has yet.
    pub fn new(names: &[&'static str]) -> Self {
        let unheard =
            |name| Condition { name, ready: false, detail: "has not reported yet".to_owned() };
        Self(watch::Sender::new(names.iter().copied().map(unheard).collect()))
    }

    /// The part `name` is well (`Ok`), or not (`Err`), with a detail in plain words either way. A
    /// part that [`Readiness::new`] did not name joins the conditions. Returns whether that is news.
    pub fn set(&self, name: &'static str, state: Result<String, String>) -> bool {
        let ready = state.is_ok();
        let (Ok(detail) | Err(detail)) = state;
        let condition = Condition { name, ready, detail };
        self.0.send_if_modified(|conditions| {
            match conditions.iter_mut().find(|known| known.name == name) {
                Some(known) if *known == condition => return false,
                Some(known) => *known = condition,
                None => conditions.push(condition),
            }
            true
        })
    }

    /// All conditions as they stand.
    pub fn report(&self) -> Report {
        let conditions = self.0.borrow().clone();
        Report { ready: all_hold(&conditions), conditions }
    }

    /// Waits until all conditions hold.
    pub async fn ready(&self) {
        let mut conditions = self.0.subscribe();
        // The sender lives as long as `self`: waiting cannot fail.
        let _held = conditions.wait_for(|conditions| all_hold(conditions)).await;
    }
}

fn all_hold(conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| condition.ready)
}

impl Default for Readiness {
    /// The conditions of the service: its source and its notifier.
    fn default() -> Self {
        Self::new(&["source", "notifier"])
    }
}
