//! Whether it is organic or coordinated, with the reason.

use crate::incident::{Incident, Origin, Provenance};

use super::words;

/// E.g. `Coordinated: 64 % paste the same text; 9 authors, 8 of them never heard of before, 7 mentions
/// each`.
pub fn origin(incident: &Incident) -> Option<String> {
    let origin = incident.origin.as_ref()?;
    let verdict = match origin.provenance {
        Provenance::Organic => "Organic",
        Provenance::Coordinated => "Coordinated",
        Provenance::Unclear => "Neither plainly organic nor coordinated",
    };
    let mut reasons = vec![authors(origin), pasted(origin)];
    if origin.provenance == Provenance::Coordinated {
        reasons.swap(0, 1);
    }
    reasons.push(shared(origin));
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    Some(format!("{verdict}: {}", reasons.join("; ")))
}

fn authors(origin: &Origin) -> Option<String> {
    if origin.authors == 0 {
        return None;
    }
    let count = words::thousands(origin.authors);
    let mut told = format!("{count} {}", words::plural(&count, "author", "authors"));
    // Where nobody is known yet everyone is new.
    if origin.usual_new_authors.is_some() {
        let new = (origin.authors as f64 * origin.new_authors).round();
        told.push_str(&match (new >= 1.0, origin.authors) {
            (false, 1) => ", heard of before".to_owned(),
            (true, 1) => ", never heard of before".to_owned(),
            (false, _) => ", all of them heard of before".to_owned(),
            (true, _) => format!(", {} of them never heard of before", words::count(new)),
        });
    }
    let each = words::count(origin.mentions_per_author);
    told.push_str(&format!(", {each} {} each", words::plural(&each, "mention", "mentions")));
    Some(told)
}

fn pasted(origin: &Origin) -> Option<String> {
    if origin.pasted > 0.0 {
        Some(format!("{} paste the same text", words::percent(origin.pasted)))
    } else {
        (origin.pasted == 0.0).then(|| "nobody pastes the same text".into())
    }
}

fn shared(origin: &Origin) -> Option<String> {
    let told = |share| format!("{share} share a post of somebody else");
    (origin.shared > 0.0).then(|| told(words::percent(origin.shared)))
}
