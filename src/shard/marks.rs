//! What people have said of incidents, until its time has come.

use std::collections::VecDeque;

use crate::detect::Mark;
use crate::mention::Timestamp;

use super::brand::BrandState;
use super::watch::Watch;

/// Marks that wait at most; beyond it the oldest, which have faded most, are forgotten.
const WAITING: usize = 100_000;

/// Marks that wait for the watermark.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// In the order of their times; of one time, in the order in which they came.
    waiting: VecDeque<Mark>,
    counted: u64,
}

impl Marks {
    pub(super) fn add(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.waiting.extend(marks);
        self.waiting.make_contiguous().sort_by_key(|mark| mark.at);
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
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
