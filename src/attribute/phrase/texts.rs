//! Bounded samples of wordings.

use std::collections::BTreeMap;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use super::wording::Wording;
use crate::attribute::{ALL, Counted};

/// Wordings kept of a bucket. Up to so many mentions phrases are counted, beyond it they are
/// estimated: the standard error of a share is at most 0.5 / √128 = 4.4 % in one bucket, and 1.3 %
/// in the twelve of an hour.
pub const TEXTS_PER_BUCKET: usize = 128;
/// Wordings kept of what is usual.
pub const USUAL_TEXTS: usize = 1_024;

/// One mention's words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    pub wording: Wording,
    pub counted: Counted,
    /// Whether it passes on a post of somebody else.
    pub shared: bool,
}

/// A uniform sample of a bucket's mentions: those with the smallest hashes (bottom-k sampling, Cohen
/// & Kaplan 2007). Which ones they are depends neither on the order of arrival nor on what they say.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Texts {
    kept: BTreeMap<u64, Text>,
}

impl Texts {
    /// Offers the mention with hash `key`; its `text` is read only if it is kept.
    pub fn offer(&mut self, key: u64, text: impl FnOnce() -> Text) {
        if self.kept.len() >= TEXTS_PER_BUCKET {
            match self.kept.last_key_value() {
                Some((&last, _)) if key < last => self.kept.pop_last(),
                _ => return,
            };
        }
        self.kept.insert(key, text());
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        self.kept.values()
    }
}

/// At most `most` texts (and one more for each bucket) of mentions that add to the count at `at`,
/// spread over the `buckets` as all mentions are, each with the number of those it stands for. Each
/// bucket comes with its counts.
pub fn draw<'t>(buckets: &[(&'t Texts, &[f64])], most: usize, at: usize) -> Vec<(&'t Text, f64)> {
    let all: f64 = buckets.iter().map(|(_, total)| total[ALL]).sum();
    let mut drawn = Vec::new();
    for (texts, total) in buckets {
        let part = (most as f64 * total[ALL] / all.max(1.0)).floor().max(1.0);
        let asked = |text: &&Text| text.counted.is(at);
        let read: Vec<&Text> = texts.iter().take(part as usize).filter(asked).collect();
        let weight = total[at] / read.len().max(1) as f64;
        drawn.extend(read.into_iter().map(|text| (text, weight)));
    }
    drawn
}

/// A sample of the past in which a mention's chance halves with each half-life: weighted sampling
/// (Efraimidis & Spirakis 2006) under forward decay (Cormode et al. 2009), by which the ranks never
/// have to be computed again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct UsualTexts {
    kept: BTreeMap<(i64, u64), Text>,
}

impl UsualTexts {
    /// Takes in a bucket that lies `half_lives` after the beginning of time and stood for `mentions`.
    pub fn take(&mut self, texts: Texts, mentions: f64, half_lives: f64) {
        let each = mentions / texts.len().max(1) as f64;
        let advantage = each.ln() + half_lives * std::f64::consts::LN_2;
        for (key, text) in texts.kept {
            // The smallest of `-ln u / weight` win; as logarithms, so that no weight is too large.
            // The bucket has kept small hashes only: they are hashed again.
            let rank = (-unit(key).ln()).ln() - advantage;
            self.kept.insert(((rank * 1e9) as i64, key), text);
            if self.kept.len() > USUAL_TEXTS {
                self.kept.pop_last();
            }
        }
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        self.kept.values()
    }
}

/// A number in 0..1, neither end included, from a hash of `key`.
fn unit(key: u64) -> f64 {
    let mut hasher = SipHasher24::new();
    hasher.write_u64(key);
    ((hasher.finish() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}
