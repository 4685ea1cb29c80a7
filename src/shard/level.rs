//! What an incident keeps from being learnt, until its level has become normal.

use super::brand::{BrandState, MENTIONS, Tick};
use crate::incident::Direction;
use crate::mention::millis;
use crate::window::Pane;

impl BrandState {
    /// What has signalled is not learnt from, from where the incident began to where it now is.
    pub(super) fn hold(&mut self, tick: &Tick<'_>, side: Direction) {
        let case = &self.cases[side as usize];
        let Some(incident) = case.tracker.incident() else { return };
        let since = tick.watch.hour_of(case.level_from);
        let until = tick.watch.hour_of(tick.end) + 1;
        // Hours that have been learnt, or left out, are held no longer than it takes to do so.
        let forgotten = tick.watch.hour_of(tick.end - 2 * tick.watch.learning_delay) - 24;
        for (at, watched) in tick.watch.measures.iter().enumerate() {
            let signalled = incident.signals.iter().any(|signal| signal.measure == watched.measure);
            if !signalled || !self.baselines[at].has_rhythm_before(since) {
                continue;
            }
            self.held[at].retain(|span| span.end > forgotten);
            match self.held[at].iter_mut().find(|span| span.start == since) {
                Some(span) => span.end = until,
                None => {
                    self.held[at].push(since..until);
                    self.baselines[at].hold_since(since);
                }
            }
        }
    }

    /// A swing that has been seen to last for the configured time, or for longer than everything
    /// known from before it, and is there now or was never quite over, is the new level, and is
    /// learnt. What goes on growing is learnt level by level.
    pub(super) fn accept_lasting_level(&mut self, tick: &Tick<'_>, side: Direction) {
        const HOUR_MS: i64 = 3_600_000;
        let case = &self.cases[side as usize];
        let from = case.level_from;
        let since = tick.watch.hour_of(from);
        let watched = case.since_onset.watched;
        let known =
            self.baselines[MENTIONS].known_since().map_or(0, |first| since - first) * HOUR_MS;
        let wanted = millis(tick.plan.baseline.level_shift_after).min(known);
        let lasts = |panes: Pane| panes * tick.watch.pane_ms >= wanted;
        if !lasts(watched - case.level_watched)
            || !(self.is_out(tick, side) || lasts(case.uneasy - self.lag(tick, side)))
        {
            return;
        }
        let case = self.case_mut(side);
        (case.level_from, case.level_watched, case.uneasy) = (tick.end, watched, 0);
        for (check, record) in tick.watch.checks.iter().zip(&mut self.records) {
            if check.side == side {
                record.forget_today();
            }
        }
        self.attribution.accept_since(from);
        for (held, baseline) in self.held.iter_mut().zip(&mut self.baselines) {
            let before = held.len();
            held.retain(|span| span.start != since);
            if held.len() < before {
                baseline.accept_level_since(since);
            }
        }
    }
}
