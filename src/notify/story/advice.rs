//! What whoever is woken should do first.

use crate::incident::{Direction, Incident, Origin, Provenance, SourceKind, State, Subject};

use super::carriers::{self, Carrier};
use super::leading_direction;

/// Phrases named in the advice.
const NAMED: usize = 2;

/// One or two sentences that say where to look first and what to do then; `None` when somebody has
/// taken it, when it is over, or when the feed is the suspect, which is told elsewhere.
pub fn what_to_do(incident: &Incident) -> Option<String> {
    let is_open = matches!(incident.state, State::Opened | State::Escalated);
    if !is_open || incident.subject == Subject::Feed {
        return None;
    }
    if leading_direction(incident) == Direction::Down {
        return Some(
            "Check first that every channel still delivers: one that does not looks the same. If \
             they do, see what people speak of instead."
                .into(),
        );
    }
    let mostly_negative = incident.negative_mentions >= incident.mentions.div_ceil(2);
    let is_coordinated = |origin: &Origin| origin.provenance == Provenance::Coordinated;
    if incident.origin.as_ref().is_some_and(is_coordinated) {
        return Some(if mostly_negative {
            "It looks coordinated: find out who is behind it before you answer. An answer to each \
             post would only spread it."
                .into()
        } else {
            "It looks coordinated, but most do not complain: see whose campaign it is.".into()
        });
    }
    let look = match carriers::one_alone(incident).map(|source| source.kind) {
        Some(SourceKind::Link) => "Open the link first: most of it comes from there.",
        Some(SourceKind::Hashtag) => "Read the hashtag first: most of it goes by that name.",
        Some(SourceKind::Phrase) => "Most say the same: find out first whether it is so.",
        Some(_) => {
            return Some(
                "One author is behind most of it: see who that is and what they want before you \
                 answer."
                    .into(),
            );
        }
        None if mostly_negative => return Some(many_complain(incident)),
        None => "Many people speak for themselves: read what they say.",
    };
    Some(if mostly_negative {
        format!("{look} Then answer it, where it is said and in your own channels.")
    } else {
        format!("{look} Most do not complain: it may be a chance rather than a crisis.")
    })
}

fn many_complain(incident: &Incident) -> String {
    let phrases = carriers::of_kind(incident, SourceKind::Phrase);
    let about: Vec<String> = phrases.take(NAMED).map(|Carrier { name, .. }| name).collect();
    let about = match about.as_slice() {
        [] => String::new(),
        phrases => format!(", most often of {}", phrases.join(" and ")),
    };
    format!(
        "Many people complain, each in their own words{about}. Find out what has gone wrong there, \
         then say in public what is being done about it."
    )
}
