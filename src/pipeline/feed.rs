//! The partitions of one topic as one feed: a dead topic is one incident, not one a partition.
//!
//! Each partition's shard finds by itself that nothing arrives (`feed-silent`), and cannot know
//! what the others get. Here that is put together: the first silence opens the feed's incident; it
//! is of the whole feed when all partitions that are read here are quiet by then, and of some
//! partitions otherwise, until the rest falls quiet too. It is over when no partition is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use crate::incident::{Change, Evidence, Incident, Severity, SilentPartitions, State, Tracker};
use crate::mention::{Timestamp, millis};

/// How long a silence waits for partitions that are still being read: what they get now is not
/// known before.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// When a partition last got a mention; written by its shard's thread, read by all.
#[derive(Debug)]
pub(super) struct Heard {
    /// When the latest of its mentions was made.
    made: AtomicI64,
    /// When the latest of those that came while it was followed arrived.
    arrived: AtomicI64,
    /// Whether its end has been reached and nothing has come since.
    idle: AtomicBool,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            made: AtomicI64::new(i64::MIN),
            arrived: AtomicI64::new(i64::MIN),
            idle: AtomicBool::new(false),
        }
    }
}

impl Heard {
    /// A message has come.
    pub(super) fn busy(&self) {
        self.idle.store(false, Ordering::Release);
    }

    /// The end has been reached, and nothing comes.
    pub(super) fn idle(&self) {
        self.idle.store(true, Ordering::Release);
    }

    /// It holds a mention made at `made`, which, if it is not of the past, has `arrived` at a time.
    pub(super) fn hear(&self, made: Timestamp, arrived: Option<Timestamp>) {
        self.made.fetch_max(made.as_millis(), Ordering::AcqRel);
        if let Some(arrived) = arrived {
            self.arrived.fetch_max(arrived.as_millis(), Ordering::AcqRel);
        }
    }

    fn made(&self) -> Option<Timestamp> {
        let made = self.made.load(Ordering::Acquire);
        (made != i64::MIN).then(|| Timestamp::from_millis(made))
    }

    fn latest(&self) -> i64 {
        self.made.load(Ordering::Acquire).max(self.arrived.load(Ordering::Acquire))
    }
}

/// One topic's partitions, as far as this instance reads them.
#[derive(Debug)]
pub(super) struct TopicFeed {
    name: String,
    pane: i64,
    /// Partitions of the topic, whoever reads them; 0 when not known yet.
    of: u32,
    partitions: BTreeMap<i32, Partition>,
    /// The feed's incident.
    tracker: Tracker,
    /// Earlier ones, whoever has told of their end: no other may have their ids.
    ended: BTreeSet<Uuid>,
}

#[derive(Debug)]
struct Partition {
    heard: Arc<Heard>,
    /// Whether its past has been read.
    followed: bool,
    silence: Option<Silence>,
    /// The feed's incident that people knew of when it was assigned. It counts for a silence that is
    /// as old.
    known: Option<Change>,
}

/// A partition's open incident.
#[derive(Debug, Clone)]
struct Silence {
    incident: Incident,
    /// When it was heard of here, by the wall clock.
    heard_at: Timestamp,
    /// Whether it was open at the end of a past that was handled before.
    handled: bool,
}

/// What is known of a partition while another is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// It gets mentions.
    Speaks,
    /// It gets none either.
    Quiet,
    /// What it gets has not been read yet.
    Unread,
}

impl TopicFeed {
    /// The feed named `name`, counted in panes of `pane`.
    pub(super) fn new(name: &str, pane: Duration) -> Self {
        Self {
            name: name.to_owned(),
            pane: millis(pane).max(1),
            of: 0,
            partitions: BTreeMap::new(),
            tracker: Tracker::default(),
            ended: BTreeSet::new(),
        }
    }

    /// People have been told that these incidents are over.
    pub(super) fn have_ended(&mut self, incidents: impl IntoIterator<Item = Uuid>) {
        self.ended.extend(incidents);
    }

    /// The topic has so many partitions.
    pub(super) fn has_partitions(&mut self, of: u32) {
        self.of = of;
    }

    /// `partition` is read here from now on. `known`: the latest change of the incident of this feed
    /// that people know of.
    pub(super) fn assign(&mut self, partition: i32, heard: Arc<Heard>, known: Option<Change>) {
        let read = Partition { heard, followed: false, silence: None, known };
        self.partitions.insert(partition, read);
    }

    /// `partition` is read elsewhere from now on. When no other is silent, whoever reads it has the
    /// incident: nothing is told here.
    pub(super) fn revoke(&mut self, partition: i32, heard: &Arc<Heard>) {
        let known = self.partitions.get(&partition);
        if known.is_none_or(|known| !Arc::ptr_eq(&known.heard, heard)) {
            return;
        }
        self.partitions.remove(&partition);
        if self.silent().next().is_none() {
            self.tracker = Tracker::default();
        }
    }

    /// The incident that people knew of when `partition` was assigned, while it may be that of a
    /// silence still to be found.
    pub(super) fn known(&self, partition: i32) -> Option<Uuid> {
        self.partitions.get(&partition)?.known.as_ref().map(|known| known.incident.id)
    }

    /// `latest` is what people know by now of the incident that `partition` knows; `None`: it is over.
    pub(super) fn know(&mut self, partition: i32, incident: Uuid, latest: Option<Change>) {
        let Some(latest) = latest else { return self.end(incident) };
        let read = self.partitions.get_mut(&partition);
        // Or it has ended here meanwhile.
        if let Some(known) = read.and_then(|it| it.known.as_mut())
            && known.incident.id == incident
        {
            *known = latest;
        }
    }

    /// `incident` is over: no partition takes it for that of its silence.
    fn end(&mut self, incident: Uuid) {
        self.ended.insert(incident);
        for read in self.partitions.values_mut() {
            read.known.take_if(|known| known.incident.id == incident);
        }
    }

    /// The past of `partition` has been read. `silence`: what is open at its end, and whether it was
    /// `handled` before: then it is what people know of, if they know of any.
    pub(super) fn follow(
        &mut self,
        partition: i32,
        silence: Option<Incident>,
        handled: bool,
        now: Timestamp,
    ) -> Option<Change> {
        self.partitions.get_mut(&partition)?.followed = true;
        if let Some(incident) = silence {
            self.fall_silent(partition, Silence { incident, heard_at: now, handled });
        }
        self.judge(now)
    }

    /// Takes what `partition` says of its silence.
    pub(super) fn take(
        &mut self,
        partition: i32,
        change: Change,
        now: Timestamp,
    ) -> Option<Change> {
        let incident = change.incident;
        if incident.state != State::Resolved {
            let silence = Silence { incident, heard_at: now, handled: false };
            self.fall_silent(partition, silence);
            return self.judge(now);
        }
        self.partitions.get_mut(&partition)?.silence = None;
        if self.silent().next().is_none() {
            let Incident { updated_at, mentions, .. } = incident;
            let Incident { id, partitions, .. } = self.tracker.incident()?.clone();
            self.end(id);
            let evidence = Evidence { mentions, partitions, ..Evidence::default() };
            return self.tracker.resolve(updated_at, evidence);
        }
        self.judge(now)
    }

    /// Holds the partitions' silences together when the wall clock shows `now`.
    pub(super) fn judge(&mut self, now: Timestamp) -> Option<Change> {
        let noticed = |(number, it): &(i32, &Silence)| (it.incident.detected_at, *number);
        let (first, leading) = self.silent().min_by_key(noticed)?;
        let voices = || self.partitions.values().map(|it| it.voice(&leading.incident, now));
        let waited = now.millis_since(leading.heard_at) >= millis(PATIENCE);
        if !waited && voices().any(|it| it == Voice::Unread) {
            return None;
        }
        let whole = voices().all(|it| it == Voice::Quiet);
        match self.tracker.incident() {
            None => {
                let leading = leading.incident.clone();
                Some(self.open(first, leading, whole))
            }
            Some(_) if whole => self.escalate(first, now),
            Some(_) => None,
        }
    }

    /// `partition` is silent. When that is what people know of, the feed's incident goes on.
    fn fall_silent(&mut self, partition: i32, silence: Silence) {
        let Some(read) = self.partitions.get_mut(&partition) else { return };
        let (onset, handled) = (silence.incident.onset, silence.handled);
        read.silence = Some(silence);
        let known = read.known.take().filter(|known| {
            known.incident.is_of(partition) && (handled || onset <= known.incident.updated_at)
        });
        if let Some(known) = known.filter(|_| self.tracker.incident().is_none()) {
            self.tracker = Tracker::resumed(&known);
        }
    }

    /// The open incident.
    pub(super) fn incident(&self) -> Option<&Incident> {
        self.tracker.incident()
    }

    /// Whether `partition` is the first of those that are read here.
    pub(super) fn begins_with(&self, partition: i32) -> bool {
        self.partitions.keys().next() == Some(&partition)
    }

    fn open(&mut self, first: i32, leading: Incident, whole: bool) -> Change {
        let onset = if whole { self.onset(first, &leading) } else { leading.onset };
        // Silences of several partitions may begin at one moment, and be told by several instances.
        let mut id = match first {
            0 => leading.id,
            _ => Uuid::new_v5(&leading.id, &first.to_be_bytes()),
        };
        // This very silence has been told, and its end by another partition's instance.
        while self.ended.contains(&id) {
            id = Uuid::new_v5(&id, b"again");
        }
        self.tracker.open(Incident {
            id,
            brand: self.name.clone(),
            onset,
            severity: if whole { Severity::Warning } else { Severity::Notice },
            partitions: self.extent(first, whole),
            ..leading
        })
    }

    fn escalate(&mut self, first: i32, now: Timestamp) -> Option<Change> {
        let evidence = Evidence { partitions: self.extent(first, true), ..Evidence::default() };
        let silence = self.tracker.incident()?.signals.first()?.clone();
        self.tracker.escalate(now, Severity::Warning, silence, evidence)
    }

    /// When the last partition fell quiet. It follows from the mentions alone, whichever partition is
    /// found silent first.
    fn onset(&self, first: i32, leading: &Incident) -> Timestamp {
        let others = self.partitions.iter().filter(|(number, _)| **number != first);
        let made = others.filter_map(|(_, it)| it.heard.made());
        let after = |made: Timestamp| {
            Timestamp::from_millis((made.as_millis().div_euclid(self.pane) + 1) * self.pane)
        };
        let latest = made.map(after).fold(leading.onset, Timestamp::max);
        latest.min(leading.detected_at).max(leading.onset)
    }

    /// Which partitions are silent; `None` when the topic has but one.
    fn extent(&self, first: i32, whole: bool) -> Option<SilentPartitions> {
        let highest = self.partitions.keys().next_back().copied().unwrap_or(0);
        let of = self.of.max(u32::try_from(highest).map_or(0, |it| it.saturating_add(1)));
        let quiet = |it: &Partition| whole || it.silence.is_some();
        let others = self.partitions.iter().filter(|(number, it)| **number != first && quiet(it));
        let silent = std::iter::once(first).chain(others.map(|(number, _)| *number)).collect();
        (of > 1).then_some(SilentPartitions { silent, of })
    }

    fn silent(&self) -> impl Iterator<Item = (i32, &Silence)> {
        self.partitions.iter().filter_map(|(number, it)| Some((*number, it.silence.as_ref()?)))
    }
}

impl Partition {
    /// A partition counts as quiet when nothing has come for at least half as long as that of
    /// `leading` has been silent: one that died with it need not have had its last mention in the
    /// same minute, and a thin one is found silent by itself much later.
    fn voice(&self, leading: &Incident, now: Timestamp) -> Voice {
        let half = now.millis_since(leading.onset) / 2;
        let is_idle = self.heard.idle.load(Ordering::Acquire);
        if let Some(silence) = &self.silence {
            // What came since may be waiting, and have been told of before a crash.
            if silence.handled && !is_idle { Voice::Unread } else { Voice::Quiet }
        } else if self.heard.latest() > now.as_millis() - half {
            Voice::Speaks
        } else if self.followed && is_idle {
            Voice::Quiet
        } else {
            Voice::Unread
        }
    }
}

#[cfg(test)]
mod tests;
