//! Many incidents at once, told in one go: a channel that fills with thirty alerts tells nobody anything.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::story::{Mark, Story};
use super::telling::Telling;
use crate::incident::{Change, Severity, State};
use crate::source::wall_clock;

/// Most incidents that are told one by one; the rest are counted.
const MOST_TOLD: usize = 60;

/// What has happened to many incidents, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// One sentence that says it all.
    pub headline: String,
    /// The incidents as they stand, what must be read first before the others.
    pub told: Vec<Gust>,
    /// How many more there are.
    pub more: usize,
    /// The address of the page that shows all of them, if it can be reached from where it is told.
    pub page: Option<String>,
}

/// One incident of a storm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gust {
    /// What it looks like at a glance.
    pub mark: Mark,
    /// One sentence that says it all.
    pub headline: String,
    /// The address of its page.
    pub page: Option<String>,
}

impl Storm {
    /// What `changes` say: of each incident the latest counts.
    pub fn of(changes: &[Change], telling: &Telling) -> Self {
        let mut latest = latest(changes);
        latest.sort_by(|a, b| urgency(a).cmp(&urgency(b)).then_with(|| by_z(a, b)));
        let gust = |change: &&Change| {
            let Story { mark, headline, page, .. } = telling.story(change);
            Gust { mark, headline, page }
        };
        Self {
            headline: headline(&latest),
            told: latest.iter().take(MOST_TOLD).map(gust).collect(),
            more: latest.len().saturating_sub(MOST_TOLD),
            page: telling.page.as_ref().map(|page| page.home(wall_clock())),
        }
    }
}

/// The latest of each incident.
pub(super) fn latest(changes: &[Change]) -> Vec<&Change> {
    let mut latest: BTreeMap<_, &Change> = BTreeMap::new();
    for change in changes {
        let known = latest.entry(change.incident.id).or_insert(change);
        // An acknowledgement has the number of what it answers, and comes after it.
        if change.sequence >= known.sequence {
            *known = change;
        }
    }
    latest.into_values().collect()
}

/// What is open comes first, then what nobody has taken, then what is more severe.
fn urgency(change: &Change) -> (bool, bool, Reverse<Severity>) {
    let incident = &change.incident;
    let is_taken = incident.acknowledged.is_some();
    (incident.state == State::Resolved, is_taken, Reverse(incident.severity))
}

/// The rarer swing first; what has none, one mention, before all.
fn by_z(a: &Change, b: &Change) -> std::cmp::Ordering {
    let rarity = |it: &Change| match it.incident.peak_z {
        0.0 => f64::INFINITY,
        z => z.abs(),
    };
    rarity(b).total_cmp(&rarity(a)).then_with(|| a.incident.id.cmp(&b.incident.id))
}

/// E.g. `14 incidents at once: 2 critical, 5 warnings, 4 notices, 3 over`.
fn headline(latest: &[&Change]) -> String {
    let is_over = |it: &&&Change| it.incident.state == State::Resolved;
    let open = |severity| {
        let of = |it: &&&Change| !is_over(it) && it.incident.severity == severity;
        latest.iter().filter(of).count()
    };
    let plural = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        plural(open(Severity::Critical), "critical", "critical"),
        plural(open(Severity::Warning), "warning", "warnings"),
        plural(open(Severity::Notice), "notice", "notices"),
        plural(latest.iter().filter(is_over).count(), "over", "over"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} incidents at once: {}", latest.len(), parts.join(", "))
}
