//! Where an excess comes from.

use crate::incident::{Direction, Incident, SourceKind, SourceShare};

use super::{clean, leading_direction, words};

/// Most things shown of each kind.
const MAX_OF_A_KIND: usize = 3;
/// Longest name shown, in characters.
const MAX_NAME: usize = 80;
/// From this share on, one thing alone explains the swing.
const ONE_ALONE: f64 = 0.5;

/// One thing that carries part of the excess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// As it is shown: `#cancelled`, `@stuck_in_dfw`, `t.co/aa`.
    pub name: String,
    /// The address to open, for a link.
    pub url: Option<String>,
    /// `78 %`.
    pub share: String,
    /// `149 mentions`.
    pub mentions: String,
}

/// What carries the excess, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carriers {
    /// Whether one thing alone explains it: `78 % of the excess carries one link`.
    pub lead: Option<String>,
    /// `Links` and so on, with the largest first; kinds without any are left out.
    pub kinds: Vec<(&'static str, Vec<Carrier>)>,
}

impl Carriers {
    /// The carriers of `incident`.
    pub fn of(incident: &Incident) -> Self {
        let kinds = SourceKind::ALL.into_iter().filter_map(|kind| {
            let carriers: Vec<Carrier> = incident
                .sources
                .iter()
                .filter(|source| source.kind == kind)
                .take(MAX_OF_A_KIND)
                .map(carrier)
                .collect();
            (!carriers.is_empty()).then_some((title(kind), carriers))
        });
        Self { lead: lead(incident), kinds: kinds.collect() }
    }
}

fn title(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Channel => "Channels",
        SourceKind::Link => "Links",
        SourceKind::Hashtag => "Hashtags",
        SourceKind::Author => "Authors",
    }
}

fn carrier(source: &SourceShare) -> Carrier {
    let url = match source.kind {
        SourceKind::Link => clean::link(&source.value),
        _ => None,
    };
    let shown = match source.kind {
        SourceKind::Channel => source.value.clone(),
        SourceKind::Link => without_scheme(url.as_deref().unwrap_or(&source.value)).to_owned(),
        SourceKind::Hashtag => format!("#{}", source.value),
        SourceKind::Author => format!("@{}", source.value),
    };
    let count = words::thousands(source.count);
    let noun = words::plural(&count, "mention", "mentions");
    Carrier {
        name: clean::isolate(clean::line_or(&shown, MAX_NAME, "(unnamed)")),
        url,
        share: words::percent(source.share),
        mentions: format!("{count} {noun}"),
    }
}

fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url)
        .trim_end_matches('/')
}

/// One link, hashtag or author behind most of it smells of one cause (or of a campaign); none
/// means that many people speak of their own accord. A channel says least: most brands have one
/// channel that leads anyway.
fn lead(incident: &Incident) -> Option<String> {
    let swing = match leading_direction(incident) {
        Direction::Up => "excess",
        Direction::Down => "fall",
    };
    let telling = |source: &&SourceShare| source.kind != SourceKind::Channel;
    let largest = incident
        .sources
        .iter()
        .filter(telling)
        .filter(|source| !source.share.is_nan())
        .max_by(|a, b| a.share.total_cmp(&b.share))?;
    let share = words::percent(largest.share);
    if largest.share < ONE_ALONE {
        return Some(format!("No single link, hashtag or author is behind half of the {swing}"));
    }
    Some(match largest.kind {
        SourceKind::Link => format!("{share} of the {swing} carries one link"),
        SourceKind::Hashtag => format!("{share} of the {swing} carries one hashtag"),
        SourceKind::Channel | SourceKind::Author => {
            format!("{share} of the {swing} comes from one author")
        }
    })
}
