//! A shard thread: it owns a set of partitions and reads their queues.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;
use tokio::sync::watch;
use tracing::{error, warn};

use super::History;
use super::context::{Context, Start};
use super::{Ended, Kept, Message, PartitionHandler, Positions, market_of};
use crate::mention::Timestamp;
use crate::source::{lock, wall_clock};

/// Messages read from one partition before the next has its turn.
const BATCH: usize = 1_000;
/// How long a shard sleeps when nothing is there; a message or a command wakes it.
const NAP: Duration = Duration::from_millis(100);
/// How often an idle partition is told that time passes.
const IDLE_TICK: Duration = Duration::from_secs(1);

/// The handle of a shard thread.
pub(super) struct Worker {
    commands: Sender<Command>,
    thread: Thread,
    join: Mutex<Option<JoinHandle<()>>>,
    /// By partition: what tells the shard to read no more of it.
    held: Mutex<BTreeMap<(String, i32), Arc<AtomicBool>>>,
}

enum Command {
    Assign(Box<Assignment>),
    Revoke { topic: String, partition: i32, done: Sender<()> },
    Stop,
}

/// A partition on its way to, or with, its shard.
pub(super) struct Assignment {
    topic: String,
    partition: i32,
    queue: PartitionQueue<Context>,
    handler: Box<dyn PartitionHandler>,
    start: Start,
    /// Lets it be fetched.
    resume: Option<Box<dyn FnOnce() + Send>>,
    /// Whether it goes to others: nothing more is read.
    revoked: Arc<AtomicBool>,
    live: bool,
    /// Next offset to handle of what is live; what is read again moves nothing.
    position: Option<i64>,
    state: Reading,
    at_end: bool,
    last_message: Instant,
    last_idle: Instant,
}

/// What is done with a partition at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It is read.
    Goes,
    /// What has been handled cannot be kept: it is not read.
    Waits,
    /// Another instance has it.
    Ended,
}

/// What the shard threads and the source share.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) idle_timeout: Duration,
    /// How far what each partition held has been kept.
    pub(super) positions: Arc<Mutex<Positions>>,
    pub(super) reach: Arc<Reach>,
    /// Set when another instance is found to have a partition.
    pub(super) fenced: Arc<AtomicBool>,
    /// Why the source cannot go on.
    pub(super) ended: watch::Sender<Option<Ended>>,
}

/// Which partitions can be heard: silence is held against no other.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Whether no broker can be reached.
    down: AtomicBool,
    /// Partitions whose leader cannot, by topic.
    unled: Mutex<BTreeSet<(String, i32)>>,
}

impl Reach {
    pub(super) fn is_down(&self, down: bool) {
        self.down.store(down, Ordering::Release);
    }

    pub(super) fn are_unled(&self, partitions: BTreeSet<(String, i32)>) {
        *lock(&self.unled) = partitions;
    }

    fn hears(&self, topic: &str, partition: i32) -> bool {
        let unled = lock(&self.unled);
        let is_led = unled.is_empty() || !unled.contains(&(topic.to_owned(), partition));
        is_led && !self.down.load(Ordering::Acquire)
    }
}

impl Worker {
    pub(super) fn start(number: usize, common: Common) -> std::io::Result<Self> {
        let (commands, receiver) = channel();
        let join =
            std::thread::Builder::new().name(format!("shard-{number}")).spawn(move || {
                let ended = common.ended.clone();
                let shard = Shard { partitions: Vec::new(), stopped: false, common };
                // Its partitions are still this instance's to the group, and nobody reads them.
                if catch_unwind(AssertUnwindSafe(|| shard.run(&receiver))).is_err() {
                    ended.send_replace(Some(Ended::Panicked));
                }
            })?;
        let (thread, join) = (join.thread().clone(), Mutex::new(Some(join)));
        Ok(Self { commands, thread, join, held: Mutex::default() })
    }

    pub(super) fn assign(&self, assignment: Assignment) {
        let key = (assignment.topic.clone(), assignment.partition);
        lock(&self.held).insert(key, Arc::clone(&assignment.revoked));
        self.send(Command::Assign(Box::new(assignment)));
    }

    /// Takes a partition away. Nothing more of it is read from now on; `done` is told, or dropped, when
    /// its handler has let go of it.
    pub(super) fn revoke(&self, topic: &str, partition: i32, done: Sender<()>) {
        if let Some(revoked) = lock(&self.held).remove(&(topic.to_owned(), partition)) {
            revoked.store(true, Ordering::Release);
        }
        self.send(Command::Revoke { topic: topic.to_owned(), partition, done });
    }

    /// Tells the thread to let go of every partition, and to end.
    pub(super) fn stop(&self) {
        self.send(Command::Stop);
    }

    /// Waits until the thread has ended.
    pub(super) fn join(&self) {
        let join = lock(&self.join).take();
        if join.is_some_and(|join| join.join().is_err()) {
            error!("a shard thread ended with a panic");
        }
    }

    fn send(&self, command: Command) {
        // A shard that has ended has no partitions to be told about.
        let _ended = self.commands.send(command);
        self.thread.unpark();
    }
}

impl Assignment {
    pub(super) fn new(
        topic: &str,
        partition: i32,
        queue: PartitionQueue<Context>,
        handler: Box<dyn PartitionHandler>,
        start: Start,
        resume: impl FnOnce() + Send + 'static,
    ) -> Self {
        let now = Instant::now();
        Self {
            topic: topic.to_owned(),
            partition,
            queue,
            handler,
            start,
            resume: Some(Box::new(resume)),
            revoked: Arc::default(),
            live: false,
            position: None,
            state: Reading::Goes,
            at_end: false,
            last_message: now,
            last_idle: now,
        }
    }

    /// Lets it be fetched, now that nobody else reads it.
    fn begin(&mut self) {
        let thread = std::thread::current();
        self.queue.set_nonempty_callback(move || thread.unpark());
        if let Some(resume) = self.resume.take().filter(|_| !self.is_revoked()) {
            resume();
        }
    }

    fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    /// Whether a message at `offset` is new. One before the place that is read from is of a topic that
    /// was made anew.
    fn is_new(&self, offset: i64) -> bool {
        let anew = matches!(self.start.read_from, Offset::Offset(from) if offset < from);
        anew || self.start.live_from.is_none_or(|from| offset >= from)
    }

    /// Reads what is there, up to a batch. Returns whether anything was.
    fn read(&mut self) -> bool {
        let mut read = false;
        for _ in 0..BATCH {
            if self.is_revoked() {
                break;
            }
            match self.queue.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    let offset = message.offset();
                    if self.is_new(offset) {
                        go_live(&mut self.live, &mut self.position, self.start, &mut *self.handler);
                    }
                    self.handler.message(&Message {
                        payload: message.payload().unwrap_or_default(),
                        offset,
                        timestamp: message.timestamp().to_millis().map(Timestamp::from_millis),
                        key: message.key(),
                        headers: message.headers(),
                        market: market_of(&message),
                        live: self.live,
                        known: !self.live && self.start.history == History::Handled,
                    });
                    if self.live {
                        self.position = Some(offset + 1);
                    }
                    read = true;
                    self.at_end = false;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.at_end = true;
                    self.last_message = Instant::now();
                    go_live(&mut self.live, &mut self.position, self.start, &mut *self.handler);
                }
                Some(Err(error)) => {
                    warn!(topic = self.topic, partition = self.partition, %error, "reading failed; it is tried again");
                    break;
                }
                None => break,
            }
        }
        if read {
            self.last_message = Instant::now();
        }
        read
    }

    /// Gives the handler its moment.
    fn keep(&mut self, common: &Common) {
        let kept = self.handler.batch_done(self.position, wall_clock());
        self.take(kept, common);
    }

    fn take(&mut self, kept: Kept, common: &Common) {
        self.state = match kept {
            Kept::UpTo(None) => Reading::Goes,
            Kept::UpTo(Some(position)) => {
                let key = (self.topic.clone(), self.partition);
                lock(&common.positions).insert(key, position);
                Reading::Goes
            }
            Kept::Waits => Reading::Waits,
            Kept::Lost => {
                common.fenced.store(true, Ordering::Release);
                Reading::Ended
            }
        };
    }

    /// Reads, and keeps what came of it. Returns whether there was anything.
    fn turn(&mut self, common: &Common) -> bool {
        if self.is_revoked() {
            return false;
        }
        match self.state {
            Reading::Ended => return false,
            Reading::Waits => {
                self.keep(common);
                // What waits is not known to be nothing.
                self.last_message = Instant::now();
                return false;
            }
            Reading::Goes => {}
        }
        let read = self.read();
        if common.reach.hears(&self.topic, self.partition) {
            self.tick(common.idle_timeout);
        } else {
            // What a leader out of reach holds is not known to be nothing.
            self.last_message = Instant::now();
        }
        self.keep(common);
        read
    }

    /// Lets silence pass when the partition is at its end.
    fn tick(&mut self, idle_timeout: Duration) {
        let idle = self.last_message.elapsed();
        if self.at_end && idle >= idle_timeout && self.last_idle.elapsed() >= IDLE_TICK {
            self.last_idle = Instant::now();
            self.handler.idle(wall_clock(), idle);
        }
    }
}

/// The past has been read. From here on positions count: a past read halfway must not be taken for
/// the place the group had come to.
fn go_live(
    live: &mut bool,
    position: &mut Option<i64>,
    start: Start,
    handler: &mut dyn PartitionHandler,
) {
    if !std::mem::replace(live, true) {
        *position = start.live_from;
        handler.caught_up(start.history);
    }
}

struct Shard {
    partitions: Vec<Assignment>,
    stopped: bool,
    common: Common,
}

impl Shard {
    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let mut busy = false;
            let mut at = 0;
            while self.obey(commands) {
                let Some(owned) = self.partitions.get_mut(at) else { break };
                busy |= owned.turn(&self.common);
                at += 1;
            }
            if self.stopped {
                return;
            }
            if !busy {
                std::thread::park_timeout(NAP);
            }
        }
    }

    /// Does what it has been told; between two partitions, or one would be let go of late. Returns
    /// whether to go on.
    fn obey(&mut self, commands: &Receiver<Command>) -> bool {
        while let Ok(command) = commands.try_recv() {
            match command {
                Command::Assign(mut assignment) => {
                    assignment.begin();
                    self.partitions.push(*assignment);
                }
                Command::Revoke { topic, partition, done } => {
                    self.release(&topic, partition);
                    let _gone = done.send(());
                }
                // The positions stay: they are still to be committed.
                Command::Stop => {
                    for owned in &mut self.partitions {
                        let kept = owned.handler.revoked(owned.position);
                        owned.take(kept, &self.common);
                    }
                    self.stopped = true;
                    return false;
                }
            }
        }
        true
    }

    fn release(&mut self, topic: &str, partition: i32) {
        let positions = Arc::clone(&self.common.positions);
        self.partitions.retain_mut(|owned| {
            // It may have come back before it has gone.
            let leaves = owned.topic == topic && owned.partition == partition && owned.is_revoked();
            if leaves {
                owned.handler.revoked(owned.position);
                lock(&positions).remove(&(owned.topic.clone(), owned.partition));
            }
            !leaves
        });
    }
}
