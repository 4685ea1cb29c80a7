//! What a running service does again and again beside the work itself.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::live::Live;
use crate::desk::Desk;
use crate::mention::millis;
use crate::source::kafka::{KafkaSource, Positions};
use crate::source::wall_clock;
use crate::store::{Store, StoreError};

/// How often the group is told how far its partitions are kept.
const COMMIT_EVERY: Duration = Duration::from_secs(5);
/// How often what waits in the outbox, and for the dead-letter topic, is counted.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// How often what ended long ago is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// How long what was delivered is kept.
const DELIVERED_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long an incident is kept that is resolved: a year can be looked back on, and a month to do it in.
const RESOLVED_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// How often feedback is looked at.
const FEEDBACK_EVERY: Duration = Duration::from_secs(2);

/// Everything that is done again and again. None of it has an end.
#[derive(Debug, Default)]
pub(super) struct Chores {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Chores {
    /// Starts all of it.
    pub(super) fn start(live: &Arc<Live>, source: &Arc<KafkaSource>, desk: Desk) -> Self {
        let mut chores = Self::default();
        chores.spawn("what commits offsets to the group", commit_kept(Arc::clone(source)));
        chores.spawn("what counts the outbox", count_outbox(Arc::clone(live)));
        chores.spawn("what counts waiting dead letters", count_dead_letters(Arc::clone(live)));
        chores.spawn("what forgets old incidents", forget_ended(live.store.clone()));
        chores.spawn("what reads feedback", hear_feedback(Arc::clone(live)));
        chores.spawn("what follows incidents for people", async { match desk.follow().await {} });
        chores
    }

    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        chore: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(chore);
        self.names.insert(task.id(), name);
    }

    /// Resolves when one of them has ended by itself: which, and why.
    pub(super) async fn failed(&mut self) -> (&'static str, String) {
        let (id, reason) = match self.tasks.join_next_with_id().await {
            None => return std::future::pending().await,
            Some(Ok((id, ()))) => (id, "it has come to its end".to_owned()),
            Some(Err(failure)) => (failure.id(), failure.to_string()),
        };
        (self.names.get(&id).copied().unwrap_or("a chore"), reason)
    }

    /// Ends all of it.
    pub(super) async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Does `work`, which blocks, elsewhere; a panic in it is one here.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(failure) => match failure.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends, and whoever waits with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Shows, again and again, how many notifications are where.
async fn count_outbox(live: Arc<Live>) {
    let mut ticks = interval(COUNT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match live.store.outbox_counts(wall_clock()).await {
            Ok(counts) => {
                let routes = live.config.routes.iter().map(|route| route.name.as_str());
                live.metrics.notifications().set_outbox(routes, &counts, wall_clock());
                live.readiness.set("outbox", Ok("it answers".to_owned()));
            }
            Err(failure) => {
                live.readiness.set("outbox", Err(failure.to_string()));
            }
        }
    }
}

/// Shows, again and again, how much waits for the dead-letter topic.
async fn count_dead_letters(live: Arc<Live>) {
    let mut ticks = interval(COUNT_EVERY);
    loop {
        ticks.tick().await;
        live.metrics.intake().set_dead_letters_waiting(live.dead_letters.waiting_bytes());
    }
}

/// Forgets, again and again, what ended long ago.
async fn forget_ended(store: Store) {
    let mut ticks = interval(FORGET_EVERY);
    loop {
        ticks.tick().await;
        let ago = |kept| wall_clock().plus_millis(-millis(kept));
        let forgotten = async {
            let deliveries = store.forget_delivered(ago(DELIVERED_KEPT)).await?;
            store.forget_silences(wall_clock()).await?;
            Ok::<_, StoreError>((deliveries, store.forget_resolved(ago(RESOLVED_KEPT)).await?))
        };
        match forgotten.await {
            Ok((0, 0)) => {}
            Ok((deliveries, incidents)) => {
                info!(deliveries, incidents, "what ended long ago is forgotten");
            }
            Err(failure) => {
                warn!(%failure, "what ended long ago is not forgotten; tried again later")
            }
        }
    }
}

/// Reads, again and again, what people have said of incidents since.
async fn hear_feedback(live: Arc<Live>) {
    let mut ticks = interval(FEEDBACK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reader = Arc::clone(&live);
        // A disk may be slow.
        let (taken, skipped) = elsewhere(move || reader.feedback.poll()).await;
        // That the store fails others say.
        let said = live.feedback.hear(&live.store).await.unwrap_or_default();
        live.metrics.incidents().marked(taken + said, skipped);
    }
}

/// Commits, again and again, the positions up to which everything is in the store.
async fn commit_kept(source: Arc<KafkaSource>) {
    let mut ticks = interval(COMMIT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut committed = Positions::new();
    loop {
        ticks.tick().await;
        let positions = source.positions();
        if positions == committed {
            continue;
        }
        let (source, told) = (Arc::clone(&source), positions.clone());
        if elsewhere(move || source.commit(&told)).await {
            committed = positions;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_chore_whose_work_panics_elsewhere_is_named() {
        let mut chores = Chores::default();
        chores.spawn("what lasts", std::future::pending());
        chores.spawn("what dies", elsewhere(|| panic!("as a defect would")));
        let failed = timeout(Duration::from_secs(10), chores.failed()).await;
        let (name, reason) = failed.unwrap_or_default();
        assert_eq!(name, "what dies");
        assert!(reason.contains("as a defect would"), "{reason}");
        chores.shutdown().await;
    }
}
