//! One post that is shared faster than any of its brand before.
//!
//! How often a post is shared has no usual level: what is told beside it is how far the most shared
//! posts of the days on record went, and no ratio to anything.

use crate::incident::Incident;

use super::words;

/// E.g. `one post is shared 57 times within an hour`; `None` when it is not known how often.
pub fn summary(incident: &Incident) -> Option<String> {
    let shares = incident.observed.is_finite().then(|| times(incident.observed))?;
    Some(format!("one post is shared {shares} within an hour"))
}

/// E.g. `, where the most shared post of a day usually has 3 (12 at most so far)`; what is not known is
/// left out.
pub fn usual(incident: &Incident) -> String {
    let Incident { expected, upper, .. } = *incident;
    if !expected.is_finite() || !upper.is_finite() {
        return String::new();
    }
    let (typical, most) = (words::count(expected), words::count(upper));
    match (typical.as_str(), most.as_str()) {
        ("0", "0") => ", where none has been shared so far".into(),
        ("0", _) => format!(", where none is shared on most days ({most} at most so far)"),
        _ => format!(
            ", where the most shared post of a day usually has {typical} ({most} at most so far)"
        ),
    }
}

fn times(value: f64) -> String {
    match words::count(value) {
        one if one == "1" => "once".into(),
        many => format!("{many} times"),
    }
}
