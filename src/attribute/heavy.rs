//! The most frequent values of a stream in bounded memory.

use std::collections::BTreeMap;

/// How often a value was seen, and in how many of those the mention was negative.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    /// Mentions that carry the value.
    pub all: f64,
    /// Negative ones among them.
    pub negative: f64,
}

impl Seen {
    /// One mention.
    pub const fn once(negative: bool) -> Self {
        Self { all: 1.0, negative: if negative { 1.0 } else { 0.0 } }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.all += other.all;
        self.negative += other.negative;
    }

    fn scaled(self, by: f64) -> Self {
        Self { all: self.all * by, negative: self.negative * by }
    }
}

/// Space-Saving (Metwally, Agrawal & El Abbadi 2005): at most `capacity` values; when a new one
/// finds no room it takes the place, and the count, of the rarest. Counts are therefore never too
/// small, and too large by at most the count of the rarest value.
///
/// Ordered by value, so that the same input gives the same output.
#[derive(Debug, Clone)]
pub struct HeavyHitters {
    capacity: usize,
    seen: BTreeMap<Box<str>, Seen>,
}

impl HeavyHitters {
    /// Room for `capacity` values, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: BTreeMap::new() }
    }

    /// Adds `seen` to `value`.
    pub fn add(&mut self, value: &str, seen: Seen) {
        if let Some(known) = self.seen.get_mut(value) {
            known.add(seen);
            return;
        }
        let mut taken = seen;
        if self.seen.len() >= self.capacity {
            let rarest = self.seen.iter().min_by(|a, b| a.1.all.total_cmp(&b.1.all));
            if let Some((rarest, count)) = rarest.map(|(value, seen)| (value.clone(), *seen)) {
                self.seen.remove(&rarest);
                taken.add(count);
            }
        }
        self.seen.insert(value.into(), taken);
    }

    /// Multiplies every count: the past fades.
    pub fn fade(&mut self, keep: f64) {
        self.seen.values_mut().for_each(|seen| *seen = seen.scaled(keep));
    }

    /// What is known of `value`.
    pub fn get(&self, value: &str) -> Seen {
        self.seen.get(value).copied().unwrap_or_default()
    }

    /// All values, in order of value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Seen)> {
        self.seen.iter().map(|(value, seen)| (value.as_ref(), *seen))
    }

    /// Values held now.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The guarantee of the paper: no count is too small, none too large by more than n / capacity.
        #[test]
        fn counts_are_never_too_small(values in prop::collection::vec(0_u8..30, 1..400)) {
            let mut heavy = HeavyHitters::new(8);
            let mut truth = [0.0_f64; 30];
            for &value in &values {
                heavy.add(&value.to_string(), Seen::once(false));
                truth[usize::from(value)] += 1.0;
            }
            prop_assert!(heavy.len() <= 8);
            for (value, seen) in heavy.iter() {
                let want = truth[value.parse::<usize>().unwrap_or(0)];
                prop_assert!(seen.all >= want);
                prop_assert!(seen.all <= want + values.len() as f64 / 8.0);
            }
        }
    }
}
