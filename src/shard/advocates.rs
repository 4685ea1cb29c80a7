//! Authors who regularly speak well of a brand, and have gone quiet.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::attribute::author;
use crate::detect::{Advocates, BuiltIn, Feedback, Roll, Silent, is_follow};
use crate::incident::{
    Change, Direction, Evidence, Incident, Measure, Signal, SourceKind, SourceShare, Tracker,
};
use crate::mention::{Classified, Role, Timestamp, Tone, millis};
use crate::window::mention_key;

use super::brand::{BrandState, TYPICAL_Z, Tick};

/// They are looked at when people come to work: at this hour of the day, in the plan's time zone.
const HOUR: usize = 9;
/// What the look is at.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Most of the silent who are named.
const NAMED: usize = 5;

/// What is known of a brand's advocates.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Community {
    advocates: Advocates,
    /// Whether there has ever been one.
    any: bool,
    pub(super) tracker: Tracker,
    opened_at: Option<Timestamp>,
    volume: Volume,
    /// The hour of day that the last closed pane lay in.
    hour: usize,
    /// Whether the feed has been dead since the last look.
    dead: bool,
    /// What people have said of earlier incidents.
    pub(super) feedback: Feedback,
}

/// Mentions and negative ones, by day; today comes first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Volume {
    days: VecDeque<[u64; 2]>,
    /// Those of the open incident, before today.
    before: [u64; 2],
}

impl Community {
    /// Takes a mention. The brand's own people are no advocates.
    fn observe(&mut self, classified: &Classified<'_>) {
        if is_follow(classified) {
            return;
        }
        self.volume.count(classified.tone);
        if matches!(classified.role, Role::Official | Role::Employee) {
            return;
        }
        let mention = classified.mention;
        if let Some(name) = author(mention) {
            let key = mention_key(&mention.channel, name);
            let praises = classified.tone == Tone::Positive;
            self.advocates.observe(key, name, mention.created_at, praises);
        }
    }

    pub(super) fn incident(&self) -> Option<&Incident> {
        self.tracker.incident()
    }

    pub(super) fn latest(&self) -> Option<Change> {
        self.tracker.latest()
    }

    /// Whether there has ever been an advocate.
    pub(super) const fn has_any(&self) -> bool {
        self.any
    }

    /// Authors remembered now.
    pub(super) fn len(&self) -> usize {
        self.advocates.len()
    }

    /// Closes a pane; the look at the advocates, if it is time for one and something can be said.
    fn tick(&mut self, tick: &Tick<'_>) -> Option<Roll> {
        self.dead |= tick.feed_dead;
        let hour = tick.exposure.part(tick.end - 1)?.slot.hour();
        let is_due = std::mem::replace(&mut self.hour, hour) != hour && hour == HOUR;
        if !is_due {
            return None;
        }
        // A day on which nothing at all came tells nothing, even before the feed is found dead.
        let silent = tick.exposure.silent() >= tick.watch.panes_per_day;
        let watched = !std::mem::take(&mut self.dead) && !silent;
        self.advocates.turn(watched);
        self.volume.turn();
        let roll = self.advocates.roll(TYPICAL_Z)?;
        self.any |= roll.advocates > 0;
        Some(roll)
    }

    fn evidence(&self, roll: &Roll) -> Evidence {
        let shortfall: f64 = roll.silent.iter().map(|it| it.chance).sum();
        let source = |it: &Silent| SourceShare {
            kind: SourceKind::Author,
            value: it.name.clone(),
            count: 0,
            share: it.chance / shortfall,
        };
        let [mentions, negative_mentions] = self.volume.since();
        Evidence {
            mentions,
            negative_mentions,
            sources: roll.silent.iter().take(NAMED).map(source).collect(),
            ..Evidence::default()
        }
    }
}

impl Volume {
    fn count(&mut self, tone: Tone) {
        if self.days.is_empty() {
            self.days.push_front([0, 0]);
        }
        if let Some(today) = self.days.front_mut() {
            add(today, [1, u64::from(tone == Tone::Negative)]);
        }
    }

    /// A day is over.
    fn turn(&mut self) {
        if let Some(&today) = self.days.front() {
            add(&mut self.before, today);
        }
        self.days.push_front([0, 0]);
        self.days.truncate(WEEK.as_secs() as usize / 86_400 + 1);
    }

    /// What an incident that is opened now is of: the days that were looked at.
    fn begin(&mut self) {
        self.before = [0, 0];
        self.days.iter().skip(1).for_each(|&day| add(&mut self.before, day));
    }

    fn since(&self) -> [u64; 2] {
        let mut since = self.before;
        self.days.front().into_iter().for_each(|&today| add(&mut since, today));
        since
    }
}

fn add(sum: &mut [u64; 2], day: [u64; 2]) {
    sum.iter_mut().zip(day).for_each(|(sum, day)| *sum += day);
}

impl BrandState {
    /// Takes a mention, of which nothing is judged before the day is over.
    pub(super) fn hear(&mut self, tick: &Tick<'_>, classified: &Classified<'_>) {
        if tick.plan.sensitivity.advocates {
            self.community.observe(classified);
        }
    }

    /// Looks at the advocates once a day, of which at most one incident is open at a time, told a
    /// week after the last at the soonest. It is no swing of the mentions, so it is neither held
    /// against them nor told with them.
    pub(super) fn judge_advocates(&mut self, tick: &Tick<'_>, changes: &mut Vec<Change>) {
        if !tick.plan.sensitivity.advocates {
            return;
        }
        let known = self.community.any;
        let Some(roll) = self.community.tick(tick) else { return };
        if known != self.community.any {
            self.set_limits(tick.watch);
        }
        let limit = tick.watch.limit_of(self.limits.page_days, 1, WEEK)
            * self.community.feedback.factor(tick.at);
        let signal = signal(tick, &roll);
        let community = &mut self.community;
        if community.tracker.incident().is_some() {
            community.tracker.observe(std::slice::from_ref(&signal));
            let evidence = community.evidence(&roll);
            if roll.is_calm(tick.plan.sensitivity.calm_z) {
                changes.extend(community.tracker.resolve(tick.at, evidence));
            } else {
                community.tracker.refresh(evidence);
            }
            return;
        }
        let again = community.opened_at.is_some_and(|it| tick.at.millis_since(it) < millis(WEEK));
        if again || !roll.is_quiet(limit) {
            return;
        }
        let onset = roll.since().unwrap_or(tick.at);
        let mut incident = self.incident(&signal, std::slice::from_ref(&signal), onset);
        let community = &mut self.community;
        community.opened_at = Some(tick.at);
        community.volume.begin();
        incident.show(community.evidence(&roll));
        changes.push(community.tracker.open(incident));
    }
}

fn signal(tick: &Tick<'_>, roll: &Roll) -> Signal {
    Signal {
        monitor: BuiltIn::AdvocatesQuiet.name().to_owned(),
        measure: Measure::Advocates,
        direction: Direction::Down,
        window_seconds: WEEK.as_secs(),
        at: tick.at,
        observed: roll.heard as f64,
        expected: roll.expected,
        lower: roll.typical.0,
        upper: roll.typical.1,
        z: roll.z,
        return_days: None,
    }
}
