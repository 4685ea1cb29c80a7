//! The life of a brand's incident: opened, escalated, updated, resolved.

use std::time::Duration;

use serde::{Deserialize, Serialize};
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
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tracker {
    open: Option<Open>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    incident: Incident,
    sequence: u32,
    calm_since: Option<Timestamp>,
    /// What the latest change was made for, when that is not what leads the incident.
    cause: Option<Signal>,
}

impl Tracker {
    /// The open incident.
    pub fn incident(&self) -> Option<&Incident> {
        self.open.as_ref().map(|open| &open.incident)
    }

    /// Opens `incident`. One that is open already stays open, and is returned as it is.
    pub fn open(&mut self, incident: Incident) -> Change {
        let open = Open { incident, sequence: 0, calm_since: None, cause: None };
        self.open.get_or_insert(open).change()
    }

    /// Of an incident that people know of: `told` is its latest change.
    pub fn resumed(told: &Change) -> Self {
        let Change { sequence, incident, .. } = told.clone();
        Self { open: Some(Open { incident, sequence, calm_since: None, cause: None }) }
    }

    /// Goes on with the open incident under the name by which people know it: `told` is the latest
    /// change of that. Returns whether that is news.
    pub fn go_on_as(&mut self, told: &Change) -> bool {
        let Some(open) = &mut self.open else { return false };
        if open.incident.id == told.incident.id && open.sequence == told.sequence {
            return false;
        }
        open.incident.id = told.incident.id;
        open.incident.onset = told.incident.onset;
        open.incident.detected_at = told.incident.detected_at;
        open.incident.severity = open.incident.severity.max(told.incident.severity);
        open.sequence = told.sequence;
        true
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

    /// Takes the signals of a tick into the open incident: the first by [`Signal::precedence`] of
    /// each monitor and window is kept, and the first of all leads.
    pub fn observe(&mut self, signals: &[Signal]) {
        let Some(open) = &mut self.open else { return };
        for signal in signals {
            open.incident.take(signal);
        }
    }

    /// Raises the open incident to `severity` for `cause`, which leads the alert; nothing changes
    /// when it has been as severe before.
    pub fn escalate(
        &mut self,
        at: Timestamp,
        severity: Severity,
        cause: Signal,
        evidence: Evidence,
    ) -> Option<Change> {
        let open = self.open.as_mut().filter(|open| severity > open.incident.severity)?;
        open.incident.severity = severity;
        open.cause = Some(cause);
        Some(open.advance(State::Escalated, at, evidence))
    }

    /// Tells the open incident anew for `cause`, which leads the alert.
    pub fn update(&mut self, at: Timestamp, cause: Signal, evidence: Evidence) -> Option<Change> {
        let open = self.open.as_mut()?;
        open.cause = Some(cause);
        Some(open.advance(State::Updated, at, evidence))
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
        open.cause = None;
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
        let mut incident = self.incident.clone();
        self.cause.iter().for_each(|cause| incident.lead(cause));
        let id = Uuid::new_v5(&incident.id, &self.sequence.to_be_bytes());
        Change { id, sequence: self.sequence, incident }
    }
}

impl Incident {
    /// Its first signal by [`Signal::precedence`] among those that are `wanted`.
    pub fn foremost(&self, wanted: impl Fn(&Signal) -> bool) -> Option<&Signal> {
        self.signals.iter().filter(|signal| wanted(signal)).max_by(|a, b| a.precedence(b))
    }

    /// Keeps the first of each monitor and window, and is led by the first of all.
    fn take(&mut self, signal: &Signal) {
        let same = self.signals.iter_mut().find(|known| known.is_of_same_window(signal));
        match same {
            Some(known) if known.precedence(signal).is_ge() => {}
            Some(known) => *known = signal.clone(),
            None => self.signals.push(signal.clone()),
        }
        if let Some(first) = self.foremost(|_| true).cloned() {
            self.lead(&first);
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

    /// What is shown of it.
    pub(crate) fn evidence(&self) -> Evidence {
        Evidence {
            mentions: self.mentions,
            negative_mentions: self.negative_mentions,
            sources: self.sources.clone(),
            origin: self.origin.clone(),
            crisis_terms: self.crisis_terms.clone(),
            samples: self.samples.clone(),
            partitions: self.partitions.clone(),
        }
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
            return_days: None,
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
    fn an_incident_is_opened_escalated_updated_and_resolved() {
        let (mut tracker, first) = opened();
        assert_eq!((first.sequence, first.incident.state), (0, State::Opened));
        let second = tracker
            .escalate(at(20), Severity::Critical, signal(20, 9.0), Evidence::default())
            .unwrap();
        assert_eq!((second.sequence, second.incident.state), (1, State::Escalated));
        assert!(
            tracker
                .escalate(at(21), Severity::Critical, signal(21, 9.0), Evidence::default())
                .is_none()
        );
        assert!(
            tracker
                .escalate(at(22), Severity::Warning, signal(22, 9.0), Evidence::default())
                .is_none(),
            "never down"
        );
        let third = tracker.update(at(60), signal(60, 20.0), Evidence::default()).unwrap();
        assert_eq!((third.sequence, third.incident.state), (2, State::Updated));
        assert_eq!((third.incident.severity, third.incident.peak_z), (Severity::Critical, 20.0));
        let last = tracker.resolve(at(90), Evidence::default()).unwrap();
        assert_eq!((last.sequence, last.incident.resolved_at), (3, Some(at(90))));
        assert!(tracker.resolve(at(91), Evidence::default()).is_none());
        assert!(tracker.update(at(92), signal(92, 30.0), Evidence::default()).is_none());
        let changes = [&first, &second, &third, &last];
        let ids: std::collections::BTreeSet<_> = changes.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), 4);
        assert!(changes.iter().all(|it| it.incident.id == first.incident.id));
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

    fn mention(observed: f64) -> Signal {
        Signal {
            monitor: "single-mention".to_owned(),
            measure: Measure::Audience,
            window_seconds: 0,
            observed,
            ..signal(12, 0.0)
        }
    }

    #[test]
    fn of_single_mentions_the_largest_leads() {
        let (mut tracker, _) = opened();
        tracker.observe(&[mention(31_000.0)]);
        tracker.observe(&[mention(900_000.0)]);
        tracker.observe(&[mention(48_000.0)]);
        let signals = &tracker.incident().unwrap().signals;
        assert_eq!(signals.iter().map(|it| it.observed).collect::<Vec<_>>(), [50.0, 900_000.0]);
        assert_eq!(tracker.incident().unwrap().observed, 50.0, "the anger of many goes before");
    }

    #[test]
    fn an_alert_is_led_by_what_it_is_sent_for_and_the_incident_by_what_comes_first() {
        let (mut tracker, _) = opened();
        tracker.observe(&[mention(900_000.0)]);
        let cause = mention(900_000.0);
        let told = tracker.escalate(at(12), Severity::Critical, cause, Evidence::default());
        let led = |incident: &Incident| (incident.measure, incident.observed);
        assert_eq!(told.as_ref().map(|it| led(&it.incident)), Some((Measure::Audience, 900_000.0)));
        assert_eq!(tracker.latest(), told);
        assert_eq!(led(tracker.incident().unwrap()), (Measure::NegativeMentions, 50.0));
        let over = tracker.resolve(at(90), Evidence::default()).unwrap();
        assert_eq!(led(&over.incident), (Measure::NegativeMentions, 50.0));
    }

    proptest::proptest! {
        /// Whatever order signals come in, the same one leads, and none goes before it.
        #[test]
        fn nothing_goes_before_what_leads(
            drawn in proptest::collection::vec((0..Measure::ALL.len(), -40.0_f64..40.0), 1..8),
        ) {
            let signals: Vec<Signal> = drawn
                .iter()
                .enumerate()
                .map(|(n, &(measure, z))| Signal {
                    monitor: n.to_string(),
                    measure: Measure::ALL[measure],
                    direction: if z < 0.0 { Direction::Down } else { Direction::Up },
                    ..signal(10, z)
                })
                .collect();
            let led = |signals: &[Signal]| {
                let (mut tracker, _) = opened();
                signals.iter().for_each(|it| tracker.observe(std::slice::from_ref(it)));
                let incident = tracker.incident().unwrap().clone();
                let first = incident.foremost(|_| true).unwrap().clone();
                assert_eq!((incident.measure, incident.peak_z), (first.measure, first.z));
                assert!(incident.signals.iter().all(|it| it.precedence(&first).is_le()));
                (first.measure, first.z)
            };
            let reversed: Vec<Signal> = signals.iter().rev().cloned().collect();
            proptest::prop_assert_eq!(led(&signals), led(&reversed));
        }
    }

    #[test]
    fn what_is_open_can_be_told_again() {
        let (mut tracker, first) = opened();
        assert_eq!(tracker.latest(), Some(first));
        tracker.resolve(at(90), Evidence::default());
        assert_eq!(tracker.latest(), None);
    }
}
