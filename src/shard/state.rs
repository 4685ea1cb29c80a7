//! Pane by pane: what is closed, judged and learnt.

use std::collections::VecDeque;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::brand::{BrandState, Tick};
use super::exposure::Exposure;
use super::feed::Feed;
use super::watch::Watch;
use crate::baseline::{Calendar, Learnt, Part, Slot};
use crate::detect::{Brand, Plan};
use crate::incident::Change;
use crate::window::Pane;

/// What is known since the first mention told where time begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// The first open pane.
    pub end: Pane,
    /// From where on what is known of the series has been learnt.
    pub known_from: Pane,
    pub exposure: Exposure,
    pub feed: Feed,
    /// Whether rows come, not mentions.
    pub by_rows: bool,
    /// Whether a closed pane has held anything.
    pub heard: bool,
    #[serde(skip)]
    pub brands: Vec<BrandState>,
    /// The hour of the week that the open pane lies in, and the hour's first pane.
    pub hour: (Slot, Pane),
    /// Hours that are over and wait for late mentions before they are learnt.
    pub passed: VecDeque<(Slot, Range<Pane>)>,
}

impl State {
    pub fn new(plan: &Plan, feed: &str, watch: &Watch, calendar: &Calendar, end: Pane) -> Self {
        let brand = |brand: &Brand| BrandState::new(brand.clone(), plan, watch, end);
        Self {
            end,
            known_from: end,
            exposure: Exposure::new(end, watch.retained),
            feed: Feed::new(feed, plan, watch, end),
            by_rows: false,
            heard: false,
            brands: plan.brands.iter().map(brand).collect(),
            hour: (calendar.slot(watch.start_of(end)), end),
            passed: VecDeque::new(),
        }
    }

    /// The state that this, saved without what the feed has `learnt` and without its brands, was, with
    /// the settings of `fresh`, and with brands that know nothing; `None` when it cannot have been one.
    pub fn resume(
        self,
        learnt: Learnt,
        plan: &Plan,
        (feed, watch, calendar): (&str, &Watch, &Calendar),
    ) -> Option<Self> {
        let fresh = Self::new(plan, feed, watch, calendar, self.end);
        let part = |pane: Pane| {
            let (slot, into) = calendar.slot_and_into(watch.start_of(pane));
            Part::pane(slot, into, watch.pane_hours())
        };
        let exposure = self.exposure.resume(&fresh.exposure, part)?;
        let feed = self.feed.resume(learnt, fresh.feed)?;
        let is_sound = exposure.end() == self.end && feed.end() == self.end;
        is_sound.then_some(Self { exposure, feed, brands: fresh.brands, ..self })
    }

    /// Something has come that lies in `pane`: the feed lives in it. Returns `false`, and takes it
    /// for nothing, when the pane is no longer held.
    pub fn arrived(&mut self, pane: Pane) -> bool {
        let held = self.feed.count(pane);
        if held {
            self.exposure.revive(pane);
        }
        held
    }

    /// Closes the first open pane.
    pub fn close(
        &mut self,
        plan: &Plan,
        watch: &Watch,
        calendar: &Calendar,
        changes: &mut Vec<Change>,
    ) {
        let (slot, into) = calendar.slot_and_into(watch.start_of(self.end));
        if slot != self.hour.0 {
            self.passed.push_back((self.hour.0, self.hour.1..self.end));
            self.hour = (slot, self.end);
        }
        let arrived = self.feed.closing();
        self.exposure.close(Part::pane(slot, into, watch.pane_hours()), arrived);
        if self.by_rows {
            self.exposure.declare_dead();
        } else if !self.heard {
            // It was watched for a part of this pane, and for none of those before it.
            self.exposure.forget();
            self.heard = arrived > 0;
        }
        self.feed.close();
        self.end += 1;
        let shapes = self.exposure.shapes(&watch.windows);
        let at = watch.start_of(self.end);
        let mut tick = Tick {
            plan,
            watch,
            exposure: &self.exposure,
            shapes: &shapes,
            end: self.end,
            at,
            feed_dead: false,
        };
        let calm = self.brands.iter().all(|brand| brand.incidents().next().is_none());
        tick.feed_dead = self.feed.tick(&tick, calm, changes);
        for brand in &mut self.brands {
            brand.tick(&tick, changes);
        }
        while let Some((slot, panes)) = self.passed.front().cloned() {
            let rhythm = self.feed.has_rhythm_before(watch.hour_of(panes.start));
            let delay = if rhythm { watch.learning_delay } else { watch.lateness_panes };
            if self.end < panes.end + delay {
                break;
            }
            self.feed.learn(panes.clone(), slot, &tick);
            self.brands.iter_mut().for_each(|brand| brand.learn(panes.clone(), slot, &tick));
            self.passed.pop_front();
        }
        if tick.feed_dead {
            self.exposure.declare_dead();
        }
    }

    /// Whether closing more panes would change nothing: the feed has been dead for so long that no
    /// window and no hour that waits to be learnt holds anything but dead panes.
    pub fn can_skip(&self, watch: &Watch) -> bool {
        self.feed.incident().is_some()
            && self.feed.is_empty()
            && self.exposure.silent() >= watch.retained
    }

    /// Lets dead time pass at once. What was learnt in less time than has passed since says nothing
    /// about now: one mention of years ago, and the silence after it, are no baseline.
    pub fn skip_to(&mut self, end: Pane, plan: &Plan, calendar: &Calendar, watch: &Watch) {
        if end - self.end > self.end - self.known_from {
            self.known_from = end;
            self.feed.relearn(plan, watch);
            self.brands.iter_mut().for_each(|brand| brand.relearn(plan, watch));
        }
        self.end = end;
        self.passed.clear();
        self.exposure.reset_to(end);
        self.feed.reset_to(end);
        self.brands.iter_mut().for_each(|brand| brand.reset_to(end));
        self.hour = (calendar.slot(watch.start_of(end)), end);
    }
}
