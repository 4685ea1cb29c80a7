//! Parts and their names.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What a part holds. Its text, the same in every release, names it in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKey {
    /// `partition`: what all brands share; written every time.
    Partition,
    /// `feed`: what is typical of the feed.
    Feed,
    /// `seen/NUMBER`: keys of mentions that have been seen.
    Seen(u64),
    /// `brand/NAME`: a brand's panes, windows and incidents.
    Brand(String),
    /// `baselines/NAME`: what is typical of a brand.
    Baselines(String),
    /// `usual/NAME`: who and what a brand's mentions usually carry.
    Usual(String),
    /// `talk/NUMBER/NAME`: who and what they carried in a stretch of the last day.
    Talk(i64, String),
    /// `authors/NUMBER/NAME`: keys of authors who have been heard of.
    Authors(u64, String),
}

/// A text that names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no part of a checkpoint")]
pub struct PartKeyError(String);

/// A part, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub key: PartKey,
    /// What it holds, for [`decode`](super::decode).
    pub bytes: Vec<u8>,
}

/// What has to be stored, in one transaction: then the store holds the state as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saved {
    /// Parts to insert, or to put in the place of what has their names.
    pub put: Vec<Part>,
    /// Parts to remove, if they are there.
    pub remove: Vec<PartKey>,
}

impl PartKey {
    /// The brand it is of.
    pub fn brand(&self) -> Option<&str> {
        match self {
            Self::Partition | Self::Feed | Self::Seen(_) => None,
            Self::Brand(name)
            | Self::Baselines(name)
            | Self::Usual(name)
            | Self::Talk(_, name)
            | Self::Authors(_, name) => Some(name),
        }
    }
}

impl Saved {
    /// Both at once: what could not be stored, and what was `later` saved of the same state.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let mut all = BTreeMap::new();
        for Self { put, remove } in [self, later] {
            all.extend(put.into_iter().map(|part| (part.key, Some(part.bytes))));
            all.extend(remove.into_iter().map(|key| (key, None)));
        }
        let mut both = Self::default();
        for (key, bytes) in all {
            match bytes {
                Some(bytes) => both.put.push(Part { key, bytes }),
                None => both.remove.push(key),
            }
        }
        both
    }
}

impl fmt::Display for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition => f.write_str("partition"),
            Self::Feed => f.write_str("feed"),
            Self::Seen(number) => write!(f, "seen/{number}"),
            Self::Brand(name) => write!(f, "brand/{name}"),
            Self::Baselines(name) => write!(f, "baselines/{name}"),
            Self::Usual(name) => write!(f, "usual/{name}"),
            Self::Talk(number, name) => write!(f, "talk/{number}/{name}"),
            Self::Authors(number, name) => write!(f, "authors/{number}/{name}"),
        }
    }
}

impl FromStr for PartKey {
    type Err = PartKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once('/').map_or((text, None), |(kind, it)| (kind, Some(it)));
        let name = || rest.map(str::to_owned);
        let numbered = || rest.and_then(|rest| rest.split_once('/'));
        let key = match kind {
            "partition" => rest.is_none().then_some(Self::Partition),
            "feed" => rest.is_none().then_some(Self::Feed),
            "seen" => rest.and_then(number).map(Self::Seen),
            "brand" => name().map(Self::Brand),
            "baselines" => name().map(Self::Baselines),
            "usual" => name().map(Self::Usual),
            "talk" => numbered().and_then(|(at, it)| Some(Self::Talk(number(at)?, it.to_owned()))),
            "authors" => {
                numbered().and_then(|(at, it)| Some(Self::Authors(number(at)?, it.to_owned())))
            }
            _ => None,
        };
        key.ok_or_else(|| PartKeyError(text.to_owned()))
    }
}

/// A number in the one form in which it is written.
fn number<T: FromStr + fmt::Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|it: &T| it.to_string() == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn any_key() -> impl Strategy<Value = PartKey> {
        let name = any::<String>;
        prop_oneof![
            Just(PartKey::Partition),
            Just(PartKey::Feed),
            any::<u64>().prop_map(PartKey::Seen),
            name().prop_map(PartKey::Brand),
            name().prop_map(PartKey::Baselines),
            name().prop_map(PartKey::Usual),
            (any::<i64>(), name()).prop_map(|(number, name)| PartKey::Talk(number, name)),
            (any::<u64>(), name()).prop_map(|(number, name)| PartKey::Authors(number, name)),
        ]
    }

    /// Stores hold these: they may not change from release to release.
    #[test]
    fn a_part_is_named_the_same_in_every_release() {
        let name = || "AC/DC".to_owned();
        for (key, text) in [
            (PartKey::Partition, "partition"),
            (PartKey::Feed, "feed"),
            (PartKey::Seen(12), "seen/12"),
            (PartKey::Brand(name()), "brand/AC/DC"),
            (PartKey::Baselines(name()), "baselines/AC/DC"),
            (PartKey::Usual(name()), "usual/AC/DC"),
            (PartKey::Talk(-7, name()), "talk/-7/AC/DC"),
            (PartKey::Authors(3, name()), "authors/3/AC/DC"),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        }
        for text in ["", "partition/", "seen", "seen/", "seen/+1", "seen/01", "talk/1", "brands/A"]
        {
            assert!(text.parse::<PartKey>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_told_again(key in any_key(), text in any::<String>()) {
            prop_assert_eq!(key.to_string().parse(), Ok(key));
            if let Ok(key) = text.parse::<PartKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }

    #[test]
    fn what_could_not_be_stored_is_stored_with_what_follows() {
        let put = |key, byte| Part { key, bytes: vec![byte] };
        let (one, two, three) = (PartKey::Seen(1), PartKey::Seen(2), PartKey::Seen(3));
        let first = Saved {
            put: vec![put(one.clone(), 1), put(two.clone(), 1)],
            remove: vec![three.clone()],
        };
        let second = Saved {
            put: vec![put(three.clone(), 2), put(PartKey::Partition, 2)],
            remove: vec![one.clone()],
        };
        let both = Saved {
            put: vec![put(PartKey::Partition, 2), put(two, 1), put(three, 2)],
            remove: vec![one],
        };
        assert_eq!(first.then(second), both);
    }
}
