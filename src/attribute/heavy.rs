//! The most frequent values of a stream in bounded memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Space-Saving (Metwally, Agrawal & El Abbadi 2005): at most `capacity` values; when a new one
/// finds no room it takes the place, and the count, of the rarest. What a value has inherited so is
/// remembered, and what is told of it is what is certain: its count without its inheritance. That is
/// never too large, and too small by at most the count of the rarest value.
///
/// Each value has several counts: all its mentions, and parts of them. By the first it is decided
/// what is rare. Counts are exact up to 16 million, where a single precision one stands still.
///
/// Ordered by value, so that the same input gives the same output.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HeavyHitters {
    #[serde(skip)]
    capacity: usize,
    #[serde(skip)]
    counts: usize,
    places: BTreeMap<Box<str>, usize>,
    /// By place: the certain counts, then how many mentions others may have brought.
    kept: Vec<f32>,
}

impl HeavyHitters {
    /// Room for `capacity` values, each with so many `counts`; at least one of either.
    pub fn new(capacity: usize, counts: usize) -> Self {
        let (capacity, counts) = (capacity.max(1), counts.max(1));
        Self { capacity, counts, places: BTreeMap::new(), kept: Vec::new() }
    }

    /// What this holds, in so much room; `None` when it cannot have been counted so.
    pub fn resume(self, capacity: usize, counts: usize) -> Option<Self> {
        let Self { places, kept, .. } = self;
        let resumed = Self { places, kept, ..Self::new(capacity, counts) };
        let taken = resumed.places.len();
        let mut is_taken = vec![false; taken];
        for &place in resumed.places.values() {
            *is_taken.get_mut(place)? = true;
        }
        let fits = taken <= resumed.capacity && resumed.kept.len() == taken * resumed.width();
        (fits && is_taken.into_iter().all(|it| it)).then_some(resumed)
    }

    /// Adds to the counts of `value`.
    pub fn add(&mut self, value: &str, counts: impl IntoIterator<Item = f32>) {
        let place = match self.places.get(value) {
            Some(&place) => place,
            None => self.take_in(value),
        };
        let start = place * self.width();
        let certain = &mut self.kept[start..start + self.counts];
        certain.iter_mut().zip(counts).for_each(|(certain, count)| *certain += count);
    }

    /// Adds all that is certain of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (value, &place) in &other.places {
            self.add(value, other.certain(place).iter().copied());
        }
    }

    /// Multiplies every count: the past fades.
    pub fn fade(&mut self, keep: f64) {
        self.kept.iter_mut().for_each(|count| *count = (f64::from(*count) * keep) as f32);
    }

    /// What is certain of the count at `at` of `value`.
    pub fn get(&self, value: &str, at: usize) -> f64 {
        self.places.get(value).map_or(0.0, |&place| self.count(place, at))
    }

    /// All values and what is certain of their count at `at`, in order of value.
    pub fn iter(&self, at: usize) -> impl Iterator<Item = (&str, f64)> {
        self.places.iter().map(move |(value, &place)| (value.as_ref(), self.count(place, at)))
    }

    /// Values held now.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place of a value that has none yet.
    fn take_in(&mut self, value: &str) -> usize {
        let rarest = || self.places.iter().min_by(|a, b| self.all(*a.1).total_cmp(&self.all(*b.1)));
        let rarest = if self.places.len() < self.capacity { None } else { rarest() };
        let place = match rarest.map(|(name, &place)| (name.clone(), place)) {
            Some((rarest, place)) => {
                let inherited = self.all(place);
                self.places.remove(&rarest);
                let start = place * self.width();
                self.kept[start..start + self.counts].fill(0.0);
                self.kept[start + self.counts] = inherited;
                place
            }
            None => {
                self.kept.resize(self.kept.len() + self.width(), 0.0);
                self.places.len()
            }
        };
        self.places.insert(value.into(), place);
        place
    }

    const fn width(&self) -> usize {
        self.counts + 1
    }

    fn certain(&self, place: usize) -> &[f32] {
        let start = place * self.width();
        &self.kept[start..start + self.counts]
    }

    fn count(&self, place: usize, at: usize) -> f64 {
        self.certain(place).get(at).copied().map_or(0.0, f64::from)
    }

    /// The mentions of the value at `place`, its inheritance among them.
    fn all(&self, place: usize) -> f32 {
        let start = place * self.width();
        self.kept[start] + self.kept[start + self.counts]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The guarantee of the paper: what is certain is never too large, and too small by no
        /// more than n / capacity.
        #[test]
        fn what_is_certain_is_true_and_little_is_missing(
            values in prop::collection::vec((0_u8..30, any::<bool>()), 1..400),
        ) {
            let mut heavy = HeavyHitters::new(8, 2);
            let mut truth = [[0.0; 2]; 30];
            for &(value, part) in &values {
                let counts = [1.0, f32::from(u8::from(part))];
                heavy.add(&value.to_string(), counts);
                let true_counts = truth[usize::from(value)].iter_mut().zip(counts);
                true_counts.for_each(|(sum, count)| *sum += f64::from(count));
            }
            prop_assert!(heavy.len() <= 8);
            let most = values.len() as f64 / 8.0;
            for (value, &[all, part]) in truth.iter().enumerate() {
                let seen = [0, 1].map(|at| heavy.get(&value.to_string(), at));
                prop_assert!(seen[0] <= all && seen[1] <= part);
                prop_assert!(seen[0] >= all - most);
            }
            let listed: Vec<_> = heavy.iter(1).map(|(value, _)| value.to_owned()).collect();
            prop_assert!(listed.is_sorted());
            prop_assert!(heavy.iter(1).all(|(value, count)| count == heavy.get(value, 1)));
        }
    }

    #[test]
    fn what_was_inherited_keeps_a_newcomer_from_being_the_rarest() {
        let mut heavy = HeavyHitters::new(2, 1);
        for value in ["z", "z", "z", "y", "x", "x", "x", "w"] {
            heavy.add(value, [1.0]);
        }
        let held: Vec<_> = heavy.iter(0).collect();
        assert_eq!(held, [("w", 1.0), ("x", 3.0)], "three and what y had are more than three");
    }

    #[test]
    fn the_past_fades_whole() {
        let mut heavy = HeavyHitters::new(1, 2);
        (0..4).for_each(|_| heavy.add("a", [1.0, 1.0]));
        heavy.add("b", [1.0, 1.0]);
        heavy.fade(0.5);
        assert_eq!([0, 1].map(|at| heavy.get("b", at)), [0.5; 2], "of five, four were inherited");
        assert_eq!(heavy.get("a", 0), 0.0);
        let mut other = HeavyHitters::new(2, 2);
        other.add("b", [1.0, 0.0]);
        other.add_all(&heavy);
        assert_eq!([0, 1].map(|at| other.get("b", at)), [1.5, 0.5], "the inheritance is not added");
    }
    #[test]
    fn what_cannot_have_been_counted_is_not_resumed() {
        let mut heavy = HeavyHitters::new(3, 2);
        for value in ["x", "y"] {
            heavy.add(value, [1.0, 0.0]);
        }
        let resumed = |change: fn(&mut HeavyHitters)| {
            let mut saved = heavy.clone();
            change(&mut saved);
            saved.resume(3, 2).is_some()
        };
        assert!(resumed(|_| {}));
        assert!(!resumed(|it| it.places.extend([("z".into(), 7)])), "a place it has not");
        assert!(!resumed(|it| it.places.extend([("x".into(), 1)])), "two in one place");
        assert!(!resumed(|it| it.kept.truncate(5)), "a place without counts");
        assert!(heavy.resume(1, 2).is_none(), "more than there is room for");
    }
}
