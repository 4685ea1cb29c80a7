//! What whoever is woken should do first.

use crate::incident::{Incident, Measure, Mood, Origin, Provenance, SourceKind, State, Subject};
use crate::mention::{Role, Tone};

use super::carriers::{self, Carrier};
use super::{is_fall, leading_direction, name};

/// Phrases named in the advice.
const NAMED: usize = 2;

/// One or two sentences that say where to look first and what to do then; `None` when somebody has
/// taken it, when it is over, or when the feed is the suspect, which is told elsewhere.
pub fn what_to_do(incident: &Incident) -> Option<String> {
    let is_open = matches!(incident.state, State::Opened | State::Escalated | State::Updated);
    if !is_open || incident.subject == Subject::Feed {
        return None;
    }
    let mood = incident.measure.mood(leading_direction(incident));
    let is_anger = mood == Mood::Angry || are_mostly_negative(incident);
    if incident.measure == Measure::Audience {
        return Some(one_mention(incident).into());
    }
    if mood == Mood::Glad && !is_anger {
        return Some(welcome(incident.measure).into());
    }
    if incident.measure == Measure::Advocates {
        return Some(quiet(incident));
    }
    if is_fall(incident) {
        return Some(fallen(incident));
    }
    let is_coordinated = |origin: &Origin| origin.provenance == Provenance::Coordinated;
    if incident.origin.as_ref().is_some_and(is_coordinated) {
        return Some(coordinated(is_anger).into());
    }
    if incident.measure == Measure::PostShares {
        return Some(one_post(incident, is_anger).into());
    }
    Some(risen(incident, is_anger))
}

fn are_mostly_negative(incident: &Incident) -> bool {
    incident.mentions > 0 && incident.negative_mentions >= incident.mentions.div_ceil(2)
}

/// A mention that is a crisis by itself is the first of the samples.
fn one_mention(incident: &Incident) -> &'static str {
    match incident.samples.first().map(|sample| sample.role) {
        Some(Role::Journalist) => {
            "Read the mention and find out whether it is so. Then answer the journalist in person, \
             before others take it up."
        }
        Some(Role::Employee) => {
            "Read the mention and find out whether it is so. Bring in whoever answers for the staff \
             before anybody replies in public."
        }
        Some(Role::Customer | Role::Influencer | Role::Official) | None => {
            "Read the mention and find out whether it is so. Then answer it where it was said, \
             before others take it up."
        }
    }
}

/// Of a post that spreads the first of the samples is a share.
fn one_post(incident: &Incident, is_anger: bool) -> &'static str {
    let is_ill = incident
        .samples
        .first()
        .is_some_and(|it| it.tone == Tone::Negative || !it.crisis_terms.is_empty());
    if is_anger || is_ill {
        "Open the post that spreads, the first below: find out whether it is so. Then answer it \
         where it is said, before it goes further."
    } else {
        "Open the post that spreads, the first below: see who passes it on. It speaks no ill: it may \
         be a chance rather than a crisis."
    }
}

fn welcome(measure: Measure) -> &'static str {
    match measure {
        Measure::PurchaseIntent => {
            "More people than usual mean to buy: see why, tell sales, and make sure that what they \
             want can be had."
        }
        Measure::NewFollowers => {
            "See who the new followers are and what brought them: somebody may have spoken of you, \
             or they may have been bought."
        }
        _ => "People are pleased: see what with, thank them, and let others hear of it.",
    }
}

fn fallen(incident: &Incident) -> String {
    if incident.measure == Measure::NewFollowers {
        return "Check first that new followers are still reported: when they are not, it looks the \
                same. If they are, see what has changed in what you post."
            .into();
    }
    let then = match incident.measure {
        Measure::PurchaseIntent => "see what keeps people from buying: price, stock, a competitor",
        _ => "see what people speak of instead",
    };
    match carriers::fallen_channel(incident) {
        Some(Carrier { name, share, .. }) => format!(
            "Check first whether {name} still delivers: {share} of the fall is there. If it does, \
             {then}."
        ),
        None => format!(
            "Check first that every channel still delivers: one that does not looks the same. If \
             they do, {then}."
        ),
    }
}

/// The advocates who are not heard are the authors among the sources.
fn quiet(incident: &Incident) -> String {
    let silent = carriers::of_kind(incident, SourceKind::Author);
    let silent: Vec<String> = silent.map(|Carrier { name, .. }| name).collect();
    let whom = match silent.as_slice() {
        [] => "those who used to speak well of you".into(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    };
    format!(
        "Ask the community team to get in touch with {whom}, and to find out what has changed for \
         them. Check first that the channels they write in still deliver."
    )
}

fn coordinated(is_anger: bool) -> &'static str {
    if is_anger {
        "It looks coordinated: find out who is behind it before you answer. An answer to each post \
         would only spread it."
    } else {
        "It looks coordinated, but most do not complain: see whose campaign it is."
    }
}

fn risen(incident: &Incident, is_anger: bool) -> String {
    let topic = incident.topic.as_deref().filter(|_| incident.measure == Measure::Activation);
    let look = match (topic, carriers::one_alone(incident).map(|source| source.kind)) {
        (Some(topic), _) => {
            format!("Read what is said about {} first: see who began it.", name(topic))
        }
        (_, Some(SourceKind::Link)) => "Open the link first: most of it comes from there.".into(),
        (_, Some(SourceKind::Hashtag)) => {
            "Read the hashtag first: most of it goes by that name.".into()
        }
        (_, Some(SourceKind::Phrase)) => {
            "Most say the same: find out first whether it is so.".into()
        }
        (_, Some(_)) => {
            return "One author is behind most of it: see who that is and what they want before you \
                    answer."
                .into();
        }
        (_, None) if is_anger => return many_complain(incident),
        (_, None) if incident.measure == Measure::Shares => {
            "See what is passed on: no single link explains it.".into()
        }
        (_, None) => "Many people speak for themselves: read what they say.".to_owned(),
    };
    if is_anger {
        format!("{look} Then answer it, where it is said and in your own channels.")
    } else {
        format!("{look} Most do not complain: it may be a chance rather than a crisis.")
    }
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
