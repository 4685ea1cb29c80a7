//! Hashes remembered in two generations, kept on disk in segments.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Keys of a segment that is never written again.
const FULL: usize = 1 << 17;
/// Up to so many keys are written anew each time...
const FEW: usize = 512;
/// ...and beyond them those that are new, until there are so many segments: then they become one.
const SMALL_SEGMENTS: usize = 64;

/// Two sets of 64-bit hashes: the young one takes new keys, the old one is forgotten at the next
/// turn.
///
/// What has been saved is not saved again but for a bounded part: keys are appended in segments of
/// which each generation has at most 64, and one more for each 131,072 keys.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Generations {
    young: Generation,
    old: Generation,
    /// The number of the next segment.
    next: u64,
    /// Stored segments of a generation that is forgotten.
    #[serde(skip)]
    forgotten: Vec<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Generation {
    #[serde(skip)]
    keys: Set,
    /// Stored segments that are full, and those that are not.
    full: Vec<u64>,
    small: Vec<u64>,
    /// Keys that no full segment holds, in the order they came; `None`: nothing was ever saved.
    #[serde(skip)]
    log: Option<Vec<u64>>,
    /// How many of the log the small segments hold.
    #[serde(skip)]
    logged: usize,
}

/// Keys are hashes already: hashing them again would be wasted.
type Set = HashSet<u64, BuildHasherDefault<KeyIsHash>>;

#[derive(Debug, Default, Clone, Copy)]
struct KeyIsHash(u64);

impl Hasher for KeyIsHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Some of the keys, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Eight bytes each, the lowest first.
    keys: ByteBuf,
}

/// What has to be stored so that all segments that [`Generations`] tells of are there.
#[derive(Debug, Default)]
pub struct SavedSegments {
    /// Segments to write, by number.
    pub put: Vec<(u64, Segment)>,
    /// Segments to remove.
    pub remove: Vec<u64>,
}

impl Generations {
    /// Adds `key` to the young generation; whether that did not hold it.
    pub fn insert(&mut self, key: u64) -> bool {
        self.young.insert(key)
    }

    /// Whether the old generation holds `key`.
    pub fn is_old(&self, key: u64) -> bool {
        self.old.keys.contains(&key)
    }

    /// The young generation becomes the old one, which is forgotten.
    pub fn turn_over(&mut self) {
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear(&mut self.forgotten);
    }

    /// Forgets the old generation.
    pub fn forget_old(&mut self) {
        self.old.clear(&mut self.forgotten);
    }

    /// Keys of the young generation.
    pub fn young_len(&self) -> usize {
        self.young.keys.len()
    }

    /// Keys of both, one held by both twice.
    pub fn len(&self) -> usize {
        self.young.keys.len() + self.old.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What has come since the last time, or since [`Generations::resume`]. What is serialised of
    /// this set from then on tells of those segments.
    pub fn save(&mut self) -> SavedSegments {
        let mut saved =
            SavedSegments { put: Vec::new(), remove: std::mem::take(&mut self.forgotten) };
        for generation in [&mut self.young, &mut self.old] {
            generation.save(&mut self.next, &mut saved);
        }
        saved
    }

    /// The set whose segments `of` tells by number, if it does so for all and they can be what was
    /// saved.
    pub fn resume<E>(mut self, mut of: impl FnMut(u64) -> Result<Segment, E>) -> Result<Self, E> {
        for generation in [&mut self.young, &mut self.old] {
            generation.resume(&mut of)?;
        }
        Ok(self)
    }

    /// Forgets what has been saved: all of it is new.
    pub fn unsave(&mut self) {
        for it in [&mut self.young, &mut self.old] {
            *it = Generation { keys: std::mem::take(&mut it.keys), ..Generation::default() };
        }
        (self.next, self.forgotten) = (0, Vec::new());
    }
}

impl Generation {
    fn insert(&mut self, key: u64) -> bool {
        let is_new = self.keys.insert(key);
        if let (true, Some(log)) = (is_new, &mut self.log) {
            log.push(key);
        }
        is_new
    }

    /// Forgets everything but the room it took.
    fn clear(&mut self, forgotten: &mut Vec<u64>) {
        self.keys.clear();
        forgotten.append(&mut self.full);
        forgotten.append(&mut self.small);
        self.log.iter_mut().for_each(Vec::clear);
        self.logged = 0;
    }

    fn save(&mut self, next: &mut u64, saved: &mut SavedSegments) {
        let log = self.log.get_or_insert_with(|| {
            let mut keys: Vec<u64> = self.keys.iter().copied().collect();
            keys.sort_unstable();
            keys
        });
        while log.len() >= FULL {
            saved.remove.append(&mut self.small);
            self.logged = 0;
            self.full.push(*next);
            saved.put.push((*next, Segment::of(log.drain(..FULL))));
            *next += 1;
        }
        if self.logged == log.len() {
            return;
        }
        if log.len() <= FEW || self.small.len() >= SMALL_SEGMENTS {
            saved.remove.append(&mut self.small);
            self.logged = 0;
        }
        self.small.push(*next);
        saved.put.push((*next, Segment::of(log[self.logged..].iter().copied())));
        *next += 1;
        self.logged = log.len();
    }

    fn resume<E>(&mut self, of: &mut impl FnMut(u64) -> Result<Segment, E>) -> Result<(), E> {
        for &number in &self.full {
            self.keys.extend(of(number)?.iter());
        }
        let mut log = Vec::new();
        for &number in &self.small {
            log.extend(of(number)?.iter());
        }
        self.keys.extend(&log);
        self.logged = log.len();
        self.log = Some(log);
        Ok(())
    }
}

impl Segment {
    fn of(keys: impl Iterator<Item = u64>) -> Self {
        let mut keys: Vec<u64> = keys.collect();
        keys.sort_unstable();
        let bytes: Vec<u8> = keys.into_iter().flat_map(u64::to_le_bytes).collect();
        Self { keys: ByteBuf::from(bytes) }
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.keys.as_chunks().0.iter().map(|key| u64::from_le_bytes(*key))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Spreads small numbers over all hashes.
    fn key(number: u64) -> u64 {
        crate::window::mention_key("channel", &number.to_string())
    }

    /// What a store holds.
    #[derive(Default)]
    struct Stored {
        index: String,
        segments: BTreeMap<u64, Segment>,
        written: usize,
    }

    impl Stored {
        fn take(&mut self, generations: &mut Generations) {
            let SavedSegments { put, remove } = generations.save();
            for number in remove {
                assert!(self.segments.remove(&number).is_some(), "{number} was never stored");
            }
            for (number, segment) in put {
                self.written += segment.keys.len() / 8;
                assert!(self.segments.insert(number, segment).is_none(), "{number} is taken");
            }
            self.index = serde_json::to_string(generations).unwrap();
            let told = [&generations.young, &generations.old];
            let told: BTreeSet<u64> =
                told.into_iter().flat_map(|it| it.full.iter().chain(&it.small).copied()).collect();
            assert!(told.iter().eq(self.segments.keys()), "the store holds nothing else");
        }

        fn load(&self) -> Generations {
            let generations: Generations = serde_json::from_str(&self.index).unwrap();
            let of = |number: u64| Ok::<_, Infallible>(self.segments[&number].clone());
            generations.resume(of).unwrap()
        }
    }

    fn held(generations: &Generations) -> [BTreeSet<u64>; 2] {
        [&generations.young, &generations.old].map(|it| it.keys.iter().copied().collect())
    }

    #[test]
    fn segments_stay_few_and_little_is_written_twice() {
        let (mut generations, mut stored) = (Generations::default(), Stored::default());
        for round in 0..3_000_u64 {
            (0..100).for_each(|it| {
                generations.insert(key(100 * round + it));
            });
            stored.take(&mut generations);
        }
        assert_eq!(generations.young.full.len(), 2, "300,000 keys");
        assert!(stored.segments.len() <= SMALL_SEGMENTS + 2, "{}", stored.segments.len());
        assert!(stored.written < 15 * 300_000, "{} for 300,000 keys", stored.written);
        assert_eq!(held(&stored.load()), held(&generations));
        generations.turn_over();
        stored.take(&mut generations);
        assert_eq!(held(&stored.load()), held(&generations));
        generations.turn_over();
        stored.take(&mut generations);
        assert!(stored.segments.is_empty(), "what is forgotten is removed");
    }

    #[test]
    fn what_was_never_saved_is_saved_whole() {
        let (mut generations, mut stored) = (Generations::default(), Stored::default());
        (0..2 * FULL as u64 + 10).for_each(|it| {
            generations.insert(key(it));
        });
        assert!(generations.young.log.is_none(), "who keeps no checkpoints pays for none");
        stored.take(&mut generations);
        assert_eq!(stored.segments.len(), 3);
        assert_eq!(held(&stored.load()), held(&generations));
    }

    proptest! {
        /// Whatever is added, turned, saved and loaded in whatever order, the store holds what the
        /// memory does.
        #[test]
        fn a_store_holds_what_is_remembered(
            steps in prop::collection::vec((0_u8..10, 0_u64..3_000), 1..120),
        ) {
            let (mut generations, mut stored) = (Generations::default(), Stored::default());
            for (step, number) in steps {
                match step {
                    0..5 => (number..number + 40).for_each(|it| {
                        generations.insert(key(it));
                    }),
                    5 => generations.turn_over(),
                    6 => generations.forget_old(),
                    7 if !stored.index.is_empty() => {
                        stored.take(&mut generations);
                        let loaded = stored.load();
                        prop_assert_eq!(held(&loaded), held(&generations));
                        generations = loaded;
                    }
                    _ => stored.take(&mut generations),
                }
            }
            stored.take(&mut generations);
            prop_assert_eq!(held(&stored.load()), held(&generations));
        }
    }
}
