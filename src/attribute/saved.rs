//! What of an attribution has to be saved, and what was saved made whole again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Attribution, BUCKET_CAPACITY, Bucket, HeavyHitters, USUAL_CAPACITY, Usual};
use crate::incident::Sample;
use crate::window::{Pane, SavedSegments, Segment};

/// Buckets of a stretch, which are saved together: half an hour.
const BUCKETS_PER_STRETCH: i64 = 6;

/// What has changed since the last time, beside what is serialised of the attribution itself.
#[derive(Debug, Default)]
pub struct Unsaved<'a> {
    /// What is usual.
    pub usual: Option<&'a Usual>,
    /// Buckets of the last day by the number of their stretch, those of each stretch together.
    pub stretches: BTreeMap<i64, Vec<&'a Bucket>>,
    /// Stretches of which nothing is left.
    pub over: Vec<i64>,
    /// Keys of authors.
    pub authors: SavedSegments,
}

impl Attribution {
    /// What has changed since the last time. What is serialised from then on tells of that.
    pub fn save(&mut self) -> Unsaved<'_> {
        let authors = self.known_authors.keys.save();
        let held: BTreeSet<i64> = self.buckets.iter().map(Bucket::stretch).collect();
        let over = self.stretches.difference(&held).copied().collect();
        self.stretches = held;
        let mut changed = BTreeSet::new();
        for bucket in &mut self.buckets {
            if std::mem::replace(&mut bucket.changed, false) {
                changed.insert(bucket.stretch());
            }
        }
        let mut stretches = BTreeMap::new();
        if !changed.is_empty() {
            for bucket in self.buckets.iter().filter(|it| changed.contains(&it.stretch())) {
                stretches.entry(bucket.stretch()).or_insert_with(Vec::new).push(bucket);
            }
        }
        let usual = std::mem::replace(&mut self.usual.changed, false).then_some(&self.usual);
        Unsaved { usual, stretches, over, authors }
    }

    /// The numbers of the stretches that have been saved.
    pub fn stretches(&self) -> impl Iterator<Item = i64> {
        self.stretches.iter().copied()
    }

    /// The number of the stretch that `pane` lies in.
    pub fn stretch_of(&self, pane: Pane) -> i64 {
        pane.div_euclid(self.bucket_panes.max(1)).div_euclid(BUCKETS_PER_STRETCH)
    }

    /// The attribution that this, saved without what is `usual`, without the buckets of its
    /// `stretches` and without its `authors`, was, with the settings of `fresh`; `None` when it
    /// cannot have been one.
    pub fn resume<E>(
        self,
        fresh: Self,
        usual: Usual,
        stretches: BTreeMap<i64, Vec<Bucket>>,
        authors: impl FnMut(u64) -> Result<Segment, E>,
    ) -> Result<Option<Self>, E> {
        let Self { mut known_authors, holding, .. } = self;
        known_authors.keys = known_authors.keys.resume(authors)?;
        let numbers = stretches.keys().copied().collect();
        let buckets = stretches.into_values().flatten();
        let buckets: Option<VecDeque<_>> = buckets.map(|it| it.resume(fresh.counts)).collect();
        let (Some(buckets), Some(usual)) = (buckets, usual.resume(fresh.counts)) else {
            return Ok(None);
        };
        let is_sound = buckets.iter().is_sorted_by(|a, b| a.number < b.number);
        let resumed = Self { buckets, usual, known_authors, holding, stretches: numbers, ..fresh };
        Ok(is_sound.then_some(resumed))
    }

    /// Forgets what has been saved: all of it is new.
    pub fn unsave(&mut self) {
        self.known_authors.keys.unsave();
        self.stretches.clear();
        self.usual.changed = true;
        self.buckets.iter_mut().for_each(|bucket| bucket.changed = true);
    }
}

/// The samples that speak for what is in `buckets`, each once.
pub(crate) fn samples_of(buckets: impl Iterator<Item = Bucket>) -> Vec<Sample> {
    let mut known = BTreeSet::new();
    let samples = buckets.flat_map(|bucket| bucket.shortlist.all());
    samples.filter(|it| known.insert((it.channel.clone(), it.id.clone()))).collect()
}

impl Bucket {
    pub(super) const fn stretch(&self) -> i64 {
        self.number.div_euclid(BUCKETS_PER_STRETCH)
    }

    fn resume(self, counts: usize) -> Option<Self> {
        let values = resume(self.values, BUCKET_CAPACITY, counts)?;
        (self.total.len() == counts).then_some(Self { values, changed: false, ..self })
    }
}

impl Usual {
    fn resume(self, counts: usize) -> Option<Self> {
        let values = resume(self.values, USUAL_CAPACITY, counts)?;
        (self.total.len() == counts).then_some(Self { values, changed: false, ..self })
    }
}

fn resume(
    mut values: [HeavyHitters; 5],
    capacities: [usize; 5],
    counts: usize,
) -> Option<[HeavyHitters; 5]> {
    for (values, capacity) in values.iter_mut().zip(capacities) {
        *values = std::mem::take(values).resume(capacity, counts)?;
    }
    Some(values)
}
