//! What people can do about an incident in Slack, and what Slack sends when they do.

use uuid::Uuid;

use super::blocks::{Block, Button, Confirmation, MAX_BUTTON_URL, Style};
use super::escape::{link, units};
use crate::incident::{Incident, Severity, State, Subject};
use crate::notify::story::Story;

/// The buttons below a message that tells of `incident`: those for which somebody hears (`heard`), and
/// the one that opens the page. `None`: there is nothing to press.
pub fn below(incident: &Incident, story: &Story, heard: bool) -> Option<Block> {
    let page = story.page.as_ref().filter(|page| units(page) <= MAX_BUTTON_URL);
    if !heard {
        // Slack warns whoever presses a button of which nobody hears, be it one that opens a page.
        return page.and_then(|page| opens(page));
    }
    let mut buttons = acts(incident);
    buttons.extend(page.map(|page| Button::link("Open the page", "open", page)));
    (!buttons.is_empty()).then_some(Block::Actions { elements: buttons })
}

/// A link to the page.
pub fn opens(page: &str) -> Option<Block> {
    Block::section(&[link(page, "Open the page", MAX_BUTTON_URL)])
}

fn acts(incident: &Incident) -> Vec<Button> {
    let value = format!("{} {}", incident.id, incident.severity.name());
    let button = |text, act| Button::act(text, act, &value);
    let is_over = incident.state == State::Resolved;
    let is_taken = incident.acknowledged.is_some();
    let take = (!is_over && !is_taken)
        .then(|| Button { style: Some(Style::Primary), ..button("Acknowledge", "acknowledge") });
    let silences = (!is_over).then(|| {
        [
            button("Silence 1 h", "silence-60"),
            button("Silence 4 h", "silence-240"),
            button("Silence 24 h", "silence-1440"),
        ]
    });
    // What is said of a dead feed teaches nothing.
    let mark = (incident.subject == Subject::Brand).then(|| Button {
        confirm: Some(Confirmation::new(
            "False alarm?",
            "Nobody hears more of this incident unless it becomes more severe, and it will take more to page you.",
            "False alarm",
            "Cancel",
        )),
        ..button("False alarm", "false_alarm")
    });
    take.into_iter().chain(silences.into_iter().flatten()).chain(mark).collect()
}

/// A button that somebody has pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// The incident that it stood below.
    pub incident: Uuid,
    /// How severe that was as it was shown.
    pub shown: Severity,
}

impl Pressed {
    /// What stands in the `value` of a button; `None` when it is none of ours.
    pub fn parse(value: &str) -> Option<Self> {
        let (incident, severity) = value.split_once(' ')?;
        let shown = Severity::ALL.into_iter().find(|it| it.name() == severity)?;
        Some(Self { incident: incident.parse().ok()?, shown })
    }
}
