//! Who writes, in bounded memory: how many, and how many of them for the first time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attribute::Counted;
use crate::window::Generations;

/// Authors kept of a bucket. Up to so many are counted; beyond it the standard error of the
/// estimate is 1 / √(128 - 2) = 9 %.
pub const AUTHORS: usize = 128;
/// Authors remembered in each of the two generations.
pub const GENERATION: usize = 16_384;
/// A generation takes new authors for so many days; so one is remembered for four to eight weeks.
const GENERATION_DAYS: f64 = 28.0;

/// A uniform sample of different authors: those with the smallest hashes (k minimum values, Bar-Yossef
/// et al. 2002), each with whether it had never been heard of before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Authors {
    kept: BTreeMap<u64, Author>,
    /// Whether some had to be left out.
    sampled: bool,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Author {
    is_new: bool,
    /// All that mentions of the author were counted as.
    counted: Counted,
}

/// The authors of mentions that are counted in one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    /// How many different ones there are.
    pub count: f64,
    /// The part of them that had never been heard of.
    pub new_share: f64,
}

impl Authors {
    /// Adds the author with hash `key` of a mention that is `counted` so.
    pub fn add(&mut self, key: u64, is_new: bool, counted: Counted) {
        let author = self.kept.entry(key).or_default();
        author.is_new |= is_new;
        author.counted = author.counted.with(counted);
        if self.kept.len() > AUTHORS {
            self.kept.pop_last();
            self.sampled = true;
        }
    }

    /// Adds the authors of another stretch of time.
    pub fn merge(&mut self, other: &Self) {
        self.sampled |= other.sampled;
        other.kept.iter().for_each(|(&key, author)| self.add(key, author.is_new, author.counted));
    }

    /// Those of mentions that add to the count at `at`.
    pub fn of(&self, at: usize) -> Crowd {
        let those = || self.kept.values().filter(|author| author.counted.is(at));
        let (count, new) = (those().count() as f64, those().filter(|it| it.is_new).count() as f64);
        let kept = self.kept.len() as f64;
        let each = match self.kept.last_key_value() {
            Some((&last, _)) if self.sampled => {
                (kept - 1.0) / kept * (u64::MAX as f64 / last.max(1) as f64)
            }
            _ => 1.0,
        };
        Crowd { count: count * each, new_share: new / count.max(1.0) }
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }
}

/// The authors that have been heard of, in two generations. One that fills up is turned over early:
/// of a brand with very many authors fewer weeks are remembered, and usually as during an incident
/// more of them are taken for new.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Known {
    pub keys: Generations,
    young_since: Option<i64>,
}

impl Known {
    /// Takes note of an author heard in bucket `number`; `true` when it had not been before.
    pub fn is_new(&mut self, key: u64, number: i64, buckets_per_day: f64) -> bool {
        let since = *self.young_since.get_or_insert(number);
        let generations = (number - since) as f64 / (GENERATION_DAYS * buckets_per_day);
        if generations >= 1.0 || self.keys.young_len() >= GENERATION {
            self.keys.turn_over();
            self.young_since = Some(number);
        }
        if generations >= 2.0 {
            self.keys.forget_old();
        }
        self.keys.insert(key) && !self.keys.is_old(key)
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads small numbers over all hashes.
    fn key(author: u64) -> u64 {
        crate::window::mention_key("twitter", &author.to_string())
    }

    #[test]
    fn authors_are_counted_while_few_and_estimated_beyond() {
        let whole: Counted = [true].into_iter().collect();
        for (truth, error) in [(7, 0.0), (128, 0.0), (5_000, 0.27)] {
            let (mut first, mut second) = (Authors::default(), Authors::default());
            for author in 0..truth {
                first.add(key(author), author % 4 == 0, whole);
                // Every second one has also written what counts as more.
                let counted = [true, author % 2 == 0].into_iter().collect();
                second.add(key(author), false, counted);
            }
            first.merge(&second);
            assert!(first.len() <= AUTHORS);
            let (all, part) = (first.of(0), first.of(1));
            assert!((all.count / truth as f64 - 1.0).abs() <= error, "{all:?}");
            assert!((all.new_share - 0.25).abs() < 0.05 + error / 2.0, "{all:?}");
            let half = (truth as f64 / 2.0).ceil();
            assert!((part.count / half - 1.0).abs() <= 1.5 * error, "{part:?}");
            assert!((part.new_share - 0.5).abs() < 0.08 + error / 2.0, "{part:?}");
            assert_eq!(first.of(2), Crowd { count: 0.0, new_share: 0.0 });
        }
    }

    #[test]
    fn an_author_is_new_once_in_a_month() {
        let mut known = Known::default();
        let mut heard_on = |day: i64| known.is_new(key(1), day, 1.0);
        assert_eq!(
            [0, 1, 27, 30, 55, 57].map(&mut heard_on),
            [true, false, false, false, false, false]
        );
        assert!(heard_on(200), "after a long time it is forgotten with the generation it was in");
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let mut known = Known::default();
        (0..100_000).for_each(|author| assert!(known.is_new(key(author), 0, 1.0)));
        assert!(known.len() <= 2 * GENERATION);
        assert!(!known.is_new(key(99_999), 0, 1.0), "the latest are remembered");
    }
}
