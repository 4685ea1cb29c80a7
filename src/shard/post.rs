//! A post that is worth telling by itself, whatever the windows show.

use std::collections::VecDeque;

use crate::attribute::sample;
use crate::baseline::tail;
use crate::detect::{BuiltIn, Feedback, Spread, Velocity, alone_severity, shared_post, weight};
use crate::incident::{Change, Direction, Incident, Measure, Sample, Severity, Signal, Subject};
use crate::mention::{Classified, Timestamp, Tone};
use crate::window::Pane;

use super::brand::{BrandState, Tick};
use super::since::SinceOnset;

/// How long what has been told is no news.
const TOLD_MS: i64 = 86_400_000;
/// Remembered for it, authors and posts of a brand each; beyond that what was told longest ago is
/// forgotten.
const TOLD: usize = 64;

/// A post, and why it is told.
#[derive(Debug)]
pub(super) struct Post {
    pub signal: Signal,
    pub severity: Severity,
    pub onset: Timestamp,
    pub sample: Sample,
    /// The hashtag or campaign it is told for.
    pub topic: Option<String>,
}

/// What is known of a brand's single posts.
#[derive(Debug)]
pub(super) struct Posts {
    /// Authors of severe mentions.
    heard: Told<String>,
    velocity: Velocity,
    /// Posts that spread.
    spread: Told<u64>,
    /// Whether any post has ever been shared.
    shared: bool,
    /// What people have said of posts that spread.
    pub(super) feedback: Feedback,
}

impl Posts {
    pub(super) fn new(least_shares: f64) -> Self {
        Self {
            heard: Told::default(),
            velocity: Velocity::new(least_shares),
            spread: Told::default(),
            shared: false,
            feedback: Feedback::default(),
        }
    }

    /// Closes a pane in which the feed was alive.
    pub(super) fn close(&mut self, panes_per_day: usize) {
        self.velocity.close(panes_per_day);
    }

    pub(super) const fn are_shared(&self) -> bool {
        self.shared
    }

    /// Posts remembered now.
    pub(super) fn len(&self) -> usize {
        self.velocity.len()
    }
}

/// What has been told within the last day.
#[derive(Debug)]
pub(super) struct Told<T> {
    recent: VecDeque<(Timestamp, T)>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { recent: VecDeque::new() }
    }
}

impl<T: PartialEq> Told<T> {
    /// Whether `it` has been told within a day before `at`; if not, it has been now.
    pub(super) fn again(&mut self, it: T, at: Timestamp) -> bool {
        self.recent.retain(|known| at.millis_since(known.0) < TOLD_MS);
        if self.recent.iter().any(|known| known.1 == it) {
            return true;
        }
        if self.recent.len() == TOLD {
            self.recent.pop_front();
        }
        self.recent.push_back((at, it));
        false
    }
}

impl BrandState {
    /// Judges a mention by itself, at once. While an incident is open there is never more
    /// than one page, and one lasts for `resolve_after` at least: that bounds the pages, because a
    /// budget of false ones cannot be computed for what has no baseline.
    pub(super) fn judge_alone(
        &mut self,
        tick: &Tick<'_>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) {
        let Some(min_audience) = tick.plan.sensitivity.min_audience else { return };
        let Some(severity) = alone_severity(weight(classified), min_audience) else { return };
        // Nothing is told before the panes that are closed already.
        let at = classified.mention.created_at.max(tick.at);
        let sample = sample(classified);
        // Of an author whom nobody knows nothing has been heard.
        let again = sample.author.clone().is_some_and(|it| self.posts.heard.again(it, at));
        if again {
            self.case_mut(Direction::Up).tracker.disturb();
            return;
        }
        let signal = Signal {
            monitor: BuiltIn::SingleMention.name().to_owned(),
            measure: Measure::Audience,
            direction: Direction::Up,
            window_seconds: 0,
            at,
            observed: sample.audience as f64,
            expected: 0.0,
            lower: 0.0,
            upper: min_audience,
            z: 0.0,
        };
        let onset = classified.mention.created_at;
        self.tell(tick, Post { signal, severity, onset, sample, topic: None }, changes);
    }

    /// Judges a share by how far its post has spread.
    pub(super) fn judge_spread(
        &mut self,
        tick: &Tick<'_>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) {
        let mention = classified.mention;
        let Some(post) = shared_post(mention) else { return };
        if !std::mem::replace(&mut self.posts.shared, true) {
            self.set_limits(tick.watch);
        }
        let Some(spread) = self.posts.velocity.observe(mention.created_at, post) else { return };
        let at = mention.created_at.max(tick.at);
        let Some(signal) = self.spread_signal(&spread, at) else { return };
        if self.posts.spread.again(post, at) {
            self.case_mut(Direction::Up).tracker.disturb();
            return;
        }
        let ill = classified.tone == Tone::Negative || !classified.crisis_terms.is_empty();
        let severity = if ill { Severity::Warning } else { Severity::Notice };
        let (onset, sample) = (spread.since, sample(classified));
        let post = Post { signal, severity, onset, sample, topic: None };
        self.tell(tick, post, changes);
    }

    /// The signal of a post that has spread further than the budget allows for.
    fn spread_signal(&self, spread: &Spread, at: Timestamp) -> Option<Signal> {
        let velocity = &self.posts.velocity;
        let rarity = self.posts.feedback.rarity(at);
        let limit = velocity.level(self.limits.page_days * rarity)?;
        if spread.shares < limit {
            return None;
        }
        let days = velocity.return_days(spread.shares)?;
        Some(Signal {
            monitor: BuiltIn::PostVelocity.name().to_owned(),
            measure: Measure::PostShares,
            direction: Direction::Up,
            window_seconds: 3_600,
            at,
            observed: spread.shares,
            expected: velocity.level(1.0)?,
            lower: 0.0,
            upper: limit,
            // One hour of so many holds such a post.
            z: tail::z_of_upper_tail(-(24.0 * days).max(2.0).ln()),
        })
    }

    /// Tells a post: opens an incident of it, or shows it in the one that is open.
    pub(super) fn tell(&mut self, tick: &Tick<'_>, post: Post, changes: &mut Vec<Change>) {
        let side = Direction::Up;
        let Post { signal, severity, onset, sample, topic } = post;
        let case = self.case_mut(side);
        case.post = Some(sample);
        if case.tracker.incident().is_some() {
            case.tracker.observe(std::slice::from_ref(&signal));
            case.tracker.disturb();
            let Some(incident) = self.case(side).tracker.incident() else { return };
            let evidence = self.evidence(tick, side, incident);
            let tracker = &mut self.case_mut(side).tracker;
            match tracker.escalate(signal.at, severity, evidence.clone()) {
                Some(change) => changes.push(change),
                None => tracker.refresh(evidence),
            }
            return;
        }
        let from = tick.watch.pane_of(onset);
        let subject = (Subject::Brand, self.brand.name.as_str(), self.brand.market.as_deref());
        let mut incident = Incident::open(subject, &signal, std::slice::from_ref(&signal), onset);
        incident.severity = severity;
        incident.topic = topic;
        let watched = tick.exposure.slots_between(from, tick.end).count() as Pane;
        self.case_mut(side).since_onset = SinceOnset::new(from, &self.counters, watched);
        let mut evidence = self.evidence(tick, side, &incident);
        // Its pane is not closed yet, and it is there.
        evidence.mentions = evidence.mentions.max(1);
        incident.show(evidence);
        changes.push(self.begin(tick, side, incident, from));
    }
}
