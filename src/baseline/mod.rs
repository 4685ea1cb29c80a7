//! What is typical for a series at this hour of this weekday, learnt from its own past and robust
//! to past crises.
//!
//! A [`Baseline`] keeps the last weeks of a series hour by hour and fits
//!
//! ```text
//! expected = rate x hour_of_day x weekday x hour_of_week x exposure
//! ```
//!
//! anew after every hour; within an hour the rhythm is read off the hours around it. Each factor is
//! a gamma posterior mean `(counted + k) / (expected + k)`
//! that shrinks towards 1 with the strength of `k` mentions (Clayton & Kaldor 1987, the
//! gamma-Poisson smoother), so that a brand watched since this morning already has a baseline; what
//! is not known yet is carried as `doubt` and widens the limits. Hours are weighted by age and by
//! `1 / (1 + φ mean)`, the weight of a negative binomial observation in a generalised linear model
//! (McCullagh & Nelder 1989), and winsorised (Huber) so that one storm does not move what is
//! typical; hours of an open incident are held out altogether.

mod calendar;
mod dispersion;
mod expected;
mod fit;
mod settings;
mod shape;
pub mod tail;
mod within;

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use calendar::{Calendar, SLOTS, Slot};
pub use expected::{Expected, Scale};
pub use settings::{BaselineSettings, Elements};
pub use shape::{Part, Shape};

use dispersion::{FLOOR, Restlessness};
use fit::{Fit, Prediction};

/// One hour of a series' past.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Hours since the Unix epoch at its start.
    pub hour: i64,
    /// The hour of the week it lay in, what could have been counted in it, and when.
    pub part: Part,
    /// Mentions counted, as far as they are learnt from.
    pub count: f64,
    /// Whether an incident was open: kept, but not learnt from.
    pub held: bool,
    /// `count` before anything was learnt from it.
    #[serde(default)]
    seen: Option<f64>,
}

impl Bucket {
    /// An hour that has passed.
    pub const fn new(hour: i64, part: Part, count: f64, held: bool) -> Self {
        Self { hour, part, count, held, seen: Some(count) }
    }

    /// What was counted, whatever has been learnt from it.
    pub fn seen(&self) -> f64 {
        self.seen.unwrap_or(self.count)
    }
}

/// However steady a series has been, this part of what is not known about its rate remains.
const LEAST_DOUBT: f64 = 0.2;

/// Mentions a share needs before it may signal: below, one angry person is a swing.
const SHARE_WARM_UP: f64 = 20.0;

/// A past of this many hours shows the rhythm of a day.
const RHYTHM_HOURS: i64 = 48;

/// What is typical for one series.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Baseline {
    #[serde(skip)]
    scale: Scale,
    #[serde(skip)]
    elements: Elements,
    #[serde(skip)]
    memory_hours: i64,
    #[serde(skip)]
    half_life_hours: f64,
    #[serde(skip)]
    warm_up: f64,
    #[serde(skip)]
    learnt: Learnt,
    restlessness: Restlessness,
}

/// What a [`Baseline`] has learnt hour by hour. It is large and seldom changes, and so is saved by
/// itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Learnt {
    past: VecDeque<Bucket>,
    exposure: f64,
    fit: Fit,
    #[serde(skip)]
    changed: bool,
}

impl Default for Learnt {
    fn default() -> Self {
        Self::nothing(Scale::default(), Elements::default())
    }
}

impl Learnt {
    fn nothing(scale: Scale, elements: Elements) -> Self {
        let fit = Fit::new(scale, elements);
        Self { past: VecDeque::new(), exposure: 0.0, fit, changed: true }
    }
}

impl Baseline {
    /// A baseline that knows nothing. `windows` are the lengths it will be asked about, `pane` the
    /// unit of exposure of a count.
    pub fn new(
        scale: Scale,
        settings: &BaselineSettings,
        pane: Duration,
        windows: &[Duration],
    ) -> Self {
        let hours = |duration: Duration| duration.as_secs_f64() / 3_600.0;
        Self {
            scale,
            elements: settings.elements,
            memory_hours: hours(settings.memory).ceil() as i64,
            half_life_hours: hours(settings.half_life),
            warm_up: match scale {
                // The pane in which mentions begin is watched in part, and does not count.
                Scale::Count => {
                    (settings.warm_up.as_secs_f64() / pane.as_secs_f64() - 1.0).max(1.0)
                }
                Scale::Share => SHARE_WARM_UP,
            },
            learnt: Learnt::nothing(scale, settings.elements),
            restlessness: Restlessness::new(scale, windows.iter().copied().map(hours)),
        }
    }

    /// What has been learnt, which is saved beside the rest.
    pub const fn learnt(&self) -> &Learnt {
        &self.learnt
    }

    /// Whether that has changed since this was last asked.
    pub const fn has_learnt(&mut self) -> bool {
        std::mem::replace(&mut self.learnt.changed, false)
    }

    /// Forgets that it was saved.
    pub const fn unsave(&mut self) {
        self.learnt.changed = true;
    }

    /// The baseline that this, saved without what it has `learnt`, was, with the settings of
    /// `fresh`; `None` when it is of other windows, or cannot have been a baseline.
    pub fn resume(self, learnt: Learnt, fresh: &Self) -> Option<Self> {
        let fit = learnt.fit.resume(&fresh.learnt.fit)?;
        let restlessness = self.restlessness.resume(&fresh.restlessness)?;
        let learnt = Learnt { fit, changed: false, ..learnt };
        let is_sound = learnt.past.iter().is_sorted_by_key(|bucket| bucket.hour);
        is_sound.then_some(Self { learnt, restlessness, ..*fresh })
    }

    /// What the window at `window` (an index into the lengths given to [`Baseline::new`]) of this
    /// `shape` is expected to hold; `None` while the series is warming up.
    pub fn expect(&self, window: usize, shape: &[Part]) -> Option<Expected> {
        if self.learnt.exposure < self.warm_up {
            return None;
        }
        let means: Vec<f64> = shape.iter().map(|part| self.learnt.fit.mean(part)).collect();
        let Prediction { mean, doubt, error } = self.learnt.fit.predict(shape, &means);
        let exact = match self.scale {
            Scale::Count => Expected::count(mean, 0.0),
            Scale::Share => {
                Expected::share(mean, shape.iter().map(|part| part.exposure).sum(), 0.0)
            }
        };
        if !self.elements.over_dispersion {
            return Some(exact);
        }
        let own = self.restlessness.of(window, means.into_iter());
        let dispersion = (own + doubt).max(LEAST_DOUBT * doubt + FLOOR);
        let error = match self.scale {
            Scale::Count if self.elements.estimated_mean => error.min(dispersion),
            Scale::Count | Scale::Share => 0.0,
        };
        Some(Expected { dispersion, doubt, error, ..exact })
    }

    /// Mentions expected in a part of a shape.
    pub fn mean_in(&self, part: &Part) -> f64 {
        self.learnt.fit.mean(part)
    }

    /// Learns how far a window, which ended with `hour`, fell from what was expected of it.
    pub fn settle(&mut self, window: usize, hour: i64, expected: &Expected, observed: f64) {
        let half_life = self.half_life_hours;
        self.restlessness.learn((window, hour), expected, observed, half_life);
    }

    /// Learns an hour that has passed.
    pub fn learn(&mut self, mut bucket: Bucket) {
        if bucket.part.exposure <= 0.0 {
            return;
        }
        // Once the rhythm is known an outlier is pulled in for good, or it would be let in little
        // by little, each refit making the next a bit more tolerant.
        bucket.held &= self.elements.robust;
        if !bucket.held && self.has_rhythm_before(bucket.hour) {
            let mean = self.learnt.fit.mean(&bucket.part);
            let dispersion = self.restlessness.of_an_hour().max(0.0);
            bucket.count = self.learnt.fit.winsorised(&bucket, mean, dispersion);
        }
        self.learnt.exposure += bucket.part.exposure;
        self.learnt.past.push_back(bucket);
        while self
            .learnt
            .past
            .front()
            .is_some_and(|oldest| bucket.hour - oldest.hour >= self.memory_hours)
        {
            self.learnt.past.pop_front();
        }
        self.refit();
    }

    /// The hour that began so many hours after the Unix epoch, if it has been learnt.
    pub fn hour(&self, hour: i64) -> Option<&Bucket> {
        let at = self.learnt.past.binary_search_by_key(&hour, |bucket| bucket.hour).ok()?;
        self.learnt.past.get(at)
    }

    /// The first hour this series is known from, in hours since the Unix epoch.
    pub fn known_since(&self) -> Option<i64> {
        self.learnt.past.front().map(|oldest| oldest.hour)
    }

    /// Whether the past before `hour` shows the rhythm of day and week. Before that nothing is
    /// held out: a new hour of the day could not be told from a crisis, and both are winsorised.
    pub fn has_rhythm_before(&self, hour: i64) -> bool {
        self.known_since().is_some_and(|first| hour - first >= RHYTHM_HOURS)
    }

    /// An incident turns out to have begun at `hour`: what was learnt since is held out.
    pub fn hold_since(&mut self, hour: i64) {
        for bucket in self.learnt.past.iter_mut().rev().take_while(|bucket| bucket.hour >= hour) {
            bucket.held = self.elements.robust;
        }
        self.refit();
    }

    /// The level of the hours held since `hour` is here to stay: they become what is typical, and
    /// the past before them is rescaled to it, so that the rhythm of day and week is kept.
    pub fn accept_level_since(&mut self, hour: i64) {
        let ratio = self.level_since(hour);
        for bucket in &mut self.learnt.past {
            if bucket.hour >= hour {
                bucket.held = false;
            } else {
                bucket.count *= ratio;
            }
        }
        self.learnt.fit.scale_by(ratio);
        self.refit();
    }

    /// The hours held since `hour`, as a multiple of what was expected of them.
    fn level_since(&self, hour: i64) -> f64 {
        let (mut counted, mut expected) = (0.5, 0.5);
        for bucket in self.learnt.past.iter().filter(|bucket| bucket.held && bucket.hour >= hour) {
            counted += bucket.count;
            expected += self.learnt.fit.mean(&bucket.part);
        }
        counted / expected
    }

    fn refit(&mut self) {
        let dispersion = self.restlessness.of_an_hour().max(0.0);
        let Learnt { past, fit, changed, .. } = &mut self.learnt;
        fit.refit(past, self.half_life_hours, dispersion);
        *changed = true;
    }
}

#[cfg(test)]
mod tests;
