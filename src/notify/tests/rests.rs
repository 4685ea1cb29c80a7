//! What is left to do once people have been told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::support::{Event, Events, recorder, retry};
use crate::notify::Failure;
use crate::notify::backoff::Backoff;
use crate::notify::channel::Refusal;
use crate::notify::rate_limit::RateLimit;
use crate::notify::rest::{Effort, Rest, Rests};
use crate::notify::settings::RetrySettings;

const SECOND: Duration = Duration::from_secs(1);

/// When each try began, and how many are at it.
#[derive(Default)]
struct Tries {
    at: Mutex<Vec<Instant>>,
    busy: AtomicU32,
}

/// Takes a second, and comes to this.
struct Scripted {
    tries: Arc<Tries>,
    failure: Option<Failure>,
    retry_after: Option<Duration>,
}

impl Rest for Scripted {
    fn incident(&self) -> Option<Uuid> {
        None
    }

    fn lacks(&self) -> String {
        "a hat".to_owned()
    }

    fn attempt(&mut self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async {
            self.tries.at.lock().unwrap().push(Instant::now());
            assert_eq!(self.tries.busy.fetch_add(1, Ordering::SeqCst), 0, "one thing at a time");
            sleep(SECOND).await;
            self.tries.busy.fetch_sub(1, Ordering::SeqCst);
            match self.failure.clone() {
                Some(failure) => Err(Refusal { failure, retry_after: self.retry_after }),
                None => Ok(()),
            }
        })
    }
}

fn passing() -> Option<Failure> {
    Some(Failure::Deferred { words: "later".to_owned() })
}

struct Scene {
    rests: Rests,
    events: Events,
    stop: watch::Sender<bool>,
    tries: Arc<Tries>,
}

impl Scene {
    fn start() -> Self {
        let settings = RetrySettings { give_up_after: 20 * SECOND, ..retry() };
        let (observer, events) = recorder();
        let effort = Effort {
            route: "team".to_owned(),
            limit: Arc::new(RateLimit::new(Duration::ZERO)),
            backoff: Backoff::new(&settings, 1).unwrap(),
            give_up_after: settings.give_up_after,
            observer,
            turn: Arc::default(),
        };
        let (stop, tries) = (watch::Sender::new(false), Arc::default());
        Self { rests: Rests::new(effort), events, stop, tries }
    }

    fn begin(&mut self, failure: Option<Failure>, retry_after: Option<Duration>) {
        let rest = Scripted { tries: Arc::clone(&self.tries), failure, retry_after };
        self.rests.begin(Box::new(rest), self.stop.subscribe());
    }

    fn tried(&self) -> Vec<Instant> {
        self.tries.at.lock().unwrap().clone()
    }

    /// What people are said to lack in the end.
    async fn lack(&mut self) -> String {
        let Event::Incomplete(route, None, lacks, failure) = self.events.next().await else {
            panic!("nothing else is observed")
        };
        format!("{route}: {lacks}: {failure}")
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_until_it_is_late_and_what_does_not_once() {
    let mut scene = Scene::start();
    scene.begin(passing(), None);
    assert_eq!(scene.lack().await, "team: a hat: later");
    let tried = scene.tried();
    assert!((15..=20).contains(&tried.len()), "{}", tried.len());
    assert!(*tried.last().unwrap() - tried[0] <= 20 * SECOND);
    scene.begin(Some(Failure::Refused { words: "no".to_owned() }), None);
    assert_eq!(scene.lack().await, "team: a hat: no");
    assert_eq!(scene.tried().len(), tried.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn one_thing_is_done_at_a_time_and_none_before_the_receiver_wants_it() {
    let mut scene = Scene::start();
    scene.begin(passing(), Some(6 * SECOND));
    scene.begin(None, None);
    assert_eq!(scene.lack().await, "team: a hat: later");
    let tried = scene.tried();
    assert_eq!(tried.len(), 4, "the first three times, the second once: {tried:?}");
    let waits: Vec<u64> = tried.iter().map(|it| (*it - tried[0]).as_secs()).collect();
    // The second waits, too: it would ask the same receiver.
    assert!(waits[1..].iter().all(|&wait| wait >= 7), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_what_has_begun_and_for_no_other_try() {
    let mut scene = Scene::start();
    scene.begin(None, None);
    scene.stop.send_replace(true);
    let begun = Instant::now();
    scene.rests.end().await;
    let tries = scene.tries.at.lock().unwrap().len();
    assert_eq!((tries, begun.elapsed()), (1, SECOND));

    let mut scene = Scene::start();
    scene.begin(passing(), Some(10 * SECOND));
    scene.stop.send_replace(true);
    assert_eq!(scene.lack().await, "team: a hat: later");
    assert_eq!(scene.tried().len(), 1);
}
