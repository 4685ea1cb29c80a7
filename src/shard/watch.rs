//! The plan in the units a shard works in: panes, indexes, limits.

use std::time::Duration;

use crate::attribute::Counted;
use crate::baseline::Scale;
use crate::detect::{Parts, Plan, Tally, z_limit};
use crate::incident::{Direction, Incident, Measure, Signal, Unit};
use crate::mention::{Classified, Timestamp, millis};
use crate::window::Pane;

/// A measure that is read, as indexes into [`Watch::tallies`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub measure: Measure,
    pub scale: Scale,
    /// What is counted.
    pub count: usize,
    /// What one of that counter is worth, in mentions.
    pub worth: f64,
    /// For a share: what it is a part of, in whole mentions.
    pub of: Option<usize>,
}

/// One window of one monitor.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub monitor: String,
    /// Index into [`Watch::measures`].
    pub measure: usize,
    pub direction: Direction,
    /// Which of a brand's two incidents it belongs to. A turn of the mood is told with the rises:
    /// it is one of the things a crisis shows, whichever way it is counted.
    pub side: Direction,
    /// Index into [`Watch::windows`].
    pub window: usize,
}

/// How far out what is watched of a brand must lie to signal.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// By the fitted distribution, in the order of [`Watch::checks`].
    pub z: Vec<f64>,
    /// The part of the budget of each: it may page for nothing once in so many days.
    pub page_days: f64,
}

/// Everything a shard derives from its plan once.
#[derive(Debug)]
pub(super) struct Watch {
    pub time_zone: String,
    pub pane_ms: i64,
    pub panes_per_day: usize,
    /// Window lengths in panes, ascending.
    pub windows: Vec<usize>,
    pub durations: Vec<Duration>,
    /// What is counted, [`Tally::ALWAYS`] first.
    pub tallies: Vec<Tally>,
    /// Those of it that can be explained, as indexes into [`Watch::tallies`]: mentions, negative
    /// ones, then what else is watched.
    pub explained: Vec<usize>,
    /// What is read of it, mentions first.
    pub measures: Vec<Watched>,
    pub checks: Vec<Check>,
    /// Panes after an hour's end before it may be learnt: late mentions have come by then.
    pub lateness_panes: Pane,
    /// Panes after an hour's end before it is learnt once the rhythm of the day is known: no
    /// window may be judged by a baseline that has learnt from that very window.
    pub learning_delay: Pane,
    /// Closed panes kept.
    pub retained: usize,
    /// Panes past the first open one that a mention may lie in.
    pub ahead: usize,
    pages_per_week: f64,
    brands: usize,
    /// The limit, below zero, at which silence of the whole feed is no accident.
    pub feed_z_limit: f64,
}

impl Watch {
    pub(super) fn new(plan: &Plan) -> Self {
        let pane = plan.time.pane;
        let pane_ms = millis(pane).max(1);
        let panes =
            |duration: Duration| (duration.as_millis() / pane.as_millis().max(1)).max(1) as usize;
        let mut durations: Vec<Duration> =
            plan.monitors.iter().flat_map(|monitor| monitor.windows.iter().copied()).collect();
        durations.push(Duration::from_secs(3_600).max(pane));
        durations.sort_unstable();
        durations.dedup();
        let windows: Vec<usize> = durations.iter().map(|&duration| panes(duration)).collect();
        let measures = measures(plan);
        let tallies = tallies(&measures);
        let measures: Vec<Watched> =
            measures.iter().filter_map(|&measure| Watched::of(measure, &tallies)).collect();
        let checks = checks(plan, &durations, &measures);
        let universal =
            checks.iter().filter(|check| tallies[measures[check.measure].count].is_universal());
        let lateness_panes = panes(plan.time.allowed_lateness + pane) as Pane;
        let hour = panes(Duration::from_secs(3_600));
        let learning_delay = (windows.last().copied().unwrap_or(1) as Pane).max(lateness_panes);
        // An hour of the week lasts two hours when the clocks are set back. What an excess comes
        // from is asked about a day, and a bucket more.
        let retained = (learning_delay as usize + 3 * hour).max(25 * hour);
        let time_zone = plan.time_zone.iana_name();
        Self {
            // One without a name is told from others by what it is.
            time_zone: time_zone.map_or_else(|| format!("{:?}", plan.time_zone), str::to_owned),
            pane_ms,
            panes_per_day: 24 * hour,
            lateness_panes,
            learning_delay,
            retained,
            ahead: panes(plan.time.out_of_orderness) + 1,
            feed_z_limit: z_limit(
                plan.sensitivity.false_pages_per_week,
                universal.count().max(1) * plan.brands.len(),
                Duration::from_secs(3_600),
            ),
            pages_per_week: plan.sensitivity.false_pages_per_week,
            brands: plan.brands.len(),
            windows,
            durations,
            explained: (0..tallies.len()).filter(|&at| tallies[at].is_of_mentions()).collect(),
            tallies,
            measures,
            checks,
        }
    }

    /// The limits of a brand, which divide its part of the budget: the budget is divided evenly over
    /// brands, and a brand's over the checks whose tally (by [`Watch::tallies`]) it `has`, and what
    /// `others` are watched of it beside them.
    pub(super) fn limits(&self, has: &[bool], others: usize) -> Limits {
        let counts = |check: &&Check| has[self.measures[check.measure].count];
        let of_brand = self.checks.iter().filter(counts).count() + others;
        let series = of_brand.max(1) * self.brands;
        let limit =
            |check: &Check| z_limit(self.pages_per_week, series, self.durations[check.window]);
        Limits {
            z: self.checks.iter().map(limit).collect(),
            page_days: 7.0 * series as f64 / self.pages_per_week,
        }
    }

    /// The limit of each of so many series over `window` that share what may page once in
    /// `page_days`.
    pub(super) fn limit_of(&self, page_days: f64, series: usize, window: Duration) -> f64 {
        z_limit(7.0 / page_days, series.max(1), window)
    }

    /// Where `measure` stands in [`Watch::measures`].
    pub(super) fn position(&self, measure: Measure) -> Option<usize> {
        self.measures.iter().position(|watched| watched.measure == measure)
    }

    /// The signals of an incident that windows have raised.
    pub(super) fn of_windows<'a>(
        &self,
        incident: &'a Incident,
    ) -> impl Iterator<Item = &'a Signal> {
        incident.signals.iter().filter(|it| self.position(it.measure).is_some())
    }

    /// The first of them by [`Signal::precedence`]: what people are told of the swing.
    pub(super) fn swing<'a>(&self, incident: &'a Incident) -> Option<&'a Signal> {
        incident.foremost(|it| self.position(it.measure).is_some())
    }

    /// What a mention is counted as when a swing is explained.
    pub(super) fn counted(&self, classified: &Classified<'_>) -> Counted {
        self.explained.iter().map(|&at| self.tallies[at].adds(classified) > 0).collect()
    }

    pub(super) fn pane_of(&self, at: Timestamp) -> Pane {
        at.as_millis().div_euclid(self.pane_ms)
    }

    pub(super) fn start_of(&self, pane: Pane) -> Timestamp {
        Timestamp::from_millis(pane.saturating_mul(self.pane_ms))
    }

    /// The length of a pane, in hours.
    pub(super) fn pane_hours(&self) -> f64 {
        self.pane_ms as f64 / 3_600_000.0
    }

    pub(super) fn hour_of(&self, pane: Pane) -> i64 {
        self.start_of(pane).as_millis().div_euclid(3_600_000)
    }

    /// The window by which an incident that a window of `shortest` seconds raised is judged over:
    /// not shorter than the time it must be calm for.
    pub(super) fn resolving(&self, shortest: Duration, hold: Duration) -> usize {
        let wanted = shortest.max(hold);
        self.durations
            .iter()
            .position(|&duration| duration >= wanted)
            .unwrap_or(self.durations.len() - 1)
    }
}

/// Mentions; what the monitors watch; negative mentions if any of that is of anger, because severity
/// and evidence speak of them then.
fn measures(plan: &Plan) -> Vec<Measure> {
    let mut measures: Vec<Measure> =
        plan.monitors.iter().map(|monitor| monitor.measure).chain([Measure::Mentions]).collect();
    if measures.iter().any(|&measure| measure.is_of_anger()) {
        measures.push(Measure::NegativeMentions);
    }
    // `Measure::Mentions` is the least.
    measures.sort_unstable();
    measures.dedup();
    measures
}

/// What must be counted to read `measures`.
fn tallies(measures: &[Measure]) -> Vec<Tally> {
    let mut tallies = Tally::ALWAYS.to_vec();
    for parts in measures.iter().filter_map(|&measure| Parts::of(measure)) {
        for tally in [Some(parts.count), parts.of].into_iter().flatten() {
            if !tallies.contains(&tally) {
                tallies.push(tally);
            }
        }
    }
    tallies
}

impl Watched {
    fn of(measure: Measure, tallies: &[Tally]) -> Option<Self> {
        let parts = Parts::of(measure)?;
        let position = |tally| tallies.iter().position(|&known| known == tally);
        Some(Self {
            measure,
            scale: parts.scale(),
            count: position(parts.count)?,
            worth: parts.count.worth(),
            of: parts.of.and_then(position),
        })
    }
}

fn checks(plan: &Plan, durations: &[Duration], measures: &[Watched]) -> Vec<Check> {
    let mut checks = Vec::new();
    for monitor in &plan.monitors {
        let of = |watched: &Watched| watched.measure == monitor.measure;
        let Some(measure) = measures.iter().position(of) else { continue };
        for window in &monitor.windows {
            let Some(index) = durations.iter().position(|known| known == window) else {
                continue;
            };
            checks.push(Check {
                monitor: monitor.name.clone(),
                measure,
                direction: monitor.direction,
                side: match monitor.measure.unit() {
                    Unit::Sentiment => Direction::Up,
                    Unit::Mentions | Unit::Share | Unit::Persons => monitor.direction,
                },
                window: index,
            });
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Monitor;

    fn watch(watched: &[Measure]) -> Watch {
        let monitors = Monitor::defaults().into_iter();
        Watch::new(&Plan {
            monitors: monitors.filter(|monitor| watched.contains(&monitor.measure)).collect(),
            ..(*crate::shard::tests::streams::plan()).clone()
        })
    }

    fn measures(watched: &[Measure]) -> Vec<Measure> {
        watch(watched).measures.iter().map(|watched| watched.measure).collect()
    }

    #[test]
    fn what_a_brand_has_none_of_takes_no_part_of_the_budget() {
        let (alone, with) =
            (watch(&[Measure::Mentions]), watch(&[Measure::Mentions, Measure::Shares]));
        let days = |watch: &Watch, shares: bool| {
            let has: Vec<bool> =
                watch.tallies.iter().map(|tally| tally.is_universal() || shares).collect();
            watch.limits(&has, 0).page_days
        };
        assert_eq!(days(&alone, false), 7.0 * 7.0 * 3.0);
        assert_eq!(days(&with, false), days(&alone, false));
        assert_eq!(days(&with, true), 9.0 * 7.0 * 3.0, "two windows more");
    }

    #[test]
    fn nothing_is_tallied_to_explain_what_is_not_watched() {
        let explained = |measures: &[Measure]| {
            let watch = watch(measures);
            watch.explained.iter().map(|&at| watch.tallies[at]).collect::<Vec<_>>()
        };
        assert_eq!(explained(&[]), [Tally::Mentions, Tally::Negative]);
        let all: Vec<Measure> = Measure::ALL.into();
        let most = [Tally::Mentions, Tally::Negative, Tally::Shares, Tally::Purchases];
        assert_eq!(explained(&all), most, "the default monitors watch no praise");
    }

    #[test]
    fn nothing_is_read_that_no_monitor_needs() {
        use Measure::{Mentions, NegativeMentions, NegativeShare};
        assert_eq!(measures(&[]), [Mentions]);
        assert_eq!(measures(&[Mentions]), [Mentions]);
        assert_eq!(measures(&[NegativeMentions]), [Mentions, NegativeMentions]);
        let all = [Mentions, NegativeMentions, NegativeShare];
        assert_eq!(measures(&[NegativeShare]), all, "severity speaks of negative mentions");
    }
}
