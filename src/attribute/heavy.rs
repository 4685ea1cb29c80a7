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

    pub(super) fn scaled(self, by: f64) -> Self {
        Self { all: self.all * by, negative: self.negative * by }
    }
}

/// Space-Saving (Metwally, Agrawal & El Abbadi 2005): at most `capacity` values; when a new one
/// finds no room it takes the place, and the count, of the rarest. What a value has inherited so is
/// remembered, and what is told of it is what is certain: its count without its inheritance. That is
/// never too large, and too small by at most the count of the rarest value.
///
/// Ordered by value, so that the same input gives the same output.
#[derive(Debug, Clone)]
pub struct HeavyHitters {
    capacity: usize,
    seen: BTreeMap<Box<str>, Estimate>,
}

#[derive(Debug, Clone, Copy)]
struct Estimate {
    count: Seen,
    /// The part of `count` that others may have brought.
    inherited: Seen,
}

impl Estimate {
    fn certain(&self) -> Seen {
        Seen {
            all: self.count.all - self.inherited.all,
            negative: self.count.negative - self.inherited.negative,
        }
    }
}

impl HeavyHitters {
    /// Room for `capacity` values, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: BTreeMap::new() }
    }

    /// Adds `seen` to `value`.
    pub fn add(&mut self, value: &str, seen: Seen) {
        if let Some(known) = self.seen.get_mut(value) {
            known.count.add(seen);
            return;
        }
        let mut inherited = Seen::default();
        if self.seen.len() >= self.capacity {
            let rarest = self.seen.iter().min_by(|a, b| a.1.count.all.total_cmp(&b.1.count.all));
            if let Some((rarest, count)) = rarest.map(|(value, known)| (value.clone(), known.count))
            {
                self.seen.remove(&rarest);
                inherited = count;
            }
        }
        let mut count = inherited;
        count.add(seen);
        self.seen.insert(value.into(), Estimate { count, inherited });
    }

    /// Multiplies every count: the past fades.
    pub fn fade(&mut self, keep: f64) {
        for known in self.seen.values_mut() {
            known.count = known.count.scaled(keep);
            known.inherited = known.inherited.scaled(keep);
        }
    }

    /// What is certain of `value`.
    pub fn get(&self, value: &str) -> Seen {
        self.seen.get(value).map(Estimate::certain).unwrap_or_default()
    }

    /// All values and what is certain of them, in order of value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Seen)> {
        self.seen.iter().map(|(value, known)| (value.as_ref(), known.certain()))
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
        /// The guarantee of the paper: what is certain is never too large, and too small by no
        /// more than n / capacity.
        #[test]
        fn what_is_certain_is_true_and_little_is_missing(
            values in prop::collection::vec((0_u8..30, any::<bool>()), 1..400),
        ) {
            let mut heavy = HeavyHitters::new(8);
            let mut truth = [Seen::default(); 30];
            for &(value, negative) in &values {
                heavy.add(&value.to_string(), Seen::once(negative));
                truth[usize::from(value)].add(Seen::once(negative));
            }
            prop_assert!(heavy.len() <= 8);
            let most = values.len() as f64 / 8.0;
            for (value, &truth) in truth.iter().enumerate() {
                let (want, seen) = (truth, heavy.get(&value.to_string()));
                prop_assert!(seen.all <= want.all && seen.negative <= want.negative);
                prop_assert!(seen.all >= want.all - most);
            }
        }
    }

    #[test]
    fn the_past_fades_whole() {
        let mut heavy = HeavyHitters::new(1);
        (0..4).for_each(|_| heavy.add("a", Seen::once(true)));
        heavy.add("b", Seen::once(true));
        heavy.fade(0.5);
        assert_eq!(
            heavy.get("b"),
            Seen { all: 0.5, negative: 0.5 },
            "of five, four were inherited"
        );
        assert_eq!(heavy.get("a"), Seen::default());
    }
}
