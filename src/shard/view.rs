//! One brand as its last checkpoint left it, for people to look at wherever the partition is counted.

use std::sync::Arc;

use super::brand::BrandState;
use super::exposure::Exposure;
use super::saved::{Shared, Stored, unsound};
use super::series::{SeriesPoint, SeriesRange, series};
use super::watch::Watch;
use super::{MENTIONS, Shard};
use crate::attribute::{Attribution, samples_of};
use crate::baseline::Learnt;
use crate::checkpoint::{CheckpointError, Part, PartKey, decode};
use crate::detect::{Brand, Plan};
use crate::incident::{Measure, Sample};
use crate::mention::Timestamp;

/// One brand of one partition, as it was saved.
#[derive(Debug)]
pub struct BrandView {
    watch: Watch,
    exposure: Exposure,
    brand: BrandState,
    /// Numbers of the stretches of the last day whose mentions have been saved.
    stretches: Vec<i64>,
}

impl BrandView {
    /// The parts that it is made of.
    pub fn parts(brand: &str) -> [PartKey; 4] {
        let name = || brand.to_owned();
        [PartKey::Partition, PartKey::Feed, PartKey::Brand(name()), PartKey::Baselines(name())]
    }

    /// `brand`, saved as `parts` of a partition; `None` when nothing has been counted there yet.
    ///
    /// # Errors
    ///
    /// When a part is not there, is damaged, or was saved with other settings.
    pub fn load(
        plan: &Arc<Plan>,
        brand: &Brand,
        parts: impl IntoIterator<Item = Part>,
    ) -> Result<Option<Self>, CheckpointError> {
        let mut stored = Stored::new(parts);
        // Of the others nothing is asked.
        let plan = Arc::new(Plan { brands: vec![brand.clone()], ..(**plan).clone() });
        let Shard { plan, watch, calendar, shape, .. } = Shard::new(plan, "");
        let shared: Shared = stored.take(&PartKey::Partition)?;
        shared.fits(&shape)?;
        shared.fits_brands(&shape, &brand.name)?;
        let Some(state) = shared.state else { return Ok(None) };
        let learnt: Learnt = stored.take(&PartKey::Feed)?;
        let state = state.resume(learnt, &plan, ("", &watch, &calendar));
        let state = state.ok_or_else(|| unsound(&PartKey::Partition))?;
        let (key, name) = (PartKey::Brand(brand.name.clone()), || brand.name.clone());
        let mut saved: BrandState = stored.take(&key)?;
        let learnt: Vec<Learnt> = stored.take(&PartKey::Baselines(name()))?;
        let attribution = std::mem::take(&mut saved.attribution);
        let stretches = attribution.stretches().collect();
        let nothing = Attribution::new(watch.panes_per_day, watch.explained.len());
        let fresh = BrandState::new(brand.clone(), &plan, &watch, state.end);
        let brand = saved.resume(&fresh, learnt, nothing, &watch).ok_or_else(|| unsound(&key))?;
        Ok(Some(Self { watch, exposure: state.exposure, brand, stretches }))
    }

    /// `measure` over time, hour by hour; nothing when no monitor watches it.
    pub fn series(&self, measure: Measure, range: SeriesRange) -> Vec<SeriesPoint> {
        series(&self.watch, &self.exposure, &self.brand, measure, range)
    }

    /// What monitors watch, in the order in which they are configured, mentions first.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        self.watch.measures.iter().map(|watched| watched.measure)
    }

    /// Up to when it has been counted.
    pub fn until(&self) -> Timestamp {
        self.watch.start_of(self.exposure.end())
    }

    /// Mentions of the last day or more.
    pub fn mentions(&self) -> u64 {
        let (oldest, end) = (self.exposure.oldest(), self.exposure.end());
        self.brand.counters[MENTIONS].sum_between(oldest, end)
    }

    /// The parts that hold samples of what was said from `from` to `until`, the latest `most` of them.
    pub fn talk(&self, from: Timestamp, until: Timestamp, most: usize) -> Vec<PartKey> {
        let stretch = |at| self.brand.attribution.stretch_of(self.watch.pane_of(at));
        let (first, last) = (stretch(from), stretch(until));
        let of_then = self.stretches.iter().rev().filter(|it| (first..=last).contains(it));
        of_then.take(most).map(|&at| PartKey::Talk(at, self.brand.brand.name.clone())).collect()
    }

    /// Samples of what was said since `from`, latest first, that `parts` hold. What is damaged is left
    /// out.
    pub fn samples(parts: impl IntoIterator<Item = Part>, from: Timestamp) -> Vec<Sample> {
        let buckets = parts.into_iter().filter_map(|part| decode(&part.key, &part.bytes).ok());
        let mut samples = samples_of(buckets.flat_map(|it: Vec<_>| it));
        samples.retain(|sample| sample.created_at >= from);
        samples.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        samples
    }
}
