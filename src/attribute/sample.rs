//! Mentions that speak for the rest.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::incident::Sample;
use crate::mention::{Classified, Tone};

/// Samples kept, of all tones and of negative ones each.
const KEPT: usize = 3;
/// Characters kept of each text of a sample.
const TEXT_CHARS: usize = 500;

/// The most telling mentions of a stretch of time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Shortlist {
    any: Vec<Ranked>,
    negative: Vec<Ranked>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ranked {
    rank: Rank,
    sample: Sample,
}

/// What makes a mention telling, most important first: among negative ones a crisis word; how many
/// people see it, how many react; among negative ones how strong its tone is; then the earlier one,
/// then the smaller id. Among all mentions tone counts nothing, or praise would be illustrated by
/// the angriest voices.
type Rank = Reverse<(bool, u64, u64, u32, Reverse<i64>, Reverse<String>)>;

fn rank(classified: &Classified<'_>, negative: bool) -> Rank {
    let mention = classified.mention;
    let engagement = mention.engagement;
    let reactions =
        engagement.likes.saturating_add(engagement.shares).saturating_add(engagement.comments);
    Reverse((
        negative && !classified.crisis_terms.is_empty(),
        mention.audience(),
        reactions,
        if negative { (classified.sentiment.abs() * 1_000.0) as u32 } else { 0 },
        Reverse(mention.created_at.as_millis()),
        Reverse(mention.id.to_string()),
    ))
}

impl Shortlist {
    pub(super) fn consider(&mut self, classified: &Classified<'_>) {
        offer(&mut self.any, classified, false);
        if classified.tone == Tone::Negative {
            offer(&mut self.negative, classified, true);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        other.any.iter().for_each(|ranked| insert(&mut self.any, ranked.clone()));
        other.negative.iter().for_each(|ranked| insert(&mut self.negative, ranked.clone()));
    }

    /// All of them, in no order; one may come twice.
    pub(super) fn all(self) -> impl Iterator<Item = Sample> {
        self.any.into_iter().chain(self.negative).map(|ranked| ranked.sample)
    }

    /// The samples to show; negative ones when those are in question and there are any.
    pub(super) fn choose(self, negative_only: bool) -> Vec<Sample> {
        let list =
            if negative_only && !self.negative.is_empty() { self.negative } else { self.any };
        list.into_iter().map(|ranked| ranked.sample).collect()
    }
}

fn offer(list: &mut Vec<Ranked>, classified: &Classified<'_>, negative: bool) {
    let rank = rank(classified, negative);
    if list.len() < KEPT || list.last().is_some_and(|last| rank < last.rank) {
        insert(list, Ranked { rank, sample: sample(classified) });
    }
}

fn insert(list: &mut Vec<Ranked>, ranked: Ranked) {
    // The same words three times over tell no more than once.
    if let Some(same) = list.iter().position(|other| other.sample.text == ranked.sample.text) {
        if list[same].rank <= ranked.rank {
            return;
        }
        list.remove(same);
    }
    let at = list.partition_point(|other| other.rank <= ranked.rank);
    list.insert(at, ranked);
    list.truncate(KEPT);
}

/// The mention as alerts show it, cut to a bounded length.
pub(crate) fn sample(classified: &Classified<'_>) -> Sample {
    let mention = classified.mention;
    let author = mention.author.handle.as_ref().or(mention.author.id.as_ref());
    Sample {
        id: cut(&mention.id),
        created_at: mention.created_at,
        channel: cut(&mention.channel),
        author: author.map(|author| cut(author)),
        role: classified.role,
        audience: mention.audience(),
        tone: classified.tone,
        text: cut(&mention.text),
        // A cut address leads nowhere.
        url: mention.url.as_ref().filter(|url| url.len() <= 2_048).map(ToString::to_string),
        crisis_terms: classified.crisis_terms.iter().map(ToString::to_string).collect(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}
