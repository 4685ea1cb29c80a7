//! What is asked, and which tallied values carry it.

use std::collections::BTreeMap;

use crate::incident::{Direction, SourceKind, SourceShare};
use crate::window::Pane;

use super::{HeavyHitters, NEGATIVE};

/// Sources of one kind shown in an alert.
const SHOWN: usize = 3;
/// A source is shown when it carries at least this part of the swing...
const SHOWN_SHARE: f64 = 0.05;
/// ...and this many mentions, or so many are missing: one is a coincidence.
const SHOWN_MENTIONS: f64 = 2.0;
/// Of fewer usual mentions it is not known what is missing.
const LEAST_USUAL: f64 = 50.0;

/// What evidence is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// First pane of the incident.
    pub from: Pane,
    /// Pane after its last.
    pub to: Pane,
    /// What is to be explained; `None` when no count tells.
    pub swing: Option<Swing>,
}

/// A count that lies off what is expected of it.
#[derive(Debug, Clone, Copy)]
pub struct Swing {
    /// Which of the counts (see [`Counted`](super::Counted)).
    pub count: usize,
    /// Which way it went.
    pub direction: Direction,
    /// What was expected of it in the panes asked about, had nothing happened.
    pub expected: f64,
    /// What is off by less is not explained: chance has its carriers too.
    pub least: f64,
}

/// A swing that is large enough to explain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Explained {
    pub swing: Swing,
    /// How far the count is off.
    whole: f64,
}

impl Explained {
    /// `None` when what was `counted` is hardly off.
    pub fn of(swing: Swing, counted: f64) -> Option<Self> {
        let whole = swing.off(counted, 1.0);
        (whole > 0.0 && whole >= swing.least).then_some(Self { swing, whole })
    }

    /// How much of it is carried by what was `counted` so often and usually is this part of all,
    /// 0..=1.
    pub fn share(&self, counted: f64, usual: f64) -> f64 {
        (self.swing.off(counted, usual) / self.whole).clamp(0.0, 1.0)
    }

    /// Whether `mentions` are this part of it.
    pub fn is_part(&self, mentions: f64, part: f64) -> bool {
        mentions >= part * self.whole
    }

    /// The values of `kind` that carry the most. What falls is looked for among what is usual, and
    /// only where a mention has its place whatever it says, or may belong to a campaign that has
    /// ended: links are passed on and authors speak up for a day or two, and are missed by nobody.
    pub fn carriers<'b>(
        &self,
        kind: SourceKind,
        buckets: impl Iterator<Item = &'b HeavyHitters>,
        usual: &HeavyHitters,
        usual_total: f64,
    ) -> Vec<SourceShare> {
        let Swing { count: at, direction, .. } = self.swing;
        let lasts = matches!(kind, SourceKind::Hashtag | SourceKind::Country | SourceKind::Channel);
        if direction == Direction::Down && !(lasts && usual_total >= LEAST_USUAL) {
            return Vec::new();
        }
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        if direction == Direction::Down {
            counts.extend(usual.iter(at).map(|(value, _)| (value, 0.0)));
        }
        for (value, count) in buckets.flat_map(|values| values.iter(at)) {
            *counts.entry(value).or_default() += count;
        }
        let mut shares: Vec<SourceShare> = counts
            .into_iter()
            .map(|(value, count)| (value, count, usual.get(value, at) / usual_total.max(1.0)))
            .filter(|&(_, count, usual)| {
                let mentions = match direction {
                    Direction::Up => count,
                    Direction::Down => self.swing.off(count, usual),
                };
                mentions >= SHOWN_MENTIONS
            })
            .map(|(value, count, usual)| {
                let share = self.share(count, usual);
                SourceShare { kind, value: value.to_owned(), count: count as u64, share }
            })
            .filter(|source| source.share >= SHOWN_SHARE)
            .collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.value.cmp(&b.value)));
        shares.truncate(SHOWN);
        shares
    }
}

impl Swing {
    /// Whether more is negative than usual.
    pub(super) fn is_anger(&self) -> bool {
        self.count == NEGATIVE && self.direction == Direction::Up
    }

    /// How far what was `counted` is off this part of what was expected, in the swing's direction.
    fn off(&self, counted: f64, part: f64) -> f64 {
        let more = counted - part * self.expected;
        match self.direction {
            Direction::Up => more,
            Direction::Down => -more,
        }
    }
}
