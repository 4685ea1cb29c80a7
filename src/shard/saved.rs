//! A shard saved part by part, and made again of its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::brand::BrandState;
use super::marks::Marks;
use super::shape::Shape;
use super::state::State;
use super::{Shard, Watch};
use crate::attribute::{Attribution, Bucket, Unsaved, Usual};
use crate::baseline::Learnt;
use crate::checkpoint::{CheckpointError, Part, PartKey, Problem, Saved, decode, encode};
use crate::detect::Plan;
use crate::incident::Change;
use crate::mention::BrandIndex;
use crate::window::{Dedup, SavedSegments, Segment, Watermark};

/// A shard made again of its parts.
#[derive(Debug)]
pub struct Loaded {
    /// It stands where it stood when it was saved.
    pub shard: Shard,
    /// Watched brands of which nothing is known, as if none of their mentions had been read: their
    /// past must be read again, and [adopted](Shard::adopt).
    pub missing: Vec<Missing>,
}

/// A brand that could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The brand.
    pub brand: BrandIndex,
    /// Why not.
    pub error: CheckpointError,
}

/// What all brands share, as it is saved.
#[derive(Serialize)]
struct SharedRef<'a> {
    shape: &'a Shape,
    watermark: &'a Watermark,
    dedup: &'a Dedup,
    marks: &'a Marks,
    state: &'a Option<State>,
}

/// What all brands share, as it was saved.
#[derive(Deserialize)]
pub(super) struct Shared {
    shape: Shape,
    watermark: Watermark,
    dedup: Dedup,
    marks: Marks,
    pub state: Option<State>,
}

impl Shared {
    /// Whether it can be used for what is counted in `shape`.
    pub(super) fn fits(&self, shape: &Shape) -> Result<(), CheckpointError> {
        match self.shape.differs(shape) {
            Some(differs) => {
                Err(CheckpointError::new(&PartKey::Partition, Problem::Shape { differs }))
            }
            None => Ok(()),
        }
    }

    /// Whether its brands, and so this one, can be used for what is counted in `shape`.
    pub(super) fn fits_brands(&self, shape: &Shape, brand: &str) -> Result<(), CheckpointError> {
        let key = || PartKey::Brand(brand.to_owned());
        match self.shape.differs_for_brands(shape) {
            Some(differs) => Err(CheckpointError::new(&key(), Problem::Shape { differs })),
            None => Ok(()),
        }
    }
}

impl Shard {
    /// What has changed since this was last asked, or since the shard was loaded; at first
    /// everything. Stored in one transaction with what was saved before, it is the state as it now
    /// is. What could not be stored must be, with what is saved later ([`Saved::then`]). Brands that
    /// are [missing](Shard::brands_missing) are not saved.
    ///
    /// # Errors
    ///
    /// When a part cannot be written: a fault of the program, after which the shard must not be
    /// saved again.
    pub fn save(&mut self) -> Result<Saved, CheckpointError> {
        let mut saved = Saved { put: Vec::new(), remove: std::mem::take(&mut self.leftover) };
        put_segments(&mut saved, self.dedup.save(), PartKey::Seen)?;
        if let Some(state) = &mut self.state {
            if state.feed.has_learnt() {
                put(&mut saved, PartKey::Feed, state.feed.learnt())?;
            }
            for brand in &mut state.brands {
                brand.save(&mut saved)?;
            }
        }
        let Self { shape, watermark, dedup, marks, state, .. } = &*self;
        let shared = SharedRef { shape, watermark, dedup, marks, state };
        put(&mut saved, PartKey::Partition, &shared)?;
        let there: BTreeSet<&PartKey> = saved.put.iter().map(|part| &part.key).collect();
        saved.remove.retain(|key| !there.contains(key));
        Ok(saved)
    }

    /// The shard of the feed named `feed` that was saved as `parts`, all that are stored of it, going
    /// on with `plan`. What no longer belongs to it is removed when it is next saved.
    ///
    /// # Errors
    ///
    /// When what all brands share cannot be used: then the whole partition must be read again.
    pub fn load(
        plan: Arc<Plan>,
        feed: &str,
        parts: impl IntoIterator<Item = Part>,
    ) -> Result<Loaded, CheckpointError> {
        let mut stored = Stored::new(parts);
        let fresh = Self::new(plan, feed);
        let shared: Shared = stored.take(&PartKey::Partition)?;
        shared.fits(&fresh.shape)?;
        let of = |number| stored.take(&PartKey::Seen(number));
        let dedup = shared.dedup.resume(&fresh.dedup, of)?;
        let mut shard = Self {
            watermark: shared.watermark.resume(&fresh.watermark),
            marks: shared.marks.resume(),
            dedup,
            ..fresh
        };
        let mut missing = Vec::new();
        if let Some(state) = shared.state {
            let learnt: Learnt = stored.take(&PartKey::Feed)?;
            let Self { plan, feed, watch, calendar, .. } = &shard;
            let state = state.resume(learnt, plan, (feed, watch, calendar));
            let mut state = state.ok_or_else(|| unsound(&PartKey::Partition))?;
            let differs = shared.shape.differs_for_brands(&shard.shape);
            for (at, fresh) in (0..).zip(&mut state.brands) {
                if let Err(error) = stored.load(fresh, watch, differs.as_deref()) {
                    missing.push(Missing { brand: BrandIndex(at), error });
                }
            }
            shard.state = Some(state);
        }
        shard.leftover = stored.leftover();
        Ok(Loaded { shard, missing })
    }

    /// The watched brands whose past is not known and must be read again.
    pub fn brands_missing(&self) -> impl Iterator<Item = BrandIndex> {
        let brands = self.state.iter().flat_map(|state| &state.brands);
        (0..).zip(brands).filter(|(_, brand)| brand.missing).map(|(at, _)| BrandIndex(at))
    }

    /// Takes the brands that are missing from `rebuilt`, a shard of the same plan that has read the
    /// same partition from as far back as it is known up to the same mention. What happened to its
    /// incidents meanwhile is not told ([`Shard::open_changes`] tells what is open). Should it stand
    /// further than this one, this one follows, which is added to `changes`.
    pub fn adopt(&mut self, mut rebuilt: Self, changes: &mut Vec<Change>) {
        if self.brands_missing().next().is_none() {
            return;
        }
        if let Some(watermark) = self.watermark.value().max(rebuilt.watermark.value()) {
            rebuilt.advance_to(watermark, &mut Vec::new());
            self.advance_to(watermark, changes);
        }
        let (Some(state), Some(rebuilt)) = (&mut self.state, rebuilt.state) else { return };
        for (brand, mut known) in state.brands.iter_mut().zip(rebuilt.brands) {
            if brand.missing && brand.end() == known.end() {
                known.unsave();
                *brand = known;
            }
        }
    }

    /// Forgets what has been saved.
    #[cfg(test)]
    pub(super) fn unsave(&mut self) {
        self.dedup.unsave();
        if let Some(state) = &mut self.state {
            state.feed.unsave();
            state.brands.iter_mut().for_each(BrandState::unsave);
        }
    }
}

impl BrandState {
    /// What of it has changed since the last time.
    fn save(&mut self, saved: &mut Saved) -> Result<(), CheckpointError> {
        if self.missing || !std::mem::replace(&mut self.changed, false) {
            return Ok(());
        }
        let name = || self.brand.name.clone();
        let mut learnt = false;
        self.baselines.iter_mut().for_each(|baseline| learnt |= baseline.has_learnt());
        if learnt {
            let learnt: Vec<&Learnt> = self.baselines.iter().map(|it| it.learnt()).collect();
            put(saved, PartKey::Baselines(name()), &learnt)?;
        }
        let Unsaved { usual, stretches, over, authors } = self.attribution.save();
        if let Some(usual) = usual {
            put(saved, PartKey::Usual(name()), usual)?;
        }
        for (number, buckets) in &stretches {
            put(saved, PartKey::Talk(*number, name()), buckets)?;
        }
        saved.remove.extend(over.into_iter().map(|number| PartKey::Talk(number, name())));
        put_segments(saved, authors, |number| PartKey::Authors(number, name()))?;
        put(saved, PartKey::Brand(name()), self)
    }

    /// Takes it for new: all of it is saved the next time.
    pub(super) fn unsave(&mut self) {
        self.changed = true;
        self.baselines.iter_mut().for_each(crate::baseline::Baseline::unsave);
        self.attribution.unsave();
    }
}

/// The parts that are stored.
pub(super) struct Stored {
    parts: BTreeMap<PartKey, Vec<u8>>,
    /// Those that belong to the state.
    used: BTreeSet<PartKey>,
}

impl Stored {
    pub(super) fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let parts = parts.into_iter().map(|part| (part.key, part.bytes)).collect();
        Self { parts, used: BTreeSet::new() }
    }

    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        key: &PartKey,
    ) -> Result<T, CheckpointError> {
        let bytes = self.parts.get(key);
        let bytes = bytes.ok_or_else(|| CheckpointError::new(key, Problem::Absent))?;
        // What is named over and over would be unfolded over and over.
        if !self.used.insert(key.clone()) {
            return Err(unsound(key));
        }
        decode(key, bytes)
    }

    /// Puts the brand that was saved in the place of `fresh`, which is missing if that cannot be.
    fn load(
        &mut self,
        fresh: &mut BrandState,
        watch: &Watch,
        differs: Option<&str>,
    ) -> Result<(), CheckpointError> {
        match self.brand(fresh, watch, differs) {
            Ok(brand) => {
                *fresh = brand;
                Ok(())
            }
            Err(error) => {
                self.used.retain(|key| key.brand() != Some(&fresh.brand.name));
                fresh.missing = true;
                Err(error)
            }
        }
    }

    fn brand(
        &mut self,
        fresh: &BrandState,
        watch: &Watch,
        differs: Option<&str>,
    ) -> Result<BrandState, CheckpointError> {
        let name = || fresh.brand.name.clone();
        let key = PartKey::Brand(name());
        if let Some(differs) = differs {
            let differs = differs.to_owned();
            return Err(CheckpointError::new(&key, Problem::Shape { differs }));
        }
        let mut saved: BrandState = self.take(&key)?;
        let learnt: Vec<Learnt> = self.take(&PartKey::Baselines(name()))?;
        let usual: Usual = self.take(&PartKey::Usual(name()))?;
        let attribution = std::mem::take(&mut saved.attribution);
        let numbers: Vec<i64> = attribution.stretches().collect();
        let mut talk: BTreeMap<i64, Vec<Bucket>> = BTreeMap::new();
        for number in numbers {
            talk.insert(number, self.take(&PartKey::Talk(number, name()))?);
        }
        let attribution = attribution.resume(
            Attribution::new(watch.panes_per_day, watch.explained.len()),
            usual,
            talk,
            |number| self.take::<Segment>(&PartKey::Authors(number, name())),
        )?;
        let attribution = attribution.ok_or_else(|| unsound(&PartKey::Usual(name())))?;
        saved.resume(fresh, learnt, attribution, watch).ok_or_else(|| unsound(&key))
    }

    fn leftover(self) -> Vec<PartKey> {
        self.parts.into_keys().filter(|key| !self.used.contains(key)).collect()
    }
}

/// What can be read, and yet is not what was saved.
pub(super) fn unsound(key: &PartKey) -> CheckpointError {
    CheckpointError::new(key, Problem::corrupt("it does not fit what it was saved with"))
}

fn put<T: Serialize>(saved: &mut Saved, key: PartKey, content: &T) -> Result<(), CheckpointError> {
    let bytes = encode(&key, content)?;
    saved.put.push(Part { key, bytes });
    Ok(())
}

fn put_segments(
    saved: &mut Saved,
    segments: SavedSegments,
    key: impl Fn(u64) -> PartKey,
) -> Result<(), CheckpointError> {
    saved.remove.extend(segments.remove.into_iter().map(&key));
    for (number, segment) in segments.put {
        put(saved, key(number), &segment)?;
    }
    Ok(())
}
