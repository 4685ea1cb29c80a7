//! Where an excess comes from, or what a fall is missing.

use crate::incident::{Incident, Measure, SourceKind, SourceShare};

use super::origin::origin;
use super::{clean, is_fall, words};

/// Most things shown of each kind.
const MAX_OF_A_KIND: usize = 3;
/// ... and of advocates who have gone quiet: they are all there is to tell.
const MAX_ADVOCATES: usize = 5;
/// Longest name shown, in characters.
const MAX_NAME: usize = 80;
/// From this share on, one thing alone explains the swing.
const ONE_ALONE: f64 = 0.5;
/// Shares that differ by no more are alike.
const ALIKE: f64 = 0.1;
/// From this share of a fall on it is told as that of one channel. Most brands have a channel that
/// leads anyway, so half would say nothing.
const NEARLY_ALL: f64 = 0.9;

/// One thing that carries part of the swing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// As it is shown: `#cancelled`, `@stuck_in_dfw`, `t.co/aa`.
    pub name: String,
    /// The address to open, for a link.
    pub url: Option<String>,
    /// `78 %`.
    pub share: String,
    /// `149 mentions`; of a fall, `3 mentions left`.
    pub mentions: String,
}

/// What carries the swing, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carriers {
    /// Whether it is organic or coordinated, with the reason; `None` when there is too little to
    /// tell by.
    pub origin: Option<String>,
    /// Whether one thing alone explains it: `78 % of the excess carries one link`, `97 % of the fall is
    /// on one channel`.
    pub lead: Option<String>,
    /// `Links` and so on, with the largest first; kinds without any are left out.
    pub kinds: Vec<(&'static str, Vec<Carrier>)>,
}

impl Carriers {
    /// The carriers of `incident`.
    pub fn of(incident: &Incident) -> Self {
        let kinds = SourceKind::ALL.into_iter().filter_map(|kind| {
            let carriers: Vec<Carrier> = of_kind(incident, kind).collect();
            (!carriers.is_empty()).then_some((title(kind), carriers))
        });
        Self { origin: origin(incident), lead: lead(incident), kinds: kinds.collect() }
    }

    /// All of it without links, a line each.
    pub fn lines(&self) -> Vec<String> {
        let sentences = [&self.origin, &self.lead].into_iter().flatten().cloned();
        let kinds = self.kinds.iter().map(|(title, carriers)| {
            let carrier = |it: &Carrier| format!("{} {} ({})", it.name, it.share, it.mentions);
            let carriers: Vec<String> = carriers.iter().map(carrier).collect();
            format!("{title}: {}", carriers.join(", "))
        });
        sentences.chain(kinds).collect()
    }
}

/// The things of one kind that carry the most.
pub(super) fn of_kind(incident: &Incident, kind: SourceKind) -> impl Iterator<Item = Carrier> {
    let of_kind = incident.sources.iter().filter(move |source| source.kind == kind);
    let most = match incident.measure {
        Measure::Advocates => MAX_ADVOCATES,
        _ => MAX_OF_A_KIND,
    };
    let is_left = is_fall(incident) && incident.measure != Measure::Advocates;
    of_kind.take(most).map(move |source| carrier(source, is_left))
}

fn title(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Link => "Links",
        SourceKind::Hashtag => "Hashtags",
        SourceKind::Phrase => "Phrases",
        SourceKind::Author => "Authors",
        SourceKind::Country => "Countries",
        SourceKind::Channel => "Channels",
    }
}

fn carrier(source: &SourceShare, is_left: bool) -> Carrier {
    let url = match source.kind {
        SourceKind::Link => clean::link(&source.value),
        _ => None,
    };
    let shown = match source.kind {
        SourceKind::Country | SourceKind::Channel => source.value.clone(),
        SourceKind::Link => without_scheme(url.as_deref().unwrap_or(&source.value)).to_owned(),
        SourceKind::Hashtag => format!("#{}", source.value),
        SourceKind::Phrase => quoted(&source.value),
        SourceKind::Author => format!("@{}", source.value),
    };
    let count = words::thousands(source.count);
    let noun = words::plural(&count, "mention", "mentions");
    let mentions = match (is_left, source.count) {
        (true, 0) => "none left".into(),
        (true, _) => format!("{count} {noun} left"),
        (false, _) => format!("{count} {noun}"),
    };
    Carrier {
        name: clean::isolate(clean::line_or(&shown, MAX_NAME, "(unnamed)")),
        url,
        share: words::percent(source.share),
        mentions,
    }
}

fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url)
        .trim_end_matches('/')
}

fn quoted(phrase: &str) -> String {
    format!("“{}”", clean::line(phrase, MAX_NAME - 2))
}

/// What alone is behind at least half of the swing.
///
/// A country or channel is not asked: most brands have one that leads anyway. Whoever passes on a
/// link often says the same words: of those alike, the kind that explains more is told.
pub(super) fn one_alone(incident: &Incident) -> Option<&SourceShare> {
    let largest = telling(incident).map(|source| source.share).max_by(f64::total_cmp)?;
    telling(incident)
        .filter(|source| source.share >= ONE_ALONE.max(largest - ALIKE))
        .min_by(|a, b| a.kind.cmp(&b.kind).then_with(|| b.share.total_cmp(&a.share)))
}

/// The channel on which (nearly) all of a fall is missing.
pub(super) fn fallen_channel(incident: &Incident) -> Option<Carrier> {
    let channel = |it: &&SourceShare| it.kind == SourceKind::Channel && it.share >= NEARLY_ALL;
    let source = incident.sources.iter().filter(|_| is_fall(incident)).find(channel)?;
    Some(carrier(source, true))
}

fn telling(incident: &Incident) -> impl Iterator<Item = &SourceShare> {
    incident.sources.iter().filter(|source| {
        !matches!(source.kind, SourceKind::Country | SourceKind::Channel) && !source.share.is_nan()
    })
}

/// One link, hashtag, phrase or author behind most of it smells of one cause (or of a campaign);
/// none means that many people speak of their own accord. A channel that falls alone may be a
/// connector that has died.
fn lead(incident: &Incident) -> Option<String> {
    let swing = if is_fall(incident) { "fall" } else { "excess" };
    if let Some(Carrier { share, .. }) = fallen_channel(incident) {
        return Some(format!("{share} of the fall is on one channel"));
    }
    telling(incident).next()?;
    if incident.measure == Measure::Advocates {
        return Some("Not heard, with the part of the fall that is theirs".into());
    }
    let Some(source) = one_alone(incident) else {
        let rise = "No single link, hashtag, phrase or author is behind half of the excess";
        return (!is_fall(incident)).then(|| rise.into());
    };
    let share = words::percent(source.share);
    Some(match source.kind {
        SourceKind::Link => format!("{share} of the {swing} carries one link"),
        SourceKind::Hashtag if is_fall(incident) => {
            format!("{share} of the fall is of one hashtag")
        }
        SourceKind::Hashtag => format!("{share} of the excess carries one hashtag"),
        SourceKind::Phrase => {
            format!("{share} of the {swing} says {}", clean::isolate(quoted(&source.value)))
        }
        SourceKind::Author | SourceKind::Country | SourceKind::Channel => {
            format!("{share} of the {swing} comes from one author")
        }
    })
}
