//! A post that is worth telling by itself, whatever the windows show.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::attribute::sample;
use crate::baseline::tail;
use crate::detect::{
    Best, BuiltIn, Feedback, News, Spread, Velocity, alone_severity, shared_post, weight,
};
use crate::incident::{Change, Direction, Measure, Sample, Severity, Signal};
use crate::mention::{Classified, Role, Timestamp, Tone};
use crate::window::mention_key;

use super::brand::{BrandState, Tick};

/// How long what has been told is no news.
const TOLD_MS: i64 = 86_400_000;
/// Remembered for it, authors and posts of a brand each; beyond that what was told longest ago is
/// forgotten.
const TOLD: usize = 64;
/// A severe mention that weighs so many times what was told before is told, too: audiences differ by
/// orders of magnitude.
const HEAVIER: f64 = 10.0;

/// A post, and why it is told.
#[derive(Debug)]
pub(super) struct Post {
    pub signal: Signal,
    pub severity: Severity,
    pub onset: Timestamp,
    /// What tells it from others that begin at the same moment.
    pub about: String,
    pub sample: Sample,
    /// The hashtag or campaign it is told for.
    pub topic: Option<String>,
    /// What a severe mention weighs (see [`weight`]).
    pub weight: Option<f64>,
}

/// What is known of a brand's single posts.
#[derive(Debug, Serialize, Deserialize)]
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

    /// What this knows, with the settings of `fresh`; `None` when it cannot have been counted so.
    pub(super) fn resume(self, fresh: &Self) -> Option<Self> {
        Some(Self { velocity: self.velocity.resume(&fresh.velocity)?, ..self })
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
#[derive(Debug, Serialize, Deserialize)]
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

/// Severe mentions told in the open incident, by what their authors are to the brand.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Voices {
    told: Vec<(Role, News)>,
}

impl Voices {
    /// Whether a mention of `weight` is news at `at`: nobody of that role has been told within a day
    /// whose mention weighed a tenth of that. If so, it has been told now.
    fn is_new(&mut self, role: Role, at: Timestamp, weight: f64) -> bool {
        if let Some((_, news)) = self.told.iter_mut().find(|known| known.0 == role) {
            return news.is_new(at, weight);
        }
        let mut news = News::of_so_many_times(HEAVIER);
        let is_new = news.is_new(at, weight);
        self.told.push((role, news));
        is_new
    }
}

fn key(of: u64) -> String {
    format!("{of:016x}")
}

impl BrandState {
    /// Judges a mention by itself, at once. An incident lasts for `resolve_after` at least, and
    /// within it [`Voices`] tell: that bounds the pages, because a budget of false ones cannot be
    /// computed for what has no baseline.
    pub(super) fn judge_alone(
        &mut self,
        tick: &Tick<'_>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) {
        let Some(min_audience) = tick.plan.sensitivity.min_audience else { return };
        let weight = weight(classified);
        let Some(severity) = alone_severity(weight, min_audience) else { return };
        let at = tick.at;
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
            return_days: None,
        };
        let mention = classified.mention;
        let (onset, about) = (mention.created_at, key(mention_key(&mention.channel, &mention.id)));
        let weight = Some(weight);
        let post = Post { signal, severity, onset, about, sample, topic: None, weight };
        self.tell(tick, post, changes);
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
        let at = tick.at;
        let Some(signal) = self.spread_signal(&spread, at) else { return };
        if self.posts.spread.again(post, at) {
            self.case_mut(Direction::Up).tracker.disturb();
            return;
        }
        let ill = classified.tone == Tone::Negative || !classified.crisis_terms.is_empty();
        let severity = if ill { Severity::Warning } else { Severity::Notice };
        let (onset, about, sample) = (spread.since, key(post), sample(classified));
        let post = Post { signal, severity, onset, about, sample, topic: None, weight: None };
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
        let Best { least, typical, most } = velocity.best()?;
        Some(Signal {
            monitor: BuiltIn::PostVelocity.name().to_owned(),
            measure: Measure::PostShares,
            direction: Direction::Up,
            window_seconds: 3_600,
            at,
            observed: spread.shares,
            expected: typical,
            lower: least,
            upper: most,
            // One hour of so many holds such a post.
            z: tail::z_of_upper_tail(-(24.0 * days).max(2.0).ln()),
            return_days: velocity.told_days(spread.shares),
        })
    }

    /// Tells a post: opens an incident of it, or shows it in the one that is open.
    pub(super) fn tell(&mut self, tick: &Tick<'_>, post: Post, changes: &mut Vec<Change>) {
        let side = Direction::Up;
        if self.case(side).tracker.incident().is_some() {
            changes.extend(self.tell_more(tick, post));
            return;
        }
        let Post { signal, severity, onset, about, sample, topic, weight } = post;
        let (at, role) = (signal.at, sample.role);
        let mut incident =
            self.incident(&signal, std::slice::from_ref(&signal), onset).about(&about);
        (incident.severity, incident.topic) = (severity, topic);
        changes.push(self.begin(tick, side, incident, Some(sample)));
        weight.map(|it| self.case_mut(side).voices.is_new(role, at, it));
    }

    /// Shows a post in the incident that is open. It is told if it makes that more severe, or if it
    /// is a severe mention, as severe as the incident, and news; what is told leads its own alert.
    fn tell_more(&mut self, tick: &Tick<'_>, post: Post) -> Option<Change> {
        let side = Direction::Up;
        let Post { signal, severity, sample, weight, .. } = post;
        let case = self.case_mut(side);
        case.tracker.observe(std::slice::from_ref(&signal));
        case.tracker.disturb();
        let incident = case.tracker.incident()?;
        let escalates = severity > incident.severity;
        let (role, at) = (sample.role, signal.at);
        let is_news = severity >= incident.severity
            && weight.is_some_and(|it| case.voices.is_new(role, at, it));
        let leads = incident.measure == signal.measure && incident.observed == signal.observed;
        // What people read of a mention is of the one they are shown.
        if escalates || is_news || leads || incident.measure != Measure::Audience {
            case.post = Some(sample);
        }
        let evidence = self.evidence(tick, side, self.case(side).tracker.incident()?);
        let tracker = &mut self.case_mut(side).tracker;
        if escalates {
            return tracker.escalate(at, severity, signal, evidence);
        }
        if is_news {
            return tracker.update(at, signal, evidence);
        }
        tracker.refresh(evidence);
        None
    }
}
