//! What a route has told, for receivers that must be told again.

use std::collections::BTreeSet;

use super::settings::Route;
use crate::incident::{Change, Severity};

/// What has been told of one incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// The latest change.
    pub latest: Change,
    /// Every severity at which it was told.
    pub severities: BTreeSet<Severity>,
}

impl Told {
    /// A change that is the first, or all that counts.
    pub fn once(change: &Change) -> Self {
        let severities = BTreeSet::from([change.incident.severity]);
        Self { latest: change.clone(), severities }
    }

    /// `changes`, those of one incident in a row and in their order, by incident; those alone that
    /// `route` still carries.
    pub fn of(route: &Route, changes: Vec<Change>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for change in changes {
            match all.last_mut().filter(|told| told.latest.incident.id == change.incident.id) {
                Some(told) => {
                    told.severities.insert(change.incident.severity);
                    told.latest = change;
                }
                None => all.push(Self::once(&change)),
            }
        }
        all.retain(|told| route.carries(&told.latest));
        all
    }
}
