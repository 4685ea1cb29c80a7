//! How a brand's incident is opened, followed and closed.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::attribute::{Question, Swing};
use crate::baseline::Part;
use crate::detect::{LastTold, Reading, Record, explained_by, onset};
use crate::incident::{
    Change, Direction, Evidence, Facts, Incident, Measure, Mood, Sample, Severity, Signal, Subject,
    Tracker,
};
use crate::mention::{Timestamp, millis};
use crate::window::Pane;

use super::brand::{BrandState, MENTIONS, Tick};
use super::post::Voices;
use super::since::SinceOnset;

/// What is open of a brand on one side (see [`Check::side`](super::watch::Check)), and what was.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Case {
    pub tracker: Tracker,
    /// Counts for the open incident.
    pub since_onset: SinceOnset,
    /// The pane from which on the open incident's level is not what is typical: that of the onset, or
    /// that in which a level of it was last accepted...
    pub level_from: Pane,
    /// ...and how many panes of the incident had been watched by then.
    pub level_watched: Pane,
    /// The last incident that windows raised and that is over.
    pub resolved: Option<Resolved>,
    /// Watched panes in a row in which the open incident has not been calm.
    pub uneasy: Pane,
    /// The post that the open incident is of, or shows before all others.
    pub post: Option<Sample>,
    /// How far out people know the open incident's swing to be.
    told: LastTold,
    /// Who has been heard in it.
    pub voices: Voices,
}

/// When an incident was over, and what had signalled in it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Resolved {
    pub at: Timestamp,
    measures: Vec<Measure>,
}

impl Resolved {
    /// Whether a swing of `measure` may be what is left of that incident: what counts the same, or a
    /// part of it.
    pub(super) fn explains(&self, measure: Measure) -> bool {
        self.measures.iter().any(|&it| {
            it == measure || it == Measure::Mentions || (it.is_of_anger() && measure.is_of_anger())
        })
    }
}

impl BrandState {
    /// Opens the incident that `leading`, the first of the `signals`, raises.
    pub(super) fn open(
        &mut self,
        tick: &Tick<'_>,
        side: Direction,
        signals: &[Signal],
        leading: &Signal,
    ) -> Change {
        let onset = tick.watch.start_of(self.onset(tick, side, leading));
        let incident = self.incident(leading, signals, onset);
        self.begin(tick, side, incident, None)
    }

    /// An incident of this brand, of which nothing is known yet but its signals.
    pub(super) fn incident(
        &self,
        leading: &Signal,
        signals: &[Signal],
        onset: Timestamp,
    ) -> Incident {
        let subject = (Subject::Brand, self.brand.name.as_str(), self.brand.market.as_deref());
        Incident::open(subject, leading, signals, onset)
    }

    /// Opens `incident` with what is known of it from its onset on. One that a `post` opens is as
    /// severe as that; any other is judged by its mentions.
    pub(super) fn begin(
        &mut self,
        tick: &Tick<'_>,
        side: Direction,
        mut incident: Incident,
        post: Option<Sample>,
    ) -> Change {
        let from = tick.watch.pane_of(incident.onset);
        let watched = tick.exposure.parts_between(from, tick.end).count() as Pane;
        let is_of_post = post.is_some();
        let case = &mut self.cases[side as usize];
        case.since_onset = SinceOnset::new(from, &self.counters, watched);
        case.post = post;
        let mut evidence = self.evidence(tick, side, &incident);
        if is_of_post {
            // Its pane is not closed yet, and it is there.
            evidence.mentions = evidence.mentions.max(1);
        } else {
            incident.severity = self.severity(tick, side, &incident).0;
        }
        incident.show(evidence);
        // In the first days a new hour of the day cannot be told from a crisis.
        if self.baselines[MENTIONS].has_rhythm_before(tick.watch.hour_of(from)) {
            self.attribution.hold_since(from);
        }
        let swing = tick.watch.of_windows(&incident).map(|it| it.z.abs()).fold(0.0, f64::max);
        let case = self.case_mut(side);
        (case.level_from, case.level_watched, case.uneasy) = (from, 0, 0);
        case.told = LastTold::new(tick.at, swing);
        case.voices = Voices::default();
        let change = case.tracker.open(incident);
        self.hold(tick, side);
        change
    }

    /// Shows what the open incidents' excess comes from now, told or not.
    pub(super) fn refresh(&mut self, tick: &Tick<'_>) {
        self.changed = true;
        for side in Direction::ALL {
            if let Some(incident) = self.case(side).tracker.incident() {
                let evidence = self.evidence(tick, side, incident);
                self.case_mut(side).tracker.refresh(evidence);
            }
        }
    }

    /// Follows the open incident: it may escalate, become the new normal, or be over.
    pub(super) fn follow(
        &mut self,
        tick: &Tick<'_>,
        side: Direction,
        signals: &[Signal],
        changes: &mut Vec<Change>,
    ) {
        self.case_mut(side).tracker.observe(signals);
        self.hold(tick, side);
        let surpassed = if tick.feed_dead { None } else { self.surpassed(tick, side, signals) };
        changes.extend(self.worsen(tick, side, signals, surpassed));
        // Long windows may stay beyond their limits for a day after a burst; they do not keep the
        // incident open, nor may they open another while they reach back into this one. A dead feed
        // says nothing, neither that it is over nor that it lasts.
        let calm = !tick.feed_dead && self.is_calm(tick, side);
        if !tick.feed_dead {
            let case = self.case_mut(side);
            case.uneasy = if calm { 0 } else { case.uneasy + 1 };
            self.accept_lasting_level(tick, side);
        }
        let hold = tick.plan.sensitivity.resolve_after;
        if self.case_mut(side).tracker.settle(tick.at, calm, hold) {
            changes.extend(self.resolve(tick, side));
        }
    }

    /// Tells that the open incident is more severe than it was, or else that its swing has
    /// `surpassed` by far what people know of it.
    fn worsen(
        &mut self,
        tick: &Tick<'_>,
        side: Direction,
        signals: &[Signal],
        surpassed: Option<&Signal>,
    ) -> Option<Change> {
        let first = signals.iter().max_by(|a, b| a.precedence(b))?;
        let incident = self.case(side).tracker.incident()?;
        let (severity, of) = self.severity(tick, side, incident);
        let escalates = severity > incident.severity;
        let made_it = |it: &&Signal| of.is_some_and(|of| it.is_of_same_window(of));
        let severe = || signals.iter().find(made_it).unwrap_or(first);
        let cause = if escalates { severe() } else { surpassed? }.clone();
        let evidence = self.evidence(tick, side, incident);
        let case = self.case_mut(side);
        let furthest = signals.iter().map(|it| it.z.abs()).fold(0.0, f64::max);
        case.told = LastTold::new(tick.at, furthest);
        if escalates {
            return case.tracker.escalate(tick.at, severity, cause, evidence);
        }
        case.tracker.update(tick.at, cause, evidence)
    }

    /// What must be read first of the `signals` that lie further out than people were last told, if
    /// one does much further, in the window by which the incident is judged over. One such window
    /// long nothing is news: what it holds people have been told of. What is welcome is none where
    /// anything else has signalled.
    fn surpassed<'a>(
        &mut self,
        tick: &Tick<'_>,
        side: Direction,
        signals: &'a [Signal],
    ) -> Option<&'a Signal> {
        let incident = self.case(side).tracker.incident()?;
        let window = tick.watch.durations[self.resolving(tick, incident)];
        let welcome = |signal: &Signal| signal.mood() == Mood::Glad;
        let only_welcome = incident.signals.iter().all(welcome);
        let judged =
            |it: &&Signal| it.window_seconds == window.as_secs() && (only_welcome || !welcome(it));
        let judged = || signals.iter().filter(judged);
        let furthest = judged().map(|it| it.z.abs()).fold(0.0, f64::max);
        self.case_mut(side).told.follow(tick.at, furthest);
        let told = &self.case(side).told;
        if told.is_of_a_swing() && told.millis_ago(tick.at) < millis(window) {
            return None;
        }
        let news =
            |it: &Signal| self.record(tick, it).is_some_and(|of| told.is_surpassed(it.z, of));
        let worse = judged().filter(|it| told.is_less_than(it.z)).max_by(|a, b| a.precedence(b));
        worse.filter(|_| judged().any(news))
    }

    /// The record of the window that raised `signal`.
    fn record(&self, tick: &Tick<'_>, signal: &Signal) -> Option<&Record> {
        let raised = tick.watch.checks.iter().position(|check| {
            check.monitor == signal.monitor
                && tick.watch.durations[check.window].as_secs() == signal.window_seconds
        });
        self.records.get(raised?)
    }

    fn resolve(&mut self, tick: &Tick<'_>, side: Direction) -> Option<Change> {
        let evidence = self.evidence(tick, side, self.case(side).tracker.incident()?);
        let case = self.case_mut(side);
        let incident = case.tracker.incident().into_iter();
        let signals = incident.flat_map(|it| tick.watch.of_windows(it));
        let measures: Vec<Measure> = signals.map(|signal| signal.measure).collect();
        // What no window has raised, none has to forget.
        if !measures.is_empty() {
            case.resolved = Some(Resolved { at: tick.at, measures });
        }
        let change = case.tracker.resolve(tick.at, evidence);
        if self.incidents().next().is_none() {
            self.attribution.release();
        }
        change
    }

    /// The window an incident must be calm in: the shortest that is not shorter than what raised it.
    fn resolving(&self, tick: &Tick<'_>, incident: &Incident) -> usize {
        let windows = tick.watch.of_windows(incident);
        let shortest = windows.map(|signal| signal.window_seconds).min();
        let shortest = Duration::from_secs(shortest.unwrap_or(0));
        tick.watch.resolving(shortest, tick.plan.sensitivity.resolve_after)
    }

    /// How many panes what is over is still seen for.
    pub(super) fn lag(&self, tick: &Tick<'_>, side: Direction) -> Pane {
        let incident = self.case(side).tracker.incident();
        incident.map_or(0, |it| tick.watch.windows[self.resolving(tick, it)] as Pane)
    }

    /// Whether every measure that signalled is back to normal.
    fn is_calm(&self, tick: &Tick<'_>, side: Direction) -> bool {
        let Some(incident) = self.case(side).tracker.incident() else { return true };
        let sensitivity = &tick.plan.sensitivity;
        let window = self.resolving(tick, incident);
        incident.signals.iter().all(|signal| {
            self.reading_of(tick, signal.measure, window)
                .is_none_or(|reading| reading.is_calm(signal.direction, sensitivity))
        })
    }

    /// Whether something that signalled is still off by a margin that matters: between that and calm
    /// lies what may be the level of the incident or the usual one.
    pub(super) fn is_out(&self, tick: &Tick<'_>, side: Direction) -> bool {
        let Some(incident) = self.case(side).tracker.incident() else { return false };
        let sensitivity = &tick.plan.sensitivity;
        let window = self.resolving(tick, incident);
        incident.signals.iter().any(|signal| {
            self.reading_of(tick, signal.measure, window).is_some_and(|reading| {
                reading.swings(signal.direction, sensitivity.calm_z, sensitivity)
            })
        })
    }

    /// How severe `incident` is by the worst of its windows, and the signal of that window. Of an
    /// angry one anger decides, where it has signalled.
    fn severity<'a>(
        &self,
        tick: &Tick<'_>,
        side: Direction,
        incident: &'a Incident,
    ) -> (Severity, Option<&'a Signal>) {
        let since = &self.case(side).since_onset;
        // A single mention is as severe as it is whatever the windows show, and the other way round.
        let signals = || tick.watch.of_windows(incident);
        let angry = signals().any(|signal| signal.mood() == Mood::Angry);
        let only_glad = signals().all(|signal| signal.mood() == Mood::Glad);
        let of_mentions = signals().any(|signal| signal.measure == Measure::Mentions);
        let counts = |signal: &&Signal| match signal.mood() {
            Mood::Angry => true,
            Mood::Glad => only_glad,
            Mood::Open => !angry,
        };
        let of_window = |signal: &'a Signal| {
            // Severity speaks of mentions: a share of 90 % of eleven mentions is no catastrophe.
            let measure = match (angry, of_mentions) {
                (true, _) => Measure::NegativeMentions,
                (false, true) => Measure::Mentions,
                (false, false) => signal.measure,
            };
            let its = |duration: &Duration| duration.as_secs() == signal.window_seconds;
            let window = tick.watch.durations.iter().position(its).unwrap_or(0);
            let reading = self.reading_of(tick, measure, window);
            let severity = Severity::of(&Facts {
                direction: side,
                ratio: reading.map_or(1.0, |reading| reading.ratio(side)),
                excess: reading.map_or(0.0, |reading| reading.observed - reading.expected.mean),
                negative_signal: angry,
                only_glad,
                negative_share: since.share(since.negative),
                crisis_share: since.share(since.crisis),
            });
            (severity, signal)
        };
        let worst = |a: &(Severity, &Signal), b: &(Severity, &Signal)| {
            a.0.cmp(&b.0).then_with(|| a.1.precedence(b.1))
        };
        let judged = signals().filter(counts).map(of_window).max_by(worst);
        judged.map_or((incident.severity, None), |(severity, of)| (severity, Some(of)))
    }

    pub(super) fn evidence(
        &self,
        tick: &Tick<'_>,
        side: Direction,
        incident: &Incident,
    ) -> Evidence {
        // A single mention is told before its pane is over.
        let from = tick.watch.pane_of(incident.onset);
        let Range { start: from, end: to } = self.attribution.covered(from, tick.end.max(from + 1));
        let swing = self.swing(tick, incident, from);
        let case = self.case(side);
        let mut evidence = self.attribution.explain(&Question { from, to, swing });
        evidence.mentions = case.since_onset.mentions;
        evidence.negative_mentions = case.since_onset.negative;
        if let Some(post) = &case.post {
            let shown = evidence.samples.len().max(1);
            // While it is all there is, nothing said before it belongs to it.
            let alone = tick.watch.swing(incident).is_none();
            evidence.samples.retain(|it| {
                (&it.channel, &it.id) != (&post.channel, &post.id)
                    && !(alone && it.created_at < incident.onset)
            });
            evidence.samples.insert(0, post.clone());
            evidence.samples.truncate(shown);
        }
        evidence
    }

    /// What the swing that leads `incident` is one of, counted and expected from pane `from` to now;
    /// `None` when nothing that is watched tells.
    fn swing(&self, tick: &Tick<'_>, incident: &Incident, from: Pane) -> Option<Swing> {
        let leading = tick.watch.swing(incident)?;
        let (measure, direction) = explained_by(leading.measure, leading.direction)?;
        let at = tick.watch.position(measure)?;
        let count = tick.watch.measures[at].count;
        let count = tick.watch.explained.iter().position(|&it| it == count)?;
        let mean = |part: Part| self.baselines[at].mean_in(&part);
        let closed: f64 = tick.exposure.parts_between(from, tick.end).map(mean).sum();
        // What is counted reaches into the open pane.
        let last = tick.exposure.part(tick.end - 1);
        let open = last.map_or(0.0, |part| mean(part.times(tick.open_part())));
        let least = tick.plan.sensitivity.min_excess;
        Some(Swing { count, direction, expected: closed + open, least })
    }

    /// The pane in which the swing that `leading` shows began, looked for in the last two of its
    /// windows and at least the last two hours, but not in the incident before it: two that began
    /// at the same moment would be one and the same.
    fn onset(&self, tick: &Tick<'_>, side: Direction, leading: &Signal) -> Pane {
        let window_ms = i64::try_from(leading.window_seconds).unwrap_or(0) * 1_000;
        let reach = (2 * window_ms).max(2 * 3_600_000) / tick.watch.pane_ms;
        let resolved = self.case(side).resolved.as_ref();
        let resolved = resolved.map_or(Pane::MIN, |it| tick.watch.pane_of(it.at));
        let from = (tick.end - reach).max(tick.end - tick.watch.retained as Pane).max(resolved);
        let at = tick.watch.position(leading.measure).unwrap_or(MENTIONS);
        let (watched, baseline) = (tick.watch.measures[at], &self.baselines[at]);
        let panes: Vec<(f64, f64)> = (from..tick.end)
            .map(|pane| {
                let count = |tally: usize| f64::from(self.counters[tally].get(pane));
                let exposure = watched.of.map_or(1.0, count);
                let part = tick.exposure.part(pane);
                let mean = part.map_or(0.0, |part| baseline.mean_in(&part.times(exposure)));
                (count(watched.count) * watched.worth, mean)
            })
            .collect();
        from + onset(&panes, leading.direction == Direction::Up) as Pane
    }

    fn reading_of(&self, tick: &Tick<'_>, measure: Measure, window: usize) -> Option<&Reading> {
        self.reading(tick.watch, tick.watch.position(measure)?, window)
    }
}

#[cfg(test)]
mod tests {
    use Measure::{Mentions, NegativeMentions, NegativeShare, PositiveMentions, Sentiment, Shares};

    use super::*;

    #[test]
    fn an_incident_explains_what_is_left_of_itself_and_mutes_nothing_else() {
        let explained = |by: Measure| {
            let resolved = Resolved { at: Timestamp::from_millis(0), measures: vec![by] };
            let all = [Mentions, NegativeMentions, NegativeShare, Sentiment, Shares];
            all.into_iter().filter(|&it| resolved.explains(it)).collect::<Vec<_>>()
        };
        assert_eq!(explained(Mentions).len(), 5, "they are all counted among the mentions");
        assert_eq!(explained(Shares), [Shares], "shared posts are no reason for anger");
        assert_eq!(explained(PositiveMentions), []);
        assert_eq!(explained(NegativeShare), [NegativeMentions, NegativeShare, Sentiment]);
    }
}
