//! The life of a brand's incident: opened, escalated, resolved.

use std::time::Duration;

use uuid::Uuid;

use super::Sample;
use super::model::{
    Change, Incident, Origin, Severity, Signal, SilentPartitions, SourceShare, State, TermCount,
};
use crate::mention::{Timestamp, millis};

/// Names incidents and changes; itself a random UUID, fixed for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3c52_8a0e_4b7d_9c41_52d7_7f0e_91ab);

/// The id of the incident of `brand` that `monitor` raised and that began at `onset`.
pub fn incident_id(brand: &str, monitor: &str, onset: Timestamp) -> Uuid {
    let name = format!("{brand}\u{1f}{monitor}\u{1f}{}", onset.as_millis());
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// What the excess comes from, at the moment of a change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// Mentions since the onset.
    pub mentions: u64,
    /// Negative ones among them.
    pub negative_mentions: u64,
    /// What carries the excess: largest share first within each kind, kinds in the order of
    /// [`SourceKind::ALL`](super::SourceKind::ALL).
    pub sources: Vec<SourceShare>,
    /// Whether a rise is organic or coordinated.
    pub origin: Option<Origin>,
    /// Crisis terms found, most frequent first.
    pub crisis_terms: Vec<TermCount>,
    /// At most three mentions that speak for the rest.
    pub samples: Vec<Sample>,
    /// Which of a feed's partitions are silent.
    pub partitions: Option<SilentPartitions>,
}

/// At most one open incident, and what is known of it.
#[derive(Debug, Default)]
pub struct Tracker {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    incident: Incident,
    sequence: u32,
    calm_since: Option<Timestamp>,
}

impl Tracker {
    /// The open incident.
    pub fn incident(&self) -> Option<&Incident> {
        self.open.as_ref().map(|open| &open.incident)
    }

    /// Opens `incident`. One that is open already stays open, and is returned as it is.
    pub fn open(&mut self, incident: Incident) -> Change {
        self.open.get_or_insert(Open { incident, sequence: 0, calm_since: None }).change()
    }

    /// The latest change of the open incident, once more.
    pub fn latest(&self) -> Option<Change> {
        self.open.as_ref().map(Open::change)
    }

    /// Shows what the open incident's excess comes from now.
    pub fn refresh(&mut self, evidence: Evidence) {
        if let Some(open) = &mut self.open {
            open.incident.show(evidence);
        }
    }

    /// Takes the signals of a tick into the open incident: the most unusual moment of each monitor
    /// and window is kept, and the most unusual of all leads.
    pub fn observe(&mut self, signals: &[Signal]) {
        let Some(open) = &mut self.open else { return };
        for signal in signals {
            open.incident.take(signal);
        }
    }

    /// Raises the open incident to `severity`; nothing changes when it has been as severe before.
    pub fn escalate(
        &mut self,
        at: Timestamp,
        severity: Severity,
        evidence: Evidence,
    ) -> Option<Change> {
        let open = self.open.as_mut().filter(|open| severity > open.incident.severity)?;
        open.incident.severity = severity;
        Some(open.advance(State::Escalated, at, evidence))
    }

    /// Takes note of whether the open incident is `calm`; `true` once it has been for `hold`.
    pub fn settle(&mut self, at: Timestamp, calm: bool, hold: Duration) -> bool {
        let Some(open) = self.open.as_mut() else {
            return false;
        };
        if !calm {
            open.calm_since = None;
            return false;
        }
        let since = *open.calm_since.get_or_insert(at);
        at.millis_since(since) >= millis(hold)
    }

    /// What the open incident is of goes on: calm begins anew.
    pub fn disturb(&mut self) {
        if let Some(open) = &mut self.open {
            open.calm_since = None;
        }
    }

    /// Resolves the open incident.
    pub fn resolve(&mut self, at: Timestamp, evidence: Evidence) -> Option<Change> {
        let mut open = self.open.take()?;
        open.incident.resolved_at = Some(at);
        Some(open.advance(State::Resolved, at, evidence))
    }
}

impl Open {
    fn advance(&mut self, state: State, at: Timestamp, evidence: Evidence) -> Change {
        self.sequence += 1;
        self.incident.state = state;
        // A single mention may be told a moment before the pane it lies in is over.
        self.incident.updated_at = at.max(self.incident.updated_at);
        self.incident.show(evidence);
        self.change()
    }

    fn change(&self) -> Change {
        Change {
            id: Uuid::new_v5(&self.incident.id, &self.sequence.to_be_bytes()),
            sequence: self.sequence,
            incident: self.incident.clone(),
        }
    }
}

impl Incident {
    /// Keeps the most unusual moment of each monitor and window.
    fn take(&mut self, signal: &Signal) {
        let same = self.signals.iter_mut().find(|known| {
            known.monitor == signal.monitor && known.window_seconds == signal.window_seconds
        });
        match same {
            Some(known) if known.z.abs() >= signal.z.abs() => {}
            Some(known) => *known = signal.clone(),
            None => self.signals.push(signal.clone()),
        }
        if signal.z.abs() > self.peak_z.abs() {
            self.lead(signal);
        }
    }

    /// Makes `signal` the one people read about.
    fn lead(&mut self, signal: &Signal) {
        self.measure = signal.measure;
        self.peak_z = signal.z;
        self.observed = signal.observed;
        self.expected = signal.expected;
        self.lower = signal.lower;
        self.upper = signal.upper;
        self.window_seconds = signal.window_seconds;
    }

    pub(crate) fn show(&mut self, evidence: Evidence) {
        self.mentions = evidence.mentions;
        self.negative_mentions = evidence.negative_mentions;
        self.sources = evidence.sources;
        self.origin = evidence.origin;
        self.crisis_terms = evidence.crisis_terms;
        self.samples = evidence.samples;
        self.partitions = evidence.partitions;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::incident::{Direction, Measure, Subject};

    const HOLD: Duration = Duration::from_secs(1_800);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn signal(minute: i64, z: f64) -> Signal {
        Signal {
            monitor: "negative-up".to_owned(),
            measure: Measure::NegativeMentions,
            direction: Direction::Up,
            window_seconds: 3_600,
            at: at(minute),
            observed: 10.0 * z,
            expected: 10.0,
            lower: 5.0,
            upper: 16.0,
            z,
        }
    }

    fn opened() -> (Tracker, Change) {
        let leading = signal(10, 5.0);
        let incident = Incident::open(
            (Subject::Brand, "Acme", None),
            &leading,
            std::slice::from_ref(&leading),
            at(3),
        );
        let mut tracker = Tracker::default();
        let change = tracker.open(incident);
        (tracker, change)
    }

    #[test]
    fn an_incident_is_opened_escalated_and_resolved_once_each() {
        let (mut tracker, first) = opened();
        assert_eq!((first.sequence, first.incident.state), (0, State::Opened));
        let second = tracker.escalate(at(20), Severity::Critical, Evidence::default()).unwrap();
        assert_eq!((second.sequence, second.incident.state), (1, State::Escalated));
        assert!(tracker.escalate(at(21), Severity::Critical, Evidence::default()).is_none());
        assert!(
            tracker.escalate(at(22), Severity::Warning, Evidence::default()).is_none(),
            "never down"
        );
        let third = tracker.resolve(at(90), Evidence::default()).unwrap();
        assert_eq!((third.sequence, third.incident.resolved_at), (2, Some(at(90))));
        assert!(tracker.resolve(at(91), Evidence::default()).is_none());
        let ids = [first.id, second.id, third.id];
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    }

    #[test]
    fn ids_follow_from_brand_monitor_and_onset_alone() {
        assert_eq!(opened().1, opened().1);
        let id = |brand, monitor, minute| incident_id(brand, monitor, at(minute));
        assert_eq!(id("Acme", "up", 1), id("Acme", "up", 1));
        assert_ne!(id("Acme", "up", 1), id("Acme", "up", 2));
        assert_ne!(id("Acme", "up", 1), id("Acme", "down", 1));
        assert_ne!(id("Acme", "up", 1), id("Ac", "meup", 1));
        // Receivers may have stored it: it may not change from release to release.
        assert_eq!(id("Acme", "up", 1).to_string(), "2f61f751-f31c-5d63-98fb-397ab648f782");
    }

    #[test]
    fn it_resolves_after_calm_that_lasts_and_no_sooner() {
        let (mut tracker, _) = opened();
        assert!(!tracker.settle(at(20), true, HOLD));
        assert!(!tracker.settle(at(49), true, HOLD));
        assert!(!tracker.settle(at(50), false, HOLD), "one restless minute");
        assert!(!tracker.settle(at(51), true, HOLD), "begins the wait anew");
        assert!(!tracker.settle(at(80), true, HOLD));
        assert!(tracker.settle(at(81), true, HOLD));
    }

    #[test]
    fn the_most_unusual_moment_leads() {
        let (mut tracker, _) = opened();
        tracker.observe(&[signal(11, 7.0)]);
        tracker.observe(&[signal(12, 6.0)]);
        let incident = tracker.incident().unwrap();
        assert_eq!((incident.peak_z, incident.observed), (7.0, 70.0));
        assert_eq!(incident.signals.len(), 1, "one entry a monitor and window");
        assert_eq!(incident.signals[0].at, at(11));
    }

    #[test]
    fn what_is_open_can_be_told_again() {
        let (mut tracker, first) = opened();
        assert_eq!(tracker.latest(), Some(first));
        tracker.resolve(at(90), Evidence::default());
        assert_eq!(tracker.latest(), None);
    }
}
