//! Which changes a route carries.

use super::settings::Route;
use crate::incident::{Change, State, Subject};
use crate::store::Carrier;

impl Route {
    /// Whether `change` goes this way: its incident is severe enough and of a brand of the route,
    /// and it is no resolution where none are wanted. A silent feed concerns everyone, whatever
    /// brands they follow.
    pub fn carries(&self, change: &Change) -> bool {
        let incident = &change.incident;
        let brand = incident.subject == Subject::Feed
            || self.brands.is_empty()
            || self.brands.contains(&incident.brand);
        let wanted = incident.state != State::Resolved || self.send_resolved;
        brand && wanted && incident.severity >= self.min_severity
    }
}

/// Those of `routes` that carry `change`.
pub fn carriers(routes: &[Route], change: &Change) -> Vec<Carrier> {
    routes.iter().filter(|it| it.carries(change)).map(|it| Carrier::now(&it.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixtures::{change_of, fall, incident, resolved, silent_feed};
    use crate::incident::{Incident, Severity};
    use crate::notify::Target;
    use crate::secret::Secret;

    fn route(brands: &[&str], min_severity: Severity, send_resolved: bool) -> Route {
        Route {
            name: "team".into(),
            target: Target::Slack { webhook_url: Secret::new("https://hooks.example/x") },
            brands: brands.iter().map(|&brand| brand.into()).collect(),
            min_severity,
            send_resolved,
        }
    }

    fn carries(route: &Route, incident: Incident) -> bool {
        route.carries(&change_of(incident, 0))
    }

    #[test]
    fn by_brand() {
        assert!(carries(&route(&[], Severity::Notice, true), incident()));
        assert!(carries(&route(&["Delta", "American"], Severity::Notice, true), incident()));
        let delta = route(&["Delta"], Severity::Notice, true);
        assert!(!carries(&delta, incident()));
        assert!(carries(&delta, silent_feed()));
    }

    #[test]
    fn by_severity_resolved_or_not() {
        let critical = route(&[], Severity::Critical, true);
        assert!(carries(&critical, incident()));
        assert!(!carries(&critical, fall()));
        assert!(carries(&critical, resolved(incident(), 190)));
        assert!(!carries(&critical, resolved(fall(), 190)));
    }

    #[test]
    fn resolutions_only_where_wanted() {
        let quiet = route(&[], Severity::Notice, false);
        assert!(carries(&quiet, incident()));
        assert!(!carries(&quiet, resolved(incident(), 190)));
    }
}
