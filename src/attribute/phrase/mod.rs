//! Which phrases carry an excess.
//!
//! Phrases are not tallied as links are: a mention holds dozens, most of them only once in the
//! world, and a bounded tally would be swept by that tail. Instead a sample of the mentions' words
//! is kept, and read only when somebody asks. So it is also known which phrases are of the same
//! mentions, and of those one is told.

mod stop_words;
mod texts;
mod wording;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::incident::{SourceKind, SourceShare};

use super::swing::Explained;
#[cfg(test)]
pub(super) use texts::{TEXTS_PER_BUCKET, USUAL_TEXTS};
pub(super) use texts::{Text, Texts, UsualTexts, draw};
pub(super) use wording::Wording;

/// Texts read for one answer, and one more for each bucket at most: it must not hold up the mentions that follow.
const MOST_TEXTS: usize = 2_048;
/// Phrases looked at closely.
const MOST_CANDIDATES: usize = 256;
/// A phrase is shown when it carries this part of the excess: people who are angry about the same
/// thing still find their own words...
const SHOWN_SHARE: f64 = 0.02;
/// ...and when it was found in so many texts: two can be one person's.
const SHOWN_TEXTS: usize = 3;
/// Phrases shown.
const SHOWN: usize = 3;
/// The longer of two phrases is told if it is in this part of the mentions of the shorter.
const SAME: f64 = 0.8;
/// A further phrase is told if this part of its mentions have none of those told before.
const NEWS: f64 = 0.5;

/// What is counted must not depend on a process's random seed.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// A text and how many mentions it stands for.
struct Heard<'t> {
    phrases: Vec<&'t str>,
    weight: f64,
}

struct Candidate<'t> {
    phrase: &'t str,
    weight: f64,
    share: f64,
    /// Positions of the texts that hold it, ascending.
    texts: Vec<usize>,
}

/// The phrases that carry the excess of `buckets`, each with what it stood for, the largest share
/// first; none of them says what another says.
pub(super) fn sources<'t>(
    buckets: &[(&'t Texts, &[f64])],
    usual: &'t UsualTexts,
    asked: &Explained,
) -> Vec<SourceShare> {
    let heard: Vec<Heard<'t>> = draw(buckets, MOST_TEXTS, asked.swing.count)
        .into_iter()
        .map(|(text, weight)| Heard { phrases: text.wording.phrases(), weight })
        .collect();
    let mut candidates = candidates(&heard, usual, asked);
    candidates.sort_by(|a, b| {
        let rank = |it: &Candidate<'t>| (Reverse(it.phrase.len()), it.phrase);
        b.share.total_cmp(&a.share).then_with(|| rank(a).cmp(&rank(b)))
    });
    tell(&candidates, &heard)
}

fn candidates<'t>(
    heard: &[Heard<'t>],
    usual: &UsualTexts,
    asked: &Explained,
) -> Vec<Candidate<'t>> {
    let mut weights: Map<&str, (f64, usize)> = Map::default();
    for text in heard {
        for &phrase in &text.phrases {
            let (weight, texts) = weights.entry(phrase).or_default();
            *weight += text.weight;
            *texts += 1;
        }
    }
    let enough =
        |(weight, texts): (f64, usize)| texts >= SHOWN_TEXTS && asked.is_part(weight, SHOWN_SHARE);
    let mut often: Vec<(&'t str, f64)> = weights
        .into_iter()
        .filter(|&(_, seen)| enough(seen))
        .map(|(phrase, (weight, _))| (phrase, weight))
        .collect();
    often.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    often.truncate(MOST_CANDIDATES);

    let mut places: Map<&str, Vec<usize>> =
        often.iter().map(|&(phrase, _)| (phrase, Vec::new())).collect();
    for (at, text) in heard.iter().enumerate() {
        for phrase in &text.phrases {
            if let Some(texts) = places.get_mut(phrase) {
                texts.push(at);
            }
        }
    }
    let usual = usual_shares(&often, usual, asked.swing.count);
    often
        .into_iter()
        .map(|(phrase, weight)| {
            let usual = usual.get(phrase).copied().unwrap_or(0.0);
            let share = asked.share(weight, usual);
            Candidate { phrase, weight, share, texts: places.remove(phrase).unwrap_or_default() }
        })
        .filter(|candidate| candidate.share >= SHOWN_SHARE)
        .collect()
}

/// In what part of the usual mentions that add to the count at `at` each phrase is.
fn usual_shares<'t>(often: &[(&'t str, f64)], usual: &UsualTexts, at: usize) -> Map<&'t str, f64> {
    let mut shares: Map<&str, f64> = often.iter().map(|&(phrase, _)| (phrase, 0.0)).collect();
    if shares.is_empty() {
        return shares;
    }
    let mut texts = 0.0_f64;
    for text in usual.iter().filter(|text| text.counted.is(at)) {
        texts += 1.0;
        for phrase in text.wording.phrases() {
            if let Some(count) = shares.get_mut(phrase) {
                *count += 1.0;
            }
        }
    }
    shares.values_mut().for_each(|share| *share /= texts.max(1.0));
    shares
}

/// Of `candidates`, the largest share first, those that say something the ones before do not.
fn tell(candidates: &[Candidate<'_>], heard: &[Heard<'_>]) -> Vec<SourceShare> {
    let mut told_of = vec![false; heard.len()];
    let mut told = Vec::new();
    for candidate in candidates {
        let news: f64 = candidate
            .texts
            .iter()
            .filter(|&&text| !told_of[text])
            .map(|&text| heard[text].weight)
            .sum();
        if news < NEWS * candidate.weight {
            continue;
        }
        candidate.texts.iter().for_each(|&text| told_of[text] = true);
        let longest = longest_of(candidate, candidates);
        told.push(SourceShare {
            kind: SourceKind::Phrase,
            value: longest.phrase.to_owned(),
            count: longest.weight.round() as u64,
            share: longest.share,
        });
        if told.len() == SHOWN {
            break;
        }
    }
    told.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.value.cmp(&b.value)));
    told
}

/// The longest phrase around `short` that is in (nearly) as many mentions.
fn longest_of<'c, 't>(
    short: &'c Candidate<'t>,
    candidates: &'c [Candidate<'t>],
) -> &'c Candidate<'t> {
    candidates
        .iter()
        .filter(|long| long.share >= SAME * short.share && long.phrase.contains(short.phrase))
        // "cold flight" holds the letters of "old flight", but not its mentions.
        .filter(|long| long.texts.iter().all(|text| short.texts.binary_search(text).is_ok()))
        .max_by(|a, b| {
            let rank = |it: &Candidate<'t>| (it.phrase.len(), Reverse(it.phrase));
            rank(a).cmp(&rank(b))
        })
        .unwrap_or(short)
}

#[cfg(test)]
mod tests;
