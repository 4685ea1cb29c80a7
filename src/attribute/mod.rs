//! What a swing comes from: which links, hashtags, phrases, authors, countries and channels carry
//! it, whether a rise is organic or coordinated, and which mentions speak for the rest.
//!
//! Mentions are tallied in buckets of five minutes over the last day, each bucket in bounded memory
//! ([`HeavyHitters`]; for phrases, a sample of the mentions' words). A bucket that is a day old fades
//! into what is usual. What is counted of a value is not only its mentions, but as many parts of them
//! as there are measures to explain ([`Counted`]): a rise of shares comes from what is shared. The
//! part of a swing that a value carries is how far its count is off its usual part of what was
//! expected, over how far the whole is off.

mod counted;
mod heavy;
mod origin;
mod phrase;
mod sample;
mod saved;
mod swing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use counted::{ALL, Counted, NEGATIVE};
pub use heavy::HeavyHitters;
pub use saved::Unsaved;
pub use swing::{Question, Swing};

use crate::incident::{Direction, Evidence, Origin, SourceKind, SourceShare, TermCount};
use crate::mention::{Classified, Kind, Mention};
use crate::window::{Pane, mention_key};
use origin::{Authors, Heard, Known};
use phrase::{Text, Texts, UsualTexts, Wording};
use sample::Shortlist;
pub(crate) use sample::sample;
pub(crate) use saved::samples_of;
use swing::Explained;

/// Buckets a day is cut into, of five minutes each.
const BUCKETS_PER_DAY: usize = 288;
/// Values of a kind taken from one mention: no mention of a person has more, and memory must be
/// bounded.
const MOST_VALUES: usize = 64;
/// The longest value, topic or name that is remembered, in bytes.
pub(crate) const LONGEST_VALUE: usize = 512;
/// The kinds that are tallied value by value: all but phrases.
const TALLIED: [SourceKind; 5] = [
    SourceKind::Link,
    SourceKind::Hashtag,
    SourceKind::Author,
    SourceKind::Country,
    SourceKind::Channel,
];
/// Values remembered per bucket, in the order of [`TALLIED`].
const BUCKET_CAPACITY: [usize; 5] = [64, 64, 96, 32, 16];
/// Values remembered as usual, in the order of [`TALLIED`].
const USUAL_CAPACITY: [usize; 5] = [512, 512, 1_024, 128, 64];
/// Crisis terms remembered per bucket.
const TERM_CAPACITY: usize = 32;
/// What is usual fades with this half-life, in days.
const USUAL_HALF_LIFE_DAYS: f64 = 7.0;

/// Who and what a brand's mentions carry, over the last day and usually.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Attribution {
    #[serde(skip)]
    counts: usize,
    #[serde(skip)]
    bucket_panes: Pane,
    #[serde(skip)]
    retained: usize,
    #[serde(skip)]
    keep_per_bucket: f64,
    #[serde(skip)]
    buckets_per_half_life: f64,
    #[serde(skip)]
    buckets: VecDeque<Bucket>,
    #[serde(skip)]
    usual: Usual,
    known_authors: Known,
    /// Whether an incident is open: what it holds is never taken for usual.
    holding: bool,
    /// The stretches of the last day that have been saved.
    stretches: BTreeSet<i64>,
}

/// Who and what a brand's mentions usually carry. It changes when a bucket is a day old, and is saved
/// by itself.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Usual {
    values: [HeavyHitters; 5],
    texts: UsualTexts,
    /// Authors of past buckets, each once a bucket, and those of them that were new; fading.
    authors: (f64, f64),
    /// By count.
    total: Vec<f64>,
    #[serde(skip)]
    changed: bool,
}

/// Who and what a brand's mentions carried in five minutes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bucket {
    number: i64,
    held: bool,
    /// By count.
    total: Vec<f64>,
    values: [HeavyHitters; 5],
    texts: Texts,
    authors: Authors,
    terms: BTreeMap<Box<str>, u64>,
    shortlist: Shortlist,
    #[serde(skip)]
    changed: bool,
}

impl Attribution {
    /// Remembers one day of panes, `panes_per_day` of them, and so many `counts` of each value,
    /// [`ALL`] and [`NEGATIVE`] among them.
    pub fn new(panes_per_day: usize, counts: usize) -> Self {
        let counts = counts.max(NEGATIVE + 1);
        let bucket_panes = (panes_per_day / BUCKETS_PER_DAY).max(1);
        let buckets_per_day = (panes_per_day as f64 / bucket_panes as f64).max(1.0);
        let buckets_per_half_life = USUAL_HALF_LIFE_DAYS * buckets_per_day;
        Self {
            counts,
            bucket_panes: bucket_panes as Pane,
            retained: buckets_per_day.ceil() as usize + 1,
            keep_per_bucket: (-1.0 / buckets_per_half_life).exp2(),
            buckets_per_half_life,
            usual: Usual {
                values: USUAL_CAPACITY.map(|capacity| HeavyHitters::new(capacity, counts)),
                total: vec![0.0; counts],
                changed: true,
                ..Usual::default()
            },
            ..Self::default()
        }
    }

    /// An incident has begun in pane `from`: from its bucket on nothing becomes usual until
    /// [`Attribution::release`].
    pub fn hold_since(&mut self, from: Pane) {
        self.holding = true;
        self.buckets_since(from).for_each(|bucket| bucket.hold(true));
    }

    /// The incident is over: what is tallied from now on becomes usual again.
    pub fn release(&mut self) {
        self.holding = false;
    }

    /// The level since pane `from` is here to stay: what is still remembered of it becomes usual. What
    /// comes after it does not, until [`Attribution::release`].
    pub fn accept_since(&mut self, from: Pane) {
        self.buckets_since(from).for_each(|bucket| bucket.hold(false));
    }

    /// Tallies a mention made in `pane`, as what it is `counted`.
    pub fn observe(&mut self, pane: Pane, classified: &Classified<'_>, counted: Counted) {
        let number = pane.div_euclid(self.bucket_panes);
        let mention = classified.mention;
        let author = author(mention).map(|author| mention_key(&mention.channel, author));
        let buckets_per_day = self.buckets_per_half_life / USUAL_HALF_LIFE_DAYS;
        let is_new =
            author.is_some_and(|key| self.known_authors.is_new(key, number, buckets_per_day));
        let counts = self.counts;
        let Some(bucket) = self.bucket_mut(number) else {
            return;
        };
        bucket.changed = true;
        add(&mut bucket.total, counted.ones(counts).map(f64::from));
        author.into_iter().for_each(|key| bucket.authors.add(key, is_new, counted));
        bucket.texts.offer(mention_key(&mention.channel, &mention.id), || Text {
            wording: Wording::of(&classified.normal_text, &classified.names),
            counted,
            shared: mention.kind == Kind::Share || classified.normal_text.starts_with("rt @"),
        });
        for (kind, values) in TALLIED.into_iter().zip(&mut bucket.values) {
            each_value(kind, mention, |value| {
                if value.len() <= LONGEST_VALUE {
                    values.add(value, counted.ones(counts));
                }
            });
        }
        for term in &classified.crisis_terms {
            if bucket.terms.len() < TERM_CAPACITY || bucket.terms.contains_key(&**term) {
                *bucket.terms.entry((&**term).into()).or_default() += 1;
            }
        }
        bucket.shortlist.consider(classified);
    }

    /// The panes of whole buckets that hold `from..to`, as far as they are remembered: what can be
    /// asked about so that counted and expected mentions are of the same panes.
    pub fn covered(&self, from: Pane, to: Pane) -> Range<Pane> {
        let latest = (to - 1).div_euclid(self.bucket_panes);
        let newest = self.buckets.back().map_or(latest, |bucket| bucket.number.max(latest));
        let oldest = newest - (self.retained as i64 - 1);
        let first = from.div_euclid(self.bucket_panes).max(oldest);
        first * self.bucket_panes..(latest + 1) * self.bucket_panes
    }

    /// Explains a swing; the panes asked about are rounded out to buckets.
    pub fn explain(&self, question: &Question) -> Evidence {
        let numbers = question.from.div_euclid(self.bucket_panes)
            ..=(question.to - 1).div_euclid(self.bucket_panes);
        let buckets: Vec<&Bucket> =
            self.buckets.iter().filter(|bucket| numbers.contains(&bucket.number)).collect();
        let mut total = vec![0.0; self.counts];
        let mut terms: BTreeMap<&str, u64> = BTreeMap::new();
        let mut shortlist = Shortlist::default();
        for bucket in &buckets {
            add(&mut total, bucket.total.iter().copied());
            for (term, count) in &bucket.terms {
                *terms.entry(term).or_default() += count;
            }
            shortlist.merge(&bucket.shortlist);
        }
        let mut crisis_terms: Vec<TermCount> = terms
            .into_iter()
            .map(|(term, count)| TermCount { term: term.to_owned(), count })
            .collect();
        crisis_terms.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.term.cmp(&b.term)));
        let (mentions, negative) = (total[ALL], total[NEGATIVE]);
        let explained =
            question.swing.and_then(|swing| Explained::of(swing, *total.get(swing.count)?));
        let is_anger = question.swing.is_some_and(|swing| swing.is_anger());
        Evidence {
            mentions: mentions as u64,
            negative_mentions: negative as u64,
            sources: explained.map(|it| self.sources(&buckets, &it)).unwrap_or_default(),
            origin: explained.and_then(|it| self.origin(&buckets, &it.swing)),
            crisis_terms,
            // Praise does not illustrate what mostly is anger.
            samples: shortlist.choose(is_anger || negative > mentions / 2.0),
            partitions: None,
        }
    }

    /// Values and texts remembered now, over all buckets and what is usual.
    pub fn len(&self) -> usize {
        let values = |values: &[HeavyHitters]| values.iter().map(HeavyHitters::len).sum::<usize>();
        let recent = self
            .buckets
            .iter()
            .map(|bucket| values(&bucket.values) + bucket.texts.len() + bucket.authors.len());
        recent.sum::<usize>()
            + values(&self.usual.values)
            + self.usual.texts.len()
            + self.known_authors.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn buckets_since(&mut self, from: Pane) -> impl Iterator<Item = &mut Bucket> {
        let from = from.div_euclid(self.bucket_panes);
        self.buckets.iter_mut().rev().take_while(move |bucket| bucket.number >= from)
    }

    fn bucket_mut(&mut self, number: i64) -> Option<&mut Bucket> {
        if self.buckets.back().is_none_or(|latest| latest.number < number) {
            self.buckets.push_back(Bucket::new(number, self.holding, self.counts));
            while self.buckets.len() > 1
                && self
                    .buckets
                    .front()
                    .is_some_and(|oldest| number - oldest.number >= self.retained as i64)
            {
                self.retire_oldest();
            }
            return self.buckets.back_mut();
        }
        match self.buckets.binary_search_by_key(&number, |bucket| bucket.number) {
            Ok(at) => self.buckets.get_mut(at),
            Err(0) => None,
            Err(at) => {
                // Late: as held as the bucket before it.
                let held = self.buckets.get(at - 1).is_some_and(|before| before.held);
                self.buckets.insert(at, Bucket::new(number, held, self.counts));
                self.buckets.get_mut(at)
            }
        }
    }

    fn retire_oldest(&mut self) {
        let Some(oldest) = self.buckets.pop_front() else {
            return;
        };
        let passed = self.buckets.front().map_or(1, |next| next.number - oldest.number);
        let keep = self.keep_per_bucket.powi(i32::try_from(passed).unwrap_or(i32::MAX));
        // Its stretch, if it is not over, is saved without it.
        if let Some(next) = self.buckets.front_mut() {
            next.changed |= next.stretch() == oldest.stretch();
        }
        let half_lives = oldest.number as f64 / self.buckets_per_half_life;
        self.usual.take(oldest, keep, half_lives);
    }

    fn sources(&self, buckets: &[&Bucket], explained: &Explained) -> Vec<SourceShare> {
        let Swing { count, direction, .. } = explained.swing;
        let mut shown: Vec<SourceShare> = Vec::new();
        for (at, kind) in TALLIED.into_iter().enumerate() {
            let values = buckets.iter().map(|bucket| &bucket.values[at]);
            let (usual, total) = (&self.usual.values[at], self.usual.total[count]);
            shown.extend(explained.carriers(kind, values, usual, total));
        }
        if direction == Direction::Up {
            shown.extend(phrase::sources(&texts(buckets), &self.usual.texts, explained));
        }
        // Stable: the largest share stays first within each kind.
        shown.sort_by_key(|source| source.kind);
        shown
    }

    fn origin(&self, buckets: &[&Bucket], swing: &Swing) -> Option<Origin> {
        if swing.direction == Direction::Down {
            return None;
        }
        let mut authors = Authors::default();
        buckets.iter().for_each(|bucket| authors.merge(&bucket.authors));
        let heard = Heard { authors: authors.of(swing.count), usual: self.usual.authors };
        origin::judge(&texts(buckets), &heard, swing.count)
    }
}

impl Bucket {
    fn new(number: i64, held: bool, counts: usize) -> Self {
        Self {
            number,
            held,
            total: vec![0.0; counts],
            values: BUCKET_CAPACITY.map(|capacity| HeavyHitters::new(capacity, counts)),
            texts: Texts::default(),
            authors: Authors::default(),
            terms: BTreeMap::new(),
            shortlist: Shortlist::default(),
            changed: true,
        }
    }

    fn hold(&mut self, held: bool) {
        self.changed |= self.held != held;
        self.held = held;
    }
}

impl Usual {
    /// Fades, and takes in a bucket that lies `half_lives` after the beginning of time.
    fn take(&mut self, bucket: Bucket, keep: f64, half_lives: f64) {
        self.changed = true;
        self.total.iter_mut().for_each(|total| *total *= keep);
        self.authors = (self.authors.0 * keep, self.authors.1 * keep);
        self.values.iter_mut().for_each(|usual| usual.fade(keep));
        if bucket.held {
            return;
        }
        add(&mut self.total, bucket.total.iter().copied());
        let authors = bucket.authors.of(ALL);
        self.authors.0 += authors.count;
        self.authors.1 += authors.count * authors.new_share;
        self.values.iter_mut().zip(&bucket.values).for_each(|(usual, it)| usual.add_all(it));
        self.texts.take(bucket.texts, bucket.total[ALL], half_lives);
    }
}

fn add(sum: &mut [f64], counts: impl Iterator<Item = f64>) {
    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

/// The words of `buckets`, each with what it stood for.
fn texts<'b>(buckets: &[&'b Bucket]) -> Vec<(&'b Texts, &'b [f64])> {
    buckets.iter().map(|bucket| (&bucket.texts, bucket.total.as_slice())).collect()
}

/// How an author is called: by the handle, or else by the id.
pub(crate) fn author<'m>(mention: &'m Mention<'_>) -> Option<&'m str> {
    mention.author.handle.as_deref().or(mention.author.id.as_deref())
}

/// The hashtags of a mention in lower case, each once: "#Fail" and "#fail" are one hashtag.
pub(crate) fn hashtags(mention: &Mention<'_>) -> Vec<String> {
    let mut tags: Vec<String> =
        mention.hashtags.iter().take(MOST_VALUES).map(|tag| tag.to_lowercase()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Calls `with` once for each different value of `kind` that the mention carries.
fn each_value(kind: SourceKind, mention: &Mention<'_>, mut with: impl FnMut(&str)) {
    match kind {
        SourceKind::Channel => with(&mention.channel),
        SourceKind::Link => {
            let mut links: Vec<&str> =
                mention.links.iter().take(MOST_VALUES).map(AsRef::as_ref).collect();
            links.sort_unstable();
            links.dedup();
            links.into_iter().for_each(with);
        }
        SourceKind::Hashtag => {
            hashtags(mention).iter().for_each(|tag| with(tag));
        }
        SourceKind::Author => {
            author(mention).into_iter().for_each(with);
        }
        SourceKind::Country => {
            let country = mention.country.as_deref().map(str::trim).unwrap_or_default();
            if !country.is_empty() && country.len() <= LONGEST_VALUE {
                with(&country.to_uppercase());
            }
        }
        // Not tallied: see `phrase`.
        SourceKind::Phrase => {}
    }
}

#[cfg(test)]
mod tests;
