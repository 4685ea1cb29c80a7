//! How people are told, whatever the way.

use jiff::tz::TimeZone;

use super::links::PageLinks;
use super::story::Story;
use crate::incident::Change;
use crate::source::wall_clock;

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// That of moments.
    pub time_zone: TimeZone,
    /// How they come to the on-call page; none: nothing links to it.
    pub page: Option<PageLinks>,
    /// Whether Slack's messages have buttons: somebody hears when one is pressed.
    pub buttons: bool,
}

impl Telling {
    /// Moments in `time_zone`, nothing to press, no link to the page.
    pub const fn within(time_zone: TimeZone) -> Self {
        Self { time_zone, page: None, buttons: false }
    }

    /// `change` in words, with a link to its page that is signed now.
    pub fn story(&self, change: &Change) -> Story {
        let page = self.page.as_ref().map(|page| page.to(change.incident.id, wall_clock()));
        Story { page, ..Story::of(change, &self.time_zone) }
    }
}
