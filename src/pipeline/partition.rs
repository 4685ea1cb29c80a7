//! A partition that is followed live.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing::{Span, error, info, info_span, warn};

use crate::checkpoint::Part;
use crate::config::Config;
use crate::decode::{DeadLetter, Format, Reason, Rejected};
use crate::incident::{Change, Incident, State, Subject};
use crate::mention::{BrandIndex, Timestamp, millis};
use crate::notify::carriers;
use crate::shard::{Loaded, Outcome, Shard};
use crate::source::kafka::{History, Kept, Message, PartitionHandler, StartAt};
use crate::source::{Topic, lock, wall_clock};
use crate::store::{Checkpoint, PartitionKey, Stored};

use super::Intake;
use super::feed::{Heard, TopicFeed};
use super::keeper::Keeper;
use super::live::{Gauges, Live, STORE_RETRY};

/// How often a partition's gauges are set, at most.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// One assigned partition.
pub(super) struct LivePartition {
    live: Arc<Live>,
    metrics: Gauges,
    /// What is logged while a message is handled belongs to its partition.
    span: Span,
    topic: String,
    format: Format,
    partition: i32,
    /// When the partition last got a mention.
    heard: Arc<Heard>,
    intake: Intake,
    /// State of which a part is missing, while the past is read to make up for it.
    restoring: Option<Shard>,
    /// The incidents that people know of, while the past is read.
    told: Vec<Change>,
    keeper: Keeper,
    /// By brand: whether it has been looked up in [`Live::homes`].
    at_home: Vec<bool>,
    gauges_set: Option<Instant>,
    /// Of the messages so far, in bytes.
    largest_message: usize,
    /// How many marks the shard has been given.
    marks_known: usize,
    changes: Vec<Change>,
    /// What the feed has not heard of yet.
    of_feed: VecDeque<FeedNews>,
    /// When the store was asked what people know of the feed, and did not say.
    asked_at: Option<Instant>,
    /// What people are told with the next checkpoint.
    to_tell: Vec<Change>,
}

/// What a partition has to say of its silence.
enum FeedNews {
    /// Its past has been read, and what is open at its end.
    Followed { silence: Option<Incident>, handled: bool },
    /// Its silence has changed.
    Changed(Change),
}

impl FeedNews {
    /// Whether it may be what people know.
    fn is_silence(&self) -> bool {
        match self {
            Self::Followed { silence, .. } => silence.is_some(),
            Self::Changed(change) => change.incident.state != State::Resolved,
        }
    }
}

impl PartitionHandler for LivePartition {
    fn message(&mut self, message: &Message<'_>) {
        let span = self.span.clone();
        let _inside = span.enter();
        let now = wall_clock();
        self.heard.busy();
        let intake = self.live.metrics.intake();
        intake.add_read_bytes(message.payload.len() as u64);
        self.largest_message = self.largest_message.max(message.payload.len());
        // What is read again is judged by the clock of the day on which it came.
        let came = message.timestamp.map_or(now, |timestamp| timestamp.min(now));
        let Message { payload, market, .. } = *message;
        match self.intake.take(self.format, payload, market, came, &mut self.changes) {
            Ok(taken) => {
                if !message.known {
                    intake.add(taken.outcome, 1);
                }
                if message.live {
                    intake.observe_delay(taken.created_at, now);
                }
                if matches!(taken.outcome, Outcome::Counted | Outcome::Unmatched) {
                    self.heard.hear(taken.created_at, message.live.then_some(came));
                }
                self.look_for_home(&taken.brands);
            }
            // It was kept when it came.
            Err(_) if message.known => {}
            Err(rejected) => self.keep_dead_letter(rejected, message, now),
        }
        if message.live {
            self.collect();
        } else {
            self.changes.clear();
        }
    }

    fn caught_up(&mut self, history: History) {
        self.restore();
        let open = self.intake.shard().open_changes();
        info!(
            topic = self.topic,
            partition = self.partition,
            open_incidents = open.len(),
            "following live"
        );
        let of_feed = |change: &&Change| change.incident.subject == Subject::Feed;
        let silence = open.iter().find(of_feed).map(|change| change.incident.clone());
        let handled = history == History::Handled;
        self.of_feed.push_back(FeedNews::Followed { silence, handled });
        self.settle_feed();
        if history == History::New {
            let of_brands = open.into_iter().filter(|it| it.incident.subject != Subject::Feed);
            self.to_tell.extend(of_brands);
        }
    }

    fn idle(&mut self, now: Timestamp, idle: Duration) {
        self.intake.shard_mut().idle(now, millis(idle), &mut self.changes);
        self.collect();
        self.settle_feed();
        // Others judge by it: not before its own silence is known to last.
        self.heard.idle();
        self.tell_of_feed(|feed| feed.judge(now));
    }

    fn batch_done(&mut self, position: Option<i64>, now: Timestamp) -> Kept {
        self.show(now);
        if self.keeper.waits() {
            return self.keeper.retry();
        }
        if !self.settle_feed() {
            return Kept::Waits;
        }
        match position {
            Some(position) if !self.to_tell.is_empty() || self.keeper.is_due(position) => {
                self.keep(position)
            }
            _ => self.keeper.news(),
        }
    }

    fn revoked(&mut self, position: Option<i64>) -> Kept {
        // What the feed has not heard of must be found again.
        let settled = self.settle_feed();
        let waited = self.keeper.write();
        let position = position.filter(|_| settled);
        let behind = position.filter(|it| !self.to_tell.is_empty() || self.keeper.is_behind(*it));
        let kept = match (waited, behind) {
            (Kept::UpTo(_), Some(position)) => self.keep(position),
            _ => waited,
        };
        let key = (self.topic.clone(), self.partition);
        // Or it has come back before this.
        let mut partitions = lock(&self.live.partitions);
        if partitions.get(&key).is_some_and(|known| Arc::ptr_eq(known, &self.metrics)) {
            partitions.remove(&key);
            lock(&self.live.homes).retain(|_, home| *home != key);
        }
        drop(partitions);
        if let Some(feed) = lock(&self.live.feeds).get_mut(&self.topic) {
            feed.revoke(self.partition, &self.heard);
        }
        kept
    }
}

impl LivePartition {
    /// A partition that has just been assigned, with what the store knows of it; and where it goes on.
    pub(super) fn new(live: Arc<Live>, topic: &Topic, stored: Stored) -> (Self, StartAt) {
        let Stored { claim, position, parts, open, feed, feed_ended } = stored;
        let PartitionKey { topic: name, number, .. } = claim.partition.clone();
        let metrics = Arc::new(Mutex::new(live.metrics.partition(&name, number)));
        let feed_name = feed_name(&live.config, &name);
        let heard = Arc::<Heard>::default();
        {
            let mut feeds = lock(&live.feeds);
            let of_topic = feeds
                .entry(name.clone())
                .or_insert_with(|| TopicFeed::new(&feed_name, live.config.plan.time.pane));
            of_topic.have_ended(feed_ended);
            of_topic.assign(number, Arc::clone(&heard), feed);
        }
        lock(&live.partitions).insert((name.clone(), number), Arc::clone(&metrics));
        let mut intake = Intake::new(&live.config, &feed_name, Arc::clone(&live.classifier));
        let (start, restoring) = match position {
            None => (StartAt::Unknown, None),
            Some(position) => match load(&live.config, &feed_name, parts) {
                Some(Loaded { shard, missing }) if missing.is_empty() => {
                    intake.replace_shard(shard);
                    (StartAt::Position(position), None)
                }
                loaded => (StartAt::Rebuild(position), loaded.map(|it| it.shard)),
            },
        };
        let mut partition = LivePartition {
            span: info_span!("partition", topic = name, partition = number),
            metrics,
            topic: name,
            format: topic.format,
            partition: number,
            heard,
            intake,
            restoring,
            told: open,
            keeper: Keeper::new(Arc::clone(&live), claim, position),
            at_home: vec![false; live.config.plan.brands.len()],
            gauges_set: None,
            largest_message: 0,
            marks_known: 0,
            changes: Vec::new(),
            of_feed: VecDeque::new(),
            asked_at: None,
            to_tell: Vec::new(),
            live,
        };
        // Before the past is read: it is judged as it was at its time.
        partition.hear_feedback();
        (partition, start)
    }

    /// The past has been read: what it held makes up for what was missing, and goes on from what
    /// people know.
    fn restore(&mut self) {
        if let Some(shard) = self.restoring.take() {
            let rebuilt = self.intake.replace_shard(shard);
            self.intake.shard_mut().adopt(rebuilt, &mut self.changes);
        }
        let told = std::mem::take(&mut self.told);
        self.intake.shard_mut().go_on_from(&told, &mut self.changes);
        self.collect();
    }

    fn keep_dead_letter(&self, rejected: Rejected, message: &Message<'_>, now: Timestamp) {
        let intake = self.live.metrics.intake();
        match rejected.reason {
            Reason::Late => intake.add(Outcome::Late, 1),
            _ => intake.add_rejected(1),
        }
        intake.dead_letter(rejected.reason);
        let position = u64::try_from(message.offset).unwrap_or(0);
        let letter = DeadLetter::new(
            rejected,
            self.topic.clone(),
            Some(self.partition),
            position,
            now,
            message.payload,
        );
        self.live.dead_letters.keep(&letter, message, |failure| {
            self.live.dead_letters_are(Err(failure));
            !self.live.is_ending()
        });
    }

    /// Writes a checkpoint, and with it what people are told.
    fn keep(&mut self, position: i64) -> Kept {
        let saved = match self.intake.shard_mut().save() {
            Ok(saved) => saved,
            Err(failure) => {
                error!(%failure, "the state cannot be written; going back to the last checkpoint");
                return self.keeper.give_up();
            }
        };
        let (routes, now) = (&self.live.config.routes, wall_clock());
        let changes = self.to_tell.drain(..).map(|change| {
            let carriers = carriers(routes, &change, now);
            (change, carriers)
        });
        self.keeper.keep(Checkpoint {
            position,
            put: saved.put.into_iter().map(|part| (part.key.to_string(), part.bytes)).collect(),
            remove: saved.remove.iter().map(ToString::to_string).collect(),
            changes: changes.collect(),
        })
    }

    /// Shows, now and then, how the partition stands.
    fn show(&mut self, now: Timestamp) {
        if self.gauges_set.is_some_and(|set| set.elapsed() < GAUGES_EVERY) {
            return;
        }
        self.gauges_set = Some(Instant::now());
        self.hear_feedback();
        let shard = self.intake.shard();
        let of_feed = self.feed_incident();
        let of_brands = shard.open_incidents().filter(|it| it.subject != Subject::Feed);
        let mut metrics = lock(&self.metrics);
        metrics.set_watermark(shard.watermark(), now);
        metrics.set_windows(&self.live.config.plan.brands, &shard.readings());
        metrics.set_open_incidents(of_feed.iter().chain(of_brands));
        metrics.set_fullness(shard.fullness());
        metrics.set_largest_message(self.largest_message);
    }

    fn hear_feedback(&mut self) {
        let marks = self.live.feedback.since(&mut self.marks_known);
        if !marks.is_empty() {
            self.intake.shard_mut().mark(marks);
        }
    }

    /// Takes what has changed.
    fn collect(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            match change.incident.subject {
                Subject::Feed => self.of_feed.push_back(FeedNews::Changed(change)),
                Subject::Brand => self.to_tell.push(change),
            }
        }
    }

    /// Tells the feed what is new of this partition. Returns whether all of it: a silence waits until
    /// the store has said what people know.
    fn settle_feed(&mut self) -> bool {
        while let Some(news) = self.of_feed.pop_front() {
            if news.is_silence() && !self.knows_the_latest() {
                self.of_feed.push_front(news);
                return false;
            }
            let (partition, now) = (self.partition, wall_clock());
            self.tell_of_feed(|feed| match news {
                FeedNews::Followed { silence, handled } => {
                    feed.follow(partition, silence, handled, now)
                }
                FeedNews::Changed(change) => feed.take(partition, change, now),
            });
        }
        true
    }

    /// Another instance may have changed the feed's incident that is known here, or told of its end.
    /// Returns `false` while the store does not say.
    fn knows_the_latest(&mut self) -> bool {
        let feeds = lock(&self.live.feeds);
        let known = feeds.get(&self.topic).and_then(|feed| feed.known(self.partition));
        drop(feeds);
        let Some(known) = known else { return true };
        if self.asked_at.is_some_and(|asked| asked.elapsed() < STORE_RETRY) {
            return false;
        }
        match self.live.runtime.block_on(self.live.store.latest_of(known)) {
            Ok(latest) => {
                if let Some(feed) = lock(&self.live.feeds).get_mut(&self.topic) {
                    feed.know(self.partition, known, latest);
                }
                self.asked_at = None;
                self.live.store_is(Ok(()));
                true
            }
            Err(failure) if failure.is_transient() => {
                self.asked_at = Some(Instant::now());
                self.live.store_is(Err(&failure));
                false
            }
            Err(failure) => {
                warn!(%failure, incident = %known, "an incident of the feed is taken to be as it was");
                true
            }
        }
    }

    /// Takes what `judge` says of this topic's feed.
    fn tell_of_feed(&mut self, judge: impl FnOnce(&mut TopicFeed) -> Option<Change>) {
        let change = lock(&self.live.feeds).get_mut(&self.topic).and_then(judge);
        self.to_tell.extend(change);
    }

    /// The feed's open incident, in the first of its partitions alone: it is counted once.
    fn feed_incident(&self) -> Option<Incident> {
        let feeds = lock(&self.live.feeds);
        let feed = feeds.get(&self.topic).filter(|feed| feed.begins_with(self.partition))?;
        feed.incident().cloned()
    }

    /// A brand whose mentions come through several partitions is counted in parts: say so, once.
    fn look_for_home(&mut self, brands: &[BrandIndex]) {
        for brand in brands {
            let Some(known) = self.at_home.get_mut(brand.0 as usize) else { continue };
            if std::mem::replace(known, true) {
                continue;
            }
            let here = (self.topic.clone(), self.partition);
            let mut homes = lock(&self.live.homes);
            let home = homes.entry(*brand).or_insert_with(|| here.clone());
            if *home != here {
                warn!(
                    brand = self.live.config.plan.brands[brand.0 as usize].name,
                    first = ?home,
                    also = ?here,
                    "a brand comes through several partitions and is counted in parts; key the topic by market (groundswell route does)"
                );
            }
        }
    }
}

/// The feed's name for one topic, of which there may be several.
fn feed_name(config: &Config, topic: &str) -> String {
    let alone = config.kafka.iter().all(|kafka| kafka.topics.len() == 1);
    if alone || config.feed == topic {
        config.feed.clone()
    } else {
        format!("{} {topic}", config.feed)
    }
}

/// The stored state, as far as it can be used. What cannot is logged, and made up for by reading the
/// past again.
fn load(config: &Config, feed: &str, parts: Vec<(String, Vec<u8>)>) -> Option<Loaded> {
    let parts = parts.into_iter().filter_map(|(name, bytes)| {
        let key = name.parse().inspect_err(|problem| warn!(%problem, "a part is not used")).ok()?;
        Some(Part { key, bytes })
    });
    match Shard::load(Arc::clone(&config.plan), feed, parts) {
        Ok(loaded) => {
            for missing in &loaded.missing {
                warn!(problem = %missing.error, "reading the past again to make up for it");
            }
            Some(loaded)
        }
        Err(problem) => {
            warn!(%problem, "the whole partition is rebuilt by reading the past again");
            None
        }
    }
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
