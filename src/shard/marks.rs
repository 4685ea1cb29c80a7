//! What people have said of incidents, until its time has come.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::detect::{Mark, MarkedAs};
use crate::mention::Timestamp;
use crate::window::mention_key;

use super::brand::BrandState;
use super::watch::Watch;

/// Marks that wait at most; beyond it the oldest, which have faded most, are forgotten.
const WAITING: usize = 100_000;
/// Different marks known at most; beyond it the oldest are taken for new when they are given again.
const KNOWN: usize = 100_000;

/// Marks that wait for the watermark.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Marks {
    /// In the order of their times; of one time, in the order in which they came.
    waiting: VecDeque<Mark>,
    counted: u64,
    /// How often each mark has been given, by its time and what it says.
    known: BTreeMap<(Timestamp, u64), u32>,
    /// How often each will be given again: all marks are, after a restart.
    #[serde(skip)]
    again: BTreeMap<(Timestamp, u64), u32>,
}

impl Marks {
    /// Takes marks. What was known before a restart is given once more after it, and not taken twice.
    pub(super) fn add(&mut self, marks: impl IntoIterator<Item = Mark>) {
        let Self { waiting, known, again, .. } = self;
        waiting.extend(marks.into_iter().filter(|mark| {
            let key = key(mark);
            if let Some(times) = again.get_mut(&key).filter(|times| **times > 0) {
                *times -= 1;
                return false;
            }
            *known.entry(key).or_default() += 1;
            true
        }));
        waiting.make_contiguous().sort_by_key(|mark| mark.at);
        while waiting.len() > WAITING {
            waiting.pop_front();
        }
        while known.len() > KNOWN {
            known.pop_first();
        }
    }

    /// These marks after a restart: all that are known will be given again.
    pub(super) fn resume(self) -> Self {
        Self { again: self.known.clone(), ..self }
    }

    /// Gives the marks made until `now` to the brands they are about.
    pub(super) fn apply(&mut self, now: Timestamp, watch: &Watch, brands: &mut [BrandState]) {
        while let Some(mark) = self.waiting.pop_front_if(|mark| mark.at <= now) {
            let marked = brands.iter_mut().find(|brand| brand.brand.name == mark.brand);
            self.counted += u64::from(marked.is_some_and(|brand| brand.mark(watch, &mark)));
        }
    }

    pub(super) const fn counted(&self) -> u64 {
        self.counted
    }
}

/// What tells a mark from others.
fn key(mark: &Mark) -> (Timestamp, u64) {
    let verdict = match mark.verdict {
        MarkedAs::FalseAlarm => 'f',
        MarkedAs::Real => 'r',
    };
    let incident = mark.incident.unwrap_or_default();
    // The incident is of one length: nothing runs together.
    (mark.at, mention_key(&format!("{verdict}{incident}{}", mark.brand), &mark.monitor))
}
