//! What people have been told, and what a shard that was rebuilt says.

use super::Shard;
use super::brand::BrandState;
use crate::detect::BuiltIn;
use crate::incident::{Change, Incident, Tracker};

impl Shard {
    /// Goes on with what people know: `told` is the latest change of each of the brands' incidents
    /// that they think open. A rebuilt past may not be the one that was told of, since it reaches less
    /// far back, or is judged by another configuration. What is open in both goes on under the name
    /// and the count that people know; what is open no more is resolved.
    pub fn go_on_from(&mut self, told: &[Change], changes: &mut Vec<Change>) {
        let at = self.watermark();
        for told in told {
            let mut brands = self.state.iter_mut().flat_map(|state| &mut state.brands);
            let brand = brands.find(|it| it.brand.name == told.incident.brand);
            if !brand.is_some_and(|brand| brand.go_on_from(told)) {
                let at = at.unwrap_or(told.incident.updated_at);
                changes.extend(Tracker::resumed(told).resolve(at, told.incident.evidence()));
            }
        }
    }
}

impl BrandState {
    /// Goes on with the incident that was `told`, or with the one that stands for it now; `false`
    /// when there is none.
    fn go_on_from(&mut self, told: &Change) -> bool {
        let told_of = &told.incident;
        let known = |incident: &Incident| incident.id == told_of.id;
        let alike = |incident: &Incident| {
            incident.direction == told_of.direction
                && of_advocates(incident) == of_advocates(told_of)
        };
        let is_known = self.open_incidents().any(known);
        let stands = |it: &Incident| if is_known { known(it) } else { alike(it) };
        let cases = self.cases.iter_mut().map(|case| &mut case.tracker);
        let mut trackers = cases.chain([&mut self.community.tracker]);
        let Some(tracker) = trackers.find(|it| it.incident().is_some_and(stands)) else {
            return false;
        };
        if tracker.go_on_as(told) {
            self.changed = true;
        }
        true
    }
}

/// Advocates who are quiet are an incident beside that of a fall.
fn of_advocates(incident: &Incident) -> bool {
    BuiltIn::named(&incident.monitor) == Some(BuiltIn::AdvocatesQuiet)
}
