//! A feed that is silent, whole or in part.

use crate::incident::{Incident, SilentPartitions};

use super::words::plural;

/// Most partitions named.
const MAX_NAMED: usize = 8;

/// The silent partitions, when others of the feed are not known to be silent.
fn part(incident: &Incident) -> Option<&SilentPartitions> {
    let whole = |it: &SilentPartitions| it.silent.len() as u64 >= u64::from(it.of);
    incident.partitions.as_ref().filter(|it| !it.silent.is_empty() && !whole(it))
}

/// `""`, ` in partition 3` or ` in 2 of its 12 partitions`.
pub fn place(incident: &Incident) -> String {
    match part(incident).map(|it| (it.silent.as_slice(), it.of)) {
        None => String::new(),
        Some(([one], _)) => format!(" in partition {one}"),
        Some((several, of)) => format!(" in {} of its {of} partitions", several.len()),
    }
}

/// ` in partition 3`: where the incident's figures come from; `""` when there is but one.
pub fn figures_of(incident: &Incident) -> String {
    let first = incident.partitions.as_ref().and_then(|it| it.silent.first());
    first.map_or_else(String::new, |first| format!(" in partition {first}"))
}

/// Where to look first.
pub fn meaning(incident: &Incident) -> String {
    if let Some(SilentPartitions { silent, of }) = part(incident) {
        let one = silent.len() == 1;
        let number = silent.len().to_string();
        let (are, them) = if one { ("is", "it") } else { ("are", "them") };
        return format!(
            "Only {} {} of {of} {are} known to be silent: look first at what writes {them}, then at the \
             brands that come through {them}.",
            plural(&number, "partition", "partitions"),
            list(silent),
        );
    }
    let all = match &incident.partitions {
        Some(SilentPartitions { of, .. }) => format!("None of its {of} partitions gets a mention"),
        None => "All brands are silent at once".to_owned(),
    };
    format!("{all}: look at the feed first, not at the brands.")
}

/// `3`, `0 and 3`, `0, 3 and 5`, `0, 1, 2, 3, 4, 5, 6, 7 and 4 more`.
fn list(numbers: &[i32]) -> String {
    let mut names: Vec<String> = numbers.iter().take(MAX_NAMED).map(i32::to_string).collect();
    if numbers.len() > MAX_NAMED {
        names.push(format!("{} more", numbers.len() - MAX_NAMED));
    }
    match names.as_slice() {
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        names => names.concat(),
    }
}
