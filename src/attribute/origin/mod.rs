//! Whether an excess is organic or coordinated: who wrote it, and whether in words of their own.
//!
//! What is told is measured, and the limits are rules of thumb: campaigns paste (Pacheco et al. 2021,
//! "Uncovering Coordinated Networks on Social Media", find them by near-identical texts too), crowds
//! do not. Sharing a post is how news spreads among people, and is no sign of either.

mod authors;

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::phrase::{Text, Texts, draw};
use crate::incident::{Origin, Provenance};
#[cfg(test)]
pub(super) use authors::{AUTHORS, GENERATION};
pub(super) use authors::{Authors, Crowd, Known};

/// Below this nothing is said: a handful of people may well think alike.
const LEAST_MENTIONS: f64 = 20.0;
/// Texts compared with each other, each with each.
const MOST_TEXTS: usize = 512;
/// A shorter text says the same as others by chance: "thanks for nothing".
const LEAST_WORDS: usize = 5;
/// Texts are nearly the same when they have this part of all their words in common: of ten words
/// two may differ, such as a name and a place.
const NEARLY_THE_SAME: f64 = 0.6;
/// A text is pasted when at least so many others are nearly the same. People quote each other, and
/// twice the same is somebody who posted twice.
const COPIES: usize = 2;
/// From this part of pasted texts on it is a campaign; people of their own accord hardly reach a
/// tenth.
const COORDINATED_PASTED: f64 = 0.4;
/// Half as much is enough when most of the authors are new, and more of them than usual by...
const SWARM_PASTED: f64 = 0.2;
const SWARM_NEW: f64 = 0.6;
/// ...this: every crisis draws in people who had not spoken before.
const SWARM_NEWER_THAN_USUAL: f64 = 0.2;
/// Before so many authors have been heard (an author counts once in five minutes, and fades as all
/// that is usual does) nearly everyone is new, and that says nothing.
const LEAST_USUAL_AUTHORS: f64 = 100.0;
/// Mentions of one author, on average: people who are angry write two or three times.
const COORDINATED_PER_AUTHOR: f64 = 5.0;
/// Organic is what stays below both of these.
const ORGANIC_PASTED: f64 = 0.1;
const ORGANIC_PER_AUTHOR: f64 = 3.0;

/// What is known of the authors, during an incident and usually.
#[derive(Debug)]
pub(super) struct Heard {
    /// Authors of the mentions that are asked about.
    pub authors: Crowd,
    /// Authors of the buckets that have become usual, each once a bucket, and how many of them were
    /// new.
    pub usual: (f64, f64),
}

/// How those mentions of `buckets`, each with what it stood for, that add to the count at `at` were
/// written; `None` when there are too few to say.
pub(super) fn judge(buckets: &[(&Texts, &[f64])], heard: &Heard, at: usize) -> Option<Origin> {
    let texts = draw(buckets, MOST_TEXTS, at);
    let mentions: f64 = texts.iter().map(|(_, weight)| weight).sum();
    if mentions < LEAST_MENTIONS {
        return None;
    }
    let counted: f64 = buckets.iter().map(|(_, total)| total[at]).sum();
    let authors = heard.authors;
    // An empty sum is -0.0, which nobody wants to read.
    let part = |of: f64| (of / mentions).clamp(0.0, 1.0) + 0.0;
    let (usually, usually_new) = heard.usual;
    let mut origin = Origin {
        provenance: Provenance::Unclear,
        authors: authors.count.round() as u64,
        mentions_per_author: counted / authors.count.max(1.0),
        new_authors: authors.new_share,
        usual_new_authors: (usually >= LEAST_USUAL_AUTHORS).then(|| usually_new / usually),
        pasted: part(pasted(&texts)),
        shared: part(texts.iter().filter(|(text, _)| text.shared).map(|(_, weight)| weight).sum()),
    };
    origin.provenance = provenance(&origin);
    Some(origin)
}

fn provenance(origin: &Origin) -> Provenance {
    let known = origin.authors > 0;
    let per_author = origin.mentions_per_author;
    let swarms = origin.new_authors >= SWARM_NEW
        && origin
            .usual_new_authors
            .is_some_and(|usual| origin.new_authors >= usual + SWARM_NEWER_THAN_USUAL);
    let pastes = origin.pasted >= if swarms { SWARM_PASTED } else { COORDINATED_PASTED };
    if pastes || known && per_author >= COORDINATED_PER_AUTHOR {
        Provenance::Coordinated
    } else if known && origin.pasted < ORGANIC_PASTED && per_author < ORGANIC_PER_AUTHOR {
        Provenance::Organic
    } else {
        Provenance::Unclear
    }
}

/// Mentions whose text is pasted.
fn pasted(texts: &[(&Text, f64)]) -> f64 {
    let own: Vec<(Vec<u64>, f64)> = texts
        .iter()
        .filter(|(text, _)| !text.shared)
        .map(|(text, weight)| (word_set(text), *weight))
        .filter(|(words, _)| words.len() >= LEAST_WORDS)
        .collect();
    let mut copies = vec![0; own.len()];
    for (at, (words, _)) in own.iter().enumerate() {
        for (other_at, (other, _)) in own.iter().enumerate().skip(at + 1) {
            if are_nearly_the_same(words, other) {
                copies[at] += 1;
                copies[other_at] += 1;
            }
        }
    }
    own.iter().zip(copies).filter(|(_, copies)| *copies >= COPIES).map(|(own, _)| own.1).sum()
}

/// Hashes of the different words, in order.
fn word_set(text: &Text) -> Vec<u64> {
    let hash = |word: &str| {
        let mut hasher = SipHasher13::new();
        hasher.write(word.as_bytes());
        hasher.finish()
    };
    let mut words: Vec<u64> = text.wording.words().map(hash).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether the Jaccard similarity of two ordered sets reaches the limit.
fn are_nearly_the_same(a: &[u64], b: &[u64]) -> bool {
    let (fewer, more) = (a.len().min(b.len()), a.len().max(b.len()));
    // What differs in length alone can be too much.
    if (fewer as f64) < NEARLY_THE_SAME * more as f64 {
        return false;
    }
    let (mut at, mut common) = (0, 0_usize);
    for word in a {
        while b.get(at).is_some_and(|other| other < word) {
            at += 1;
        }
        common += usize::from(b.get(at) == Some(word));
    }
    let union = a.len() + b.len() - common;
    common as f64 >= NEARLY_THE_SAME * union as f64
}

#[cfg(test)]
mod tests;
